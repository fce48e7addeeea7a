//! `footprint test`: tests a connection, with the manifest's health check command.

use anyhow::{Result, anyhow};
use clap::Args;
use soar_connector::{ExecutionContext, Plugin, RawParameters};

use super::run::single_threaded_runtime;
use crate::connection::{self, flags::ConnectionFlags};
use crate::exit::Exit;
use crate::printer::{OutcomeView, Output, OutputFormat, Printer, receipt};

const EXAMPLES: &str = "\
Examples:
  footprint test --server-url https://footprint.example.com --user-name soar@example.com
  footprint test --profile production
  footprint test --output json

Exit codes: 0 Passed, 1 Failed, 2 wrong use.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(crate) fn run(
    arguments: &Arguments,
    flags: &ConnectionFlags,
    plugin: &dyn Plugin,
    printer: &mut Printer,
) -> Result<Exit> {
    let manifest = plugin.manifest();
    let command = manifest.command(&manifest.connector.health_check).map_err(|unknown| anyhow!(unknown))?;
    let connector = connection::connect(plugin, flags)?;
    let outcome = single_threaded_runtime()?.block_on(connector.execute(
        &command.name,
        &RawParameters::new(),
        &ExecutionContext::new(),
    ));
    printer.warnings(&outcome.warnings);
    let output = match arguments.output {
        OutputFormat::Table => Output::Table,
        OutputFormat::Json => Output::Json,
    };
    if output == Output::Table && outcome.is_successful() {
        let passed = format!("{} Passed", printer.green("✔"));
        printer.line(&passed)?;
    }
    OutcomeView { command, output, tab: None }.show(&outcome, printer)?;
    if output == Output::Table {
        printer.note(&receipt(&outcome.receipt, None));
    }
    Ok(Exit::of_outcome(&outcome))
}
