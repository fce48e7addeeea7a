//! `footprint demo`: runs every command over HTTP against a simulated instance, one with a failure, and starts a host.

mod host;
mod names;
mod sample;
mod story;
mod tour;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Args;
use footprint_simulator::{Generation, Options, SimulatedUser, Simulator, UserKind};
use secrecy::SecretString;
use serde_json::Value;
use soar_connector::{Connector, ExecutionContext, Outcome, Plugin, RawParameters, SettingValues};

use self::host::DemoHost;
use self::tour::{FAILING, FAILING_CODE, ReturnedIds, STEPS, TourStep};
use super::run::page;
use super::simulate;
use crate::exit::Exit;
use crate::printer::{Grid, OutcomeView, Output, Printer, receipt};
use crate::shell;

const EXAMPLES: &str = "\
Examples:
  footprint demo
  footprint demo --once
  footprint demo --generation legacy";

/// The number of rows shown of each table.
const SHOWN_ROWS: usize = 5;

/// The duration of a scan. The tour waits for one.
const SCAN: Duration = Duration::from_secs(3);

/// The address of a simulator that the user starts after the tour. Its users are those of the tour.
const LATER_LISTEN: &str = "127.0.0.1:8421";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// End after the tour, instead of keeping the simulator and a host running until Ctrl-C
    #[arg(long)]
    once: bool,

    /// The vendor's API generation of the simulator: legacy, middle or current
    #[arg(long, default_value_t)]
    generation: Generation,
}

pub(crate) fn run(arguments: &Arguments, plugin: &dyn Plugin, printer: &mut Printer) -> Result<Exit> {
    simulate::runtime()?.block_on(async {
        let options = Options { generation: arguments.generation, scan_duration: SCAN, ..Options::default() };
        let simulator = simulate::start(options).await?;
        let user = simulator.user(UserKind::Administrator).clone();
        let mut tour = Tour {
            plugin,
            connector: connect(plugin, &simulator.url(), &user)?,
            found: ReturnedIds::default(),
            steps: 0,
            successful: 0,
            failed_as_intended: 0,
            surprises: Vec::new(),
            printer,
        };
        tour.welcome(&simulator, arguments.generation)?;
        let started = Instant::now();
        let has = |step: &&TourStep| !step.is_newer || arguments.generation == Generation::Current;
        tour.steps = STEPS.iter().filter(has).count();
        for (index, step) in STEPS.iter().filter(has).enumerate() {
            tour.take(step, Some(index + 1)).await?;
        }
        tour.take(&FAILING, None).await?;
        let exit = tour.sum_up(started.elapsed())?;
        if arguments.once {
            next_without_simulator(arguments.generation, plugin, &user, printer)?;
        } else {
            let ending = simulate::StopSignals::listen()?;
            let mut host = DemoHost::start(&simulator.url(), &user).await?;
            next(&simulator, plugin, &user, printer)?;
            host.introduce(printer)?;
            let mut ended = std::pin::pin!(ending.wait());
            tokio::select! {
                () = &mut ended => {}
                story = host.finding_story() => {
                    match story {
                        Ok(story) => story::tell(&story, plugin, printer)?,
                        // The console and the simulator are of use without it.
                        Err(error) => printer.paragraph(&format!("The findings of a day are missing here: {error:#}"))?,
                    }
                    ended.await;
                }
            }
            host.end().await?;
        }
        simulator.shutdown().await;
        Ok(exit)
    })
}

fn connect(plugin: &dyn Plugin, url: &str, user: &SimulatedUser) -> Result<Arc<dyn Connector>> {
    let given = [("Server URL", url), ("User Name", &user.user_name), ("Password", &user.password)]
        .map(|(name, value)| (name.to_owned(), SecretString::from(value)));
    let values = SettingValues::parse(&plugin.manifest().connector, given)?;
    Ok(plugin.build(&values)?)
}

/// The tour and its results so far.
struct Tour<'a> {
    plugin: &'a dyn Plugin,
    connector: Arc<dyn Connector>,
    found: ReturnedIds,
    /// How many commands the instance can carry out.
    steps: usize,
    successful: usize,
    failed_as_intended: usize,
    /// Commands that did not end as expected.
    surprises: Vec<String>,
    printer: &'a mut Printer,
}

