//! `footprint run`: one command of the connector, and the tab of its outcome that was asked for.

use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::Value;
use soar_connector::manifest::ErrorEntry;
use soar_connector::name::normalised;
use soar_connector::{
    Collector, Command, CommandError, Conclusion, ExecutionContext, Manifest, Outcome, Parameters, Plugin,
    RawParameters, Receipt, StatusCode,
};

use crate::connection::{self, flags::Flags};
use crate::exit::{Exit, WrongUse};
use crate::printer::{Output, Printer, Tab, View, receipt};
use crate::shell;

const EXAMPLES: &str = "\
Examples:
  footprint run \"List Devices\" --param \"Footprint Tenant ID=1\"
  footprint run \"List Devices\" --param 'Filter={\"riskLevel\":\"critical\"}'
  footprint run list-devices --param Page=2 --output csv > devices.csv
  footprint run list-devices --show key-fields
  footprint run list-device-users --params-json '{\"Device ID\": 1042}' --output json

`footprint commands` lists the commands, and `footprint commands NAME` what one takes.
Exit codes: 0 Successful, 1 Failed, 2 wrong use.";

/// Run a command
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The command's name, as documented ("List Devices") or as list-devices
    command: String,

    /// A parameter; what follows the first = is its value. Repeatable
    #[arg(long = "param", short, value_name = "NAME=VALUE")]
    parameters: Vec<String>,

    /// Parameters as one JSON object, beside those of --param
    #[arg(long = "params-json", value_name = "JSON")]
    parameters_json: Option<String>,

    /// How to write the outcome
    #[arg(long, short, value_enum, default_value_t = Output::Table)]
    output: Output,

    /// Which tab to show [default: result; with --output json the whole outcome]
    #[arg(long, value_enum, value_name = "TAB")]
    show: Option<Tab>,

    /// Give up after this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    time_limit: Option<u64>,
}

pub(crate) fn run(arguments: &Arguments, flags: &Flags, plugin: &dyn Plugin, printer: &mut Printer) -> Result<Exit> {
    let view_fits = match (arguments.output, arguments.show) {
        (Output::Csv, Some(Tab::Raw | Tab::Error)) => Err("--output csv shows result, key-fields or context."),
        (Output::Raw, Some(tab)) if tab != Tab::Raw => Err("--output raw shows nothing but the raw data."),
        _ => Ok(()),
    };
    view_fits.map_err(|problem| WrongUse(problem.to_owned()))?;
    let raw = parameters(arguments)?;
    let manifest = plugin.manifest();
    // Before the connection is looked at: nobody types a password only to hear that a name was mistyped.
    let command = match prepare(manifest, &arguments.command, &raw) {
        Ok(command) => command,
        Err((code, message)) => return refuse(manifest, arguments, code, message, printer),
    };
    let connector = connection::connect(plugin, flags)?;
    let context =
        ExecutionContext { time_limit: arguments.time_limit.map(Duration::from_secs), ..ExecutionContext::new() };
    let runtime = single_threaded_runtime()?;
    let outcome = runtime.block_on(connector.execute(&command.name, &raw, &context));
    printer.warnings(&outcome.warnings);
    let exit = Exit::of_outcome(&outcome);
    View { command, output: arguments.output, tab: arguments.show }.show(&outcome, printer)?;
    finish(command, &raw, arguments.output, &outcome, printer);
    Ok(exit)
}

/// A runtime for one command at a time.
pub(super) fn single_threaded_runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime could be started")
}

/// The page that `raw` asks for, of a command that has pages.
pub(super) fn page(command: &Command, raw: &RawParameters) -> Option<i64> {
    let parsed = Parameters::parse(command, raw).ok()?;
    command.input("Page").map(|_| parsed.integer("Page").unwrap_or(1))
}

/// The receipt, what is missing, and where the next page is; JSON carries all of it already.
fn finish(command: &Command, raw: &RawParameters, output: Output, outcome: &Outcome, printer: &mut Printer) {
    if output == Output::Json {
        return;
    }
    let page = page(command, raw);
    if let Some(missing) = &outcome.receipt.missing {
        printer.warning(missing);
    }
    printer.note(&receipt(&outcome.receipt, page));
    if let Some((page, total)) = page.zip(outcome.receipt.total_pages)
        && outcome.is_successful()
        && u64::try_from(page).is_ok_and(|page| page < total)
    {
        printer.note(&format!("More rows are on the next page: --param Page={}", page + 1));
    }
}

/// The parameters of both kinds of flag, each once.
fn parameters(arguments: &Arguments) -> Result<RawParameters> {
    let mut raw = match &arguments.parameters_json {
        None => RawParameters::new(),
        Some(text) => serde_json::from_str(text)
            .map_err(|error| WrongUse(format!("--params-json takes a JSON object of names and values: {error}.")))?,
    };
    for pair in &arguments.parameters {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            WrongUse(format!(
                "--param {} has no value: write it as {}.",
                shell::quoted(pair),
                shell::quoted(&format!("{pair}=VALUE"))
            ))
        })?;
        if raw.keys().any(|given| normalised(given) == normalised(name)) {
            return Err(WrongUse(format!("The parameter {name} is given twice; keep one of them.")).into());
        }
        raw.insert(name.to_owned(), Value::String(value.to_owned()));
    }
    Ok(raw)
}

/// The command, once its name and parameters are found right; else an error code and a message.
fn prepare<'a>(
    manifest: &'a Manifest,
    name: &str,
    raw: &RawParameters,
) -> std::result::Result<&'a Command, (&'static str, String)> {
    let command = manifest.command(name).map_err(|unknown| ("unknown-command", unknown.to_string()))?;
    Parameters::parse(command, raw).map_err(|problems| {
        let code = problems.first().map_or("invalid-parameter", |problem| problem.code());
        (code, problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })?;
    Ok(command)
}

/// Says what was wrong with the call; a program that wants JSON gets the same outcome as from the connector.
fn refuse(
    manifest: &Manifest,
    arguments: &Arguments,
    code: &'static str,
    message: String,
    printer: &mut Printer,
) -> Result<Exit> {
    let command = manifest.command(&arguments.command).ok();
    let help = match command {
        Some(command) => format!("footprint commands {}", normalised(&command.name)),
        None => "footprint commands".to_owned(),
    };
    // One line for each thing to know; a program gets it as one sentence.
    printer.error(&message.replace(" Valid", "\nValid"));
    printer.note(&format!("See: {help}"));
    if arguments.output == Output::Json {
        let entry = manifest.error(command, code);
        let text = |of: fn(&ErrorEntry) -> &String| entry.map(of).cloned().unwrap_or_default();
        let error = CommandError {
            failure_indicator: command.map_or_else(|| "The command failed.".to_owned(), Command::failure_indicator),
            status_code: StatusCode(None),
            message: soar_connector::sentence(&message),
            code: code.to_owned(),
            cause: text(|entry| &entry.cause),
            cure: text(|entry| &entry.cure),
            retryable: false,
        };
        let request_id = ExecutionContext::new().request_id;
        let receipt = Receipt { request_id, ..Receipt::default() };
        let conclusion = Conclusion { error: Some(error), receipt, warnings: Vec::new() };
        let outcome = Collector::new(None, Collector::DEFAULT_LIMIT).finish(conclusion);
        printer.json(&outcome)?;
    }
    Ok(Exit::WrongUse)
}
