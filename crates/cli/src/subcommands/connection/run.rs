//! `footprint connection run`: runs a command on a connection, as the Command API does.

use anyhow::{Context as _, Result, anyhow};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use soar_host::Refusal;
use soar_host::executor::Executor;

use super::find::Named;
use crate::exit::Exit;
use crate::instance::{Action, Executing, Session, registry};
use crate::parameters::{ParameterFlags, read};
use crate::printer::{Output, Printer, Tab, View, receipt};
use crate::subcommands::simulate::Ending;

const EXAMPLES: &str = "\
Examples:
  footprint connection run production \"List Devices\"
  footprint connection run production list-devices --param \"Footprint Tenant ID=1\" --output json

The run is kept in the history: `footprint runs list`. `footprint commands NAME` shows what a command takes.
Exit codes: 0 Successful, 1 Failed, 2 wrong use.";

/// Run a command on a connection
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,

    /// The command's name, as documented ("List Devices") or as list-devices
    command: String,

    #[command(flatten)]
    parameters: ParameterFlags,

    /// How to write the outcome
    // The host keeps outcomes whole, so rows are not written as they arrive.
    #[arg(long, short, default_value = "table", value_parser = whole_outcomes())]
    output: Output,

    /// Which tab to show [default: result; with --output json the whole outcome]
    #[arg(long, value_enum, value_name = "TAB")]
    show: Option<Tab>,
}

/// The forms that a whole outcome can be written in.
fn whole_outcomes() -> impl TypedValueParser<Value = Output> {
    let whole = Output::value_variants().iter().filter(|output| !matches!(output, Output::Csv | Output::Ndjson));
    let known = PossibleValuesParser::new(whole.filter_map(ValueEnum::to_possible_value));
    known.try_map(|text| Output::from_str(&text, true))
}

pub(super) async fn run(arguments: &Arguments, session: &Session, printer: &mut Printer) -> Result<Exit> {
    let raw = read(&arguments.parameters)?;
    let executing = Executing::start(session).await?;
    let executor = &executing.executor;
    let ended = match arguments.named.find(executor.connections(), session).await {
        Ok((connection, caller)) => {
            let about = format!("{}: {}", connection.name, arguments.command);
            let action = Action { command: "connection run", site: &caller.site.name, about: &about };
            let (integration, name) = (connection.integration.as_str(), Some(connection.name.as_str()));
            let run = executor.run(&caller, integration, name, &arguments.command, raw);
            let ended = until_interrupted(executor, run).await;
            session.audited(&action, ended).await.map(|finished| (finished, connection.integration.clone()))
        }
        Err(error) => Err(error),
    };
    executing.end().await?;
    let (finished, integration) = ended?;
    let outcome = finished.outcome;
    let registry = registry()?;
    let plugin = registry.plugins().iter().find(|plugin| plugin.manifest().connector.id == integration);
    let manifest = plugin.context("The connection's integration is not compiled in.")?.manifest();
    let command = manifest.command(&finished.command).map_err(|error| anyhow!(error))?;
    printer.warnings(&outcome.warnings);
    View { command, output: arguments.output, tab: arguments.show }.show(&outcome, printer)?;
    if arguments.output != Output::Json {
        printer.note(&format!("run {} · {}", finished.run, receipt(&outcome.receipt, None)));
    }
    Ok(Exit::of_outcome(&outcome))
}

/// What `work` comes to; Ctrl-C cancels it, and then it says so itself.
pub(super) async fn until_interrupted<T>(
    executor: &Executor,
    work: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    let mut work = std::pin::pin!(work);
    let Ok(ending) = Ending::listen() else { return work.await };
    tokio::select! {
        done = &mut work => return done,
        () = ending.wait() => executor.cancel_all(),
    }
    work.await
}
