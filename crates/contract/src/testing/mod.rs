//! The contract suite: what every connector must hold to, checked by running it.
//!
//! A connector's tests build a [`Suite`] for a product at hand, real or simulated, and assert that [`Suite::run`]
//! finds nothing.

mod clock;
mod findings;
mod follow;
mod logs;
mod secrets;

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;

pub use clock::ManualClock;
pub use logs::CapturedLogs;

use crate::manifest::Effect;
use crate::name::normalised;
use crate::{Command, Connector, ExecutionContext, Outcome, Parameters, Plugin, RawParameters, SettingValues};

/// Something that the contract forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule that is broken.
    pub rule: &'static str,
    /// The command, setting or sink in which it is.
    pub subject: String,
    /// The problem.
    pub problem: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}: {}", self.rule, self.subject, self.problem)
    }
}

/// A connector and a product to run it against.
pub struct Suite<'a> {
    /// The plugin under test.
    pub plugin: &'a dyn Plugin,
    /// Settings that connect, by name; every secret among them is or holds the canary.
    pub settings: Vec<(String, String)>,
    /// A secret that works, and that no output may hold.
    pub canary: String,
    /// Whether the product at hand has what a command needs. Others are not run.
    pub has: &'a dyn Fn(&Command) -> bool,
    /// Valid parameters for a command, against the product at hand.
    pub parameters: &'a dyn Fn(&Command) -> RawParameters,
    /// A text that is another one whenever the product's state is.
    pub fingerprint: &'a dyn Fn() -> String,
}

impl Suite<'_> {
    /// Runs every command and returns what broke the contract.
    ///
    /// Call it on a current-thread runtime: logs are captured on the calling thread.
    pub async fn run(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        let mut report = |rule, subject: &str, problem: String| {
            violations.push(Violation { rule, subject: subject.to_owned(), problem });
        };
        let logs = CapturedLogs::start();
        let connector = match self.build() {
            Ok(connector) => connector,
            Err(problem) => {
                report("the settings connect", "settings", problem);
                return violations;
            }
        };
        self.examples_parse(&mut report);
        secrets::are_marked(self.plugin.manifest(), &mut report);

        let mut shown = vec![("Debug of the connector".to_owned(), format!("{connector:?}"))];
        for command in self.plugin.manifest().commands.iter().filter(|command| (self.has)(command)) {
            let before = (self.fingerprint)();
            let outcome = run(&*connector, command, &(self.parameters)(command)).await;
            if command.effect == Effect::Read && (self.fingerprint)() != before {
                report("read commands change nothing", &command.name, "the product's state changed".to_owned());
            }
            if let Some(error) = &outcome.error {
                report("valid parameters succeed", &command.name, error.to_string());
            }
            shown.push((format!("Debug of {}", command.name), format!("{outcome:?}")));
            shown.push((format!("JSON of {}", command.name), json(&outcome)));
            if command.follow.is_some() {
                follow::is_kept(self, &*connector, command, &mut shown, &mut report).await;
            }
        }
        let source = self.plugin.manifest().connector.findings.as_ref();
        if let Some(command) = source.and_then(|source| self.plugin.manifest().command(&source.command).ok()) {
            findings::are_known_again(&*connector, (self.parameters)(command), &mut report).await;
        }
        shown.extend(secrets::of_refused_settings(self.plugin, &self.settings));
        shown.push(("log lines at trace level".to_owned(), logs.text()));
        secrets::are_not_shown(&self.canary, &shown, &mut report);
        violations
    }

    fn build(&self) -> Result<Arc<dyn Connector>, String> {
        let given = self.settings.iter().map(|(name, value)| (name.clone(), SecretString::from(value.as_str())));
        SettingValues::parse(&self.plugin.manifest().connector, given)
            .and_then(|values| self.plugin.build(&values))
            .map_err(|error| error.to_string())
    }

    fn examples_parse(&self, report: &mut impl FnMut(&'static str, &str, String)) {
        for command in &self.plugin.manifest().commands {
            let examples = command.inputs.iter().map(|input| (input.name.clone(), input.example.clone()));
            let typed = command.inputs.iter().map(|input| (normalised(&input.name), input.example.clone()));
            for raw in [examples.collect(), typed.collect::<RawParameters>()] {
                if let Err(problems) = Parameters::parse(command, &raw) {
                    report("every example parses", &command.name, problems.to_string());
                }
            }
        }
    }
}

async fn run(connector: &dyn Connector, command: &Command, parameters: &RawParameters) -> Outcome {
    connector.execute(&command.name, parameters, &ExecutionContext::new()).await
}

fn json(outcome: &Outcome) -> String {
    serde_json::to_string(outcome).unwrap_or_else(|error| format!("no JSON: {error}"))
}
