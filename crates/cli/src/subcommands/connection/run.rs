//! `footprint connection run`: runs a command on a connection, as the Command API does.

use anyhow::Result;
use clap::Args;
use soar_connector::{Conclusion, Invocation, RawParameters, parse_boolean};
use soar_host::executor::{FinishedRun, Watching};
use soar_store::model::{Connection, ParameterState};

use super::find::ConnectionArguments;
use crate::exit::Exit;
use crate::instance::{Executing, OperatorSession, integration, not_done};
use crate::printer::Printer;
use crate::subcommands::run::{FinishedCommand, RunFlags, Runner, carry_out, refuse};
use crate::subcommands::simulate::StopSignals;

const EXAMPLES: &str = "\
Examples:
  footprint connection run production \"List Devices\"
  footprint connection run production list-devices --param \"Footprint Tenant ID=1\" --output json
  footprint connection run production list-devices --all-pages --strict --output-file devices.csv

The run is kept in the history: `footprint runs list`. `footprint commands NAME` shows a command's parameters.
Exit codes: 0 Successful, 1 Failed, 2 wrong use.";

/// Run a command on a connection
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: ConnectionArguments,

    #[command(flatten)]
    run: RunFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let raw = arguments.run.read()?;
    let executing = Executing::start(session).await?;
    let ended = on_connection(arguments, raw, &executing, session, printer).await;
    executing.end().await?;
    ended
}

async fn on_connection(
    arguments: &Arguments,
    raw: RawParameters,
    executing: &Executing,
    session: &OperatorSession,
    printer: &mut Printer,
) -> Result<Exit> {
    let connection = arguments.named.find(&executing.operations, session).await?;
    let site = arguments.named.site_of_call(&connection, session).await?.name;
    let plugin = integration(Some(&connection.integration))?;
    let manifest = plugin.manifest();
    let invocation = match arguments.run.invocation(manifest, &raw) {
        Ok(invocation) => invocation,
        Err(invalid) => return refuse(manifest, &arguments.run, &invalid, printer),
    };
    let runner = OnConnection { executing, session, site, connection };
    carry_out(&runner, &arguments.run, manifest, invocation, &raw, printer).await
}

/// Runs commands on a connection of the instance.
struct OnConnection<'a> {
    executing: &'a Executing,
    session: &'a OperatorSession,
    site: String,
    connection: Connection,
}

impl Runner for OnConnection<'_> {
    async fn execute(&self, invocation: Invocation, watching: Watching) -> Result<FinishedCommand> {
        let context = self.session.context("connection run").about_site(&self.site);
        let (operations, connection) = (&self.executing.operations, self.connection.clone());
        let run = operations.run_on_connection(&context, &self.site, connection, invocation, watching).await;
        let started = self.session.tried(context, run).await?;
        let ended = operations.wait_for_run(started, None).await.map_err(not_done)?;
        let FinishedRun { run, outcome, .. } = ended;
        let ended = Conclusion { error: outcome.error, receipt: outcome.receipt, warnings: outcome.warnings };
        Ok(FinishedCommand { ended, run: Some(run) })
    }

    fn has_set(&self, setting: &str) -> bool {
        self.connection.parameters.iter().any(|one| match &one.value {
            ParameterState::Plain(value) => one.name == setting && parse_boolean(value) == Some(true),
            ParameterState::Sealed | ParameterState::Reference(_) => false,
        })
    }

    fn cancel(&self) -> bool {
        self.executing.executor.cancel_all();
        true
    }
}

/// The result of `work`. Ctrl-C cancels the running commands, and `work` then ends with their results.
pub(super) async fn until_interrupted<T>(executing: &Executing, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let Ok(ending) = StopSignals::listen() else { return work.await };
    tokio::select! {
        done = &mut work => return done,
        () = ending.wait() => executing.executor.cancel_all(),
    }
    work.await
}
