//! `footprint connection run`: runs a command on a connection, as the Command API does.

use anyhow::{Context as _, Result};
use clap::Args;
use soar_connector::{Conclusion, Invocation, RawParameters};
use soar_host::Refusal;
use soar_host::executor::{Executor, Watching};
use soar_store::model::{Caller, Connection};

use super::find::Named;
use crate::exit::Exit;
use crate::instance::{Action, Executing, OperatorSession, registry};
use crate::printer::Printer;
use crate::subcommands::run::{Done, RunFlags, Runner, carry_out, refuse};
use crate::subcommands::simulate::Ending;

const EXAMPLES: &str = "\
Examples:
  footprint connection run production \"List Devices\"
  footprint connection run production list-devices --param \"Footprint Tenant ID=1\" --output json
  footprint connection run production list-devices --all-pages --strict --output-file devices.csv

The run is kept in the history: `footprint runs list`. `footprint commands NAME` shows what a command takes.
Exit codes: 0 Successful, 1 Failed, 2 wrong use.";

/// Run a command on a connection
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    run: RunFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let raw = arguments.run.read()?;
    let executing = Executing::start(session).await?;
    let ended = on_connection(arguments, raw, &executing.executor, session, printer).await;
    executing.end().await?;
    ended
}

async fn on_connection(
    arguments: &Arguments,
    raw: RawParameters,
    executor: &Executor,
    session: &OperatorSession,
    printer: &mut Printer,
) -> Result<Exit> {
    let (connection, caller) = arguments.named.find(executor.connections(), session).await?;
    let registry = registry()?;
    let plugin = registry.plugins().iter().find(|plugin| plugin.manifest().connector.id == connection.integration);
    let manifest = plugin.context("The connection's integration is not compiled in.")?.manifest();
    let invocation = match arguments.run.invocation(manifest, &raw) {
        Ok(invocation) => invocation,
        Err(invalid) => return refuse(manifest, &arguments.run, &invalid, printer),
    };
    let runner = OnConnection { executor, session, caller, connection };
    carry_out(&runner, &arguments.run, manifest, invocation, &raw, printer).await
}

/// Runs commands on a connection of the instance.
struct OnConnection<'a> {
    executor: &'a Executor,
    session: &'a OperatorSession,
    caller: Caller,
    connection: Connection,
}

impl Runner for OnConnection<'_> {
    async fn execute(&self, invocation: Invocation, watching: Watching) -> Result<Done> {
        let about = format!("{}: {}", self.connection.name, invocation.command().name);
        let action = Action { command: "connection run", site: &self.caller.site.name, about: &about };
        let run = self.executor.run_watched(&self.caller, self.connection.clone(), invocation, watching).await;
        let finished = self.session.audited(&action, run).await?;
        let outcome = finished.outcome;
        let ended = Conclusion { error: outcome.error, receipt: outcome.receipt, warnings: outcome.warnings };
        Ok(Done { ended, run: Some(finished.run) })
    }

    fn cancel(&self) -> bool {
        self.executor.cancel_all();
        true
    }
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