impl Tour<'_> {
    fn welcome(&mut self, simulator: &Simulator, generation: Generation) -> Result<()> {
        let name = &self.plugin.manifest().connector.name;
        let title = format!("{name}: every command against a simulated instance ({generation} API)");
        self.printer.line(&self.printer.bold(&title))?;
        let text = format!(
            "It listens on {} and its data are invented. The connector talks to it over real HTTP.",
            simulator.url()
        );
        self.printer.paragraph(&text)?;
        Ok(())
    }

    /// Runs one command and shows its end. `number` is its position among the commands that must succeed.
    async fn take(&mut self, step: &TourStep, number: Option<usize>) -> Result<()> {
        let place = number.map_or_else(|| "One that fails".to_owned(), |number| format!("{number} of {}", self.steps));
        let heading = format!("{}  {}", self.printer.faint(&place), self.printer.bold(step.command));
        self.printer.line("")?;
        self.printer.line(&heading)?;
        self.printer.paragraph(step.story)?;
        let Some(parameters) = self.found.parameters(step) else {
            self.surprises.push(format!("{}: no earlier command returned an id to run it with.", step.command));
            return Ok(());
        };
        let line = shell::run_line(step.command, parameters.iter().map(|(name, value)| (*name, value.clone())));
        self.printer.line(&format!("$ {line}\n"))?;
        let raw: RawParameters =
            parameters.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
        let page = self.plugin.manifest().invocation(step.command, &raw).ok().and_then(|call| page(&call));
        let outcome = self.connector.execute(step.command, &raw, &ExecutionContext::new()).await;
        self.found.learn(step.command, &outcome);
        self.show(step, page, &outcome)?;
        match (outcome.error, number) {
            (None, Some(_)) => self.successful += 1,
            (Some(error), None) if error.code == FAILING_CODE => self.failed_as_intended += 1,
            (Some(error), _) => self.surprises.push(format!("{}: {}", step.command, error.message)),
            (None, None) => self.surprises.push(format!("{} was to fail and did not.", step.command)),
        }
        Ok(())
    }

    fn show(&mut self, step: &TourStep, page: Option<i64>, outcome: &Outcome) -> Result<()> {
        let command = self.plugin.manifest().command(step.command)?;
        for warning in &outcome.warnings {
            self.printer.paragraph(&format!("warning: {}", warning.message))?;
        }
        match &outcome.error {
            // Here the Error tab is the expected result, so it goes to standard output.
            Some(error) => self.printer.error_tab_as_result(error)?,
            None if outcome.result.rows.is_empty() => {
                let view = OutcomeView { command, output: Output::Table, tab: None };
                self.printer.line(view.nothing())?;
            }
            None => self.printer.grid(&Grid::of(&outcome.result, SHOWN_ROWS))?,
        }
        for line in self.printer.wrapped(&receipt(&outcome.receipt, page), 0) {
            self.printer.line(&self.printer.faint(&line))?;
        }
        Ok(())
    }

    fn sum_up(&mut self, elapsed: Duration) -> Result<Exit> {
        let counts = format!(
            "{} commands Successful, {} Failed as intended, in {} ms.",
            self.successful,
            self.failed_as_intended,
            elapsed.as_millis()
        );
        self.printer.line("")?;
        if self.surprises.is_empty() {
            let line = format!("{} {}", self.printer.green("✔"), self.printer.bold(&counts));
            self.printer.line(&line)?;
            return Ok(Exit::Successful);
        }
        let line = format!("{} {}", self.printer.red("✘"), self.printer.bold(&counts));
        self.printer.line(&line)?;
        for surprise in &self.surprises {
            self.printer.paragraph(&format!("Not as intended: {surprise}"))?;
        }
        Ok(Exit::Failed)
    }
}

/// The commands to type while the simulator runs.
fn next(simulator: &Simulator, plugin: &dyn Plugin, user: &SimulatedUser, printer: &mut Printer) -> Result<()> {
    let url = simulator.url();
    printer.line(&format!("\nThe simulator stays up at {url} until Ctrl-C. In another terminal:\n"))?;
    connect_and_try(plugin, &url, user, printer)
}

/// The commands to type once the tour's simulator has ended.
fn next_without_simulator(
    generation: Generation,
    plugin: &dyn Plugin,
    user: &SimulatedUser,
    printer: &mut Printer,
) -> Result<()> {
    printer.line("\nTo try it yourself, start a simulator:\n")?;
    for line in simulate::program_lines() {
        printer.line(&format!("  {line}"))?;
    }
    let generation =
        if generation == Generation::default() { String::new() } else { format!(" --generation {generation}") };
    printer.line(&format!("  footprint simulate --listen {LATER_LISTEN}{generation}"))?;
    printer.line("\nand in another terminal:\n")?;
    connect_and_try(plugin, &format!("http://{LATER_LISTEN}"), user, printer)
}

fn connect_and_try(plugin: &dyn Plugin, url: &str, user: &SimulatedUser, printer: &mut Printer) -> Result<()> {
    let manifest = plugin.manifest();
    let filter = ("Filter", r#"{"riskLevel":"critical"}"#.to_owned());
    let command = manifest.command("List Devices").context("the demo's last line names a command")?;
    let mut lines = simulate::program_lines();
    lines.extend(simulate::export_lines(&manifest.connector, url, user));
    lines.push("footprint test".to_owned());
    lines.push(shell::run_line(&command.name, [filter]));
    for line in lines {
        printer.line(&format!("  {line}"))?;
    }
    Ok(())
}
