//! The rules of commands that are followed.

use super::Suite;
use crate::{Collector, Command, Connector, ExecutionContext, FollowToken, Polled};

/// A command that is not over after so many questions counts as one that never ends.
const MOST_POLLS: usize = 100_000;

/// Starts a command and follows it, each time with a connector that knows nothing of the earlier ones.
pub(super) async fn is_kept(
    suite: &Suite<'_>,
    connector: &dyn Connector,
    command: &Command,
    shown: &mut Vec<(String, String)>,
    report: &mut impl FnMut(&'static str, &str, String),
) {
    let invocation = match connector.manifest().invocation(&command.name, &(suite.parameters)(command)) {
        Ok(invocation) => invocation,
        Err(invalid) => return report("valid parameters succeed", &command.name, invalid.to_string()),
    };
    let context = ExecutionContext::new();
    let mut token = match connector.start(&invocation, &context).await {
        Ok((token, _)) => token,
        Err(conclusion) => {
            let problem = conclusion.error.map_or_else(String::new, |error| error.to_string());
            return report("a followed command starts", &command.name, problem);
        }
    };
    let started = (suite.fingerprint)();
    for _ in 0..MOST_POLLS {
        shown.push((format!("token of {}", command.name), token.to_string()));
        // A token that was stored as text, as after a restart.
        let Ok(stored) = FollowToken::new(token.as_str()) else {
            return report("a token can be stored as text", &command.name, token.to_string());
        };
        let Ok(restarted) = suite.build() else { return };
        let mut sink = Collector::new(Some(command), Collector::DEFAULT_LIMIT);
        match restarted.poll(&invocation, &stored, &context, &mut sink).await {
            Polled::Running(running, _) => token = running.token,
            Polled::Unanswered { error, .. } => {
                return report("a followed command ends", &command.name, error.to_string());
            }
            Polled::Ended(conclusion) => {
                if let Some(error) = conclusion.error {
                    report("a followed command ends", &command.name, error.to_string());
                }
                if (suite.fingerprint)() != started {
                    report("a poll starts nothing", &command.name, "the product's state changed".to_owned());
                }
                return;
            }
        }
        shown.dedup();
    }
    report("a followed command ends", &command.name, format!("it runs after {MOST_POLLS} questions"));
}
