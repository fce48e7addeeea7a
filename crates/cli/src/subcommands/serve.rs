//! `footprint serve`: runs the host until a signal ends it.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use serde::Serialize;
use soar_connector::{Clock, SystemClock};
use soar_host::Host;
use soar_host::connections::{Connections, without_their_agent};
use soar_host::executor::Executor;
use soar_host::sealing::check_keys;
use soar_host::settings::HostSettings;
use soar_host::vault::Vault;
use soar_server::{PAGES, RunningHost, ServeError};
use soar_store::Store;

use super::simulate::{StopSignals, runtime};
use crate::exit::{Exit, WrongUse};
use crate::instance::{FolderFlag, InstanceFolder, InstanceSettings, advised, registry};
use crate::printer::Printer;
use crate::values::address;

const EXAMPLES: &str = "\
Examples:
  footprint serve
  footprint serve --instance /srv/footprint --listen 127.0.0.1:9000
  footprint serve --log-level info
  footprint serve --json

Ctrl-C, or the signal of service managers, ends the host once all accepted calls are done.
The host logs warnings and errors to standard error. --log-level changes the level.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The address to listen at; port 0 picks a free port [default: as in host.toml]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    listen: Option<SocketAddr>,

    /// Print one line of JSON once the host listens: url, and the address of the commands
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    instance: FolderFlag,
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    let folder = InstanceFolder::of_instance(&arguments.instance.folder)?;
    let settings = InstanceSettings::read(&folder)?;
    let mut host = settings.resolved(&folder)?;
    if let Some(listen) = arguments.listen {
        host.listen = listen;
    }
    host.check().map_err(|problem| WrongUse(problem.to_string()))?;
    runtime()?.block_on(async {
        // Signals are handled before anything starts, so that none ends the process in the middle of work.
        let ending = StopSignals::listen()?;
        let running = start(&folder, &settings, host.clone()).await?;
        let ready =
            HostReady { url: running.url(), commands: format!("{}{}/api/Command/", running.url(), settings.prefix()) };
        if arguments.json {
            printer.line(&serde_json::to_string(&ready)?)?;
        } else {
            introduce(&ready, &host, printer)?;
        }
        ending.wait().await;
        running.shutdown().await.context("The host did not shut down cleanly")?;
        Ok(Exit::Successful)
    })
}

async fn start(folder: &InstanceFolder, settings: &InstanceSettings, host: HostSettings) -> Result<RunningHost> {
    let store = Store::open_existing(host.store.expose()).await.map_err(advised)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let vault = Vault::new(settings.vault.clone());
    let keyring = settings.keyring(folder)?;
    check_keys(&store, &keyring).await?;
    tell_of_missing_agents(&store).await?;
    let connections = Connections::new(store, Arc::new(registry()?), keyring, vault, clock)
        .with_webhooks(settings.alerts.webhook_names());
    let executor = Executor::start(connections, settings.executor.clone()).await.map_err(advised)?;
    let couriers = Arc::new(settings.couriers(folder).await?);
    let host = Host::with_schedules(host, executor, couriers)?;
    soar_server::serve_with_pages(host, Some(soar_console::pages)).await.map_err(|error| match error {
        ServeError::Settings(problem) => WrongUse(problem.to_string()).into(),
        error => anyhow!(error),
    })
}

/// Logs the connections that run nothing because the agent that they name is missing.
async fn tell_of_missing_agents(store: &Store) -> Result<()> {
    let mut reader = store.reader().await.map_err(advised)?;
    let without = without_their_agent(&mut reader.records()).await.map_err(advised)?;
    for one in without {
        tracing::warn!(connection = one.connection.connection, "Nothing runs on a connection: {}", one.why);
    }
    Ok(())
}

/// The line for a program, once the host listens.
#[derive(Debug, Serialize)]
struct HostReady {
    url: String,
    commands: String,
}

fn introduce(ready: &HostReady, host: &HostSettings, printer: &mut Printer) -> Result<()> {
    printer.line(&printer.bold(&format!("The host listens on {}", ready.url)))?;
    printer.line("")?;
    printer.line(&format!("  Console        {}{}{PAGES}/", ready.url, host.base_path))?;
    printer.line(&format!("  Commands       POST {}…", ready.commands))?;
    printer.line(&format!("  Documentation  {}{}/docs", ready.url, host.base_path))?;
    printer.line(&format!("  Health         {}{}/readyz", ready.url, host.base_path))?;
    printer.line(&format!("  Store          {}", host.store))?;
    printer.line("\nCtrl-C ends it.")?;
    Ok(())
}
