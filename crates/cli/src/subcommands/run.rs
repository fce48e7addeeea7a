//! `footprint run`: one command of the connector, and the tab of its outcome that was asked for.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::Value;
use soar_connector::name::normalised;
use soar_connector::{
    Collector, Conclusion, ExecutionContext, InvalidCall, Invocation, Manifest, Outcome, Plugin, RawParameters,
    Receipt, Sink,
};

use crate::connection::{self, flags::Flags};
use crate::exit::{Exit, WrongUse};
use crate::parameters::{ParameterFlags, read};
use crate::printer::{CsvWriter, Output, Printer, RowWriter, Tab, View, Written, receipt};

const EXAMPLES: &str = "\
Examples:
  footprint run \"List Devices\" --param \"Footprint Tenant ID=1\"
  footprint run \"List Devices\" --param 'Filter={\"riskLevel\":\"critical\"}'
  footprint run list-devices --all-pages --output csv > devices.csv
  footprint run list-devices --show key-fields
  footprint run list-devices --all-pages --output ndjson > devices.ndjson
  footprint run list-device-users --params-json '{\"Device ID\": 1042}' --output json

`footprint commands` lists the commands, and `footprint commands NAME` what one takes.
Exit codes: 0 Successful, 1 Failed, 2 wrong use.";

/// Run a command
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The command's name, as documented ("List Devices") or as list-devices
    command: String,

    #[command(flatten)]
    parameters: ParameterFlags,

    /// How to write the outcome
    #[arg(long, short, value_enum, default_value_t = Output::Table)]
    output: Output,

    /// Which tab to show [default: result; with --output json the whole outcome]
    #[arg(long, value_enum, value_name = "TAB")]
    show: Option<Tab>,

    /// Read all pages of a list: the same as --param "All Pages=Yes"
    #[arg(long)]
    all_pages: bool,
}

pub(crate) fn run(arguments: &Arguments, flags: &Flags, plugin: &dyn Plugin, printer: &mut Printer) -> Result<Exit> {
    let view_fits = match (arguments.output, arguments.show) {
        (Output::Csv, Some(Tab::Raw | Tab::Error)) => Err("--output csv shows result, key-fields or context."),
        (Output::Ndjson, Some(_)) => Err("--output ndjson writes the rows as they come, so it has no tabs."),
        (Output::Raw, Some(tab)) if tab != Tab::Raw => Err("--output raw shows nothing but the raw data."),
        _ => Ok(()),
    };
    view_fits.map_err(|problem| WrongUse(problem.to_owned()))?;
    let raw = parameters(arguments)?;
    let manifest = plugin.manifest();
    // Before the connection is looked at: nobody types a password only to hear that a name was mistyped.
    let invocation = match manifest.invocation(&arguments.command, &raw) {
        Ok(invocation) => invocation,
        Err(invalid) => return refuse(manifest, arguments.output, &invalid, printer),
    };
    let command = &**invocation.command();
    let page = page(&invocation);
    let connector = connection::connect(plugin, flags)?;
    let context = ExecutionContext::new();
    let runtime = single_threaded_runtime()?;
    let execute = |sink: &mut dyn Sink| runtime.block_on(connector.execute_into(&invocation, &context, sink));
    match (arguments.output, arguments.show) {
        (Output::Ndjson, _) => {
            let mut rows = RowWriter::new(printer);
            let ended = execute(&mut rows);
            return finish_rows(page, rows.finish()?, &ended, printer);
        }
        (Output::Csv, tab) => {
            let mut rows = match tab {
                Some(Tab::KeyFields) => CsvWriter::of_key_fields(command, printer),
                _ => CsvWriter::of_table(command, printer),
            };
            let ended = execute(&mut rows);
            return finish_rows(page, rows.finish(ended.error.is_none())?, &ended, printer);
        }
        (Output::Table | Output::Json | Output::Raw, _) => {}
    }
    let mut collector = Collector::new(Some(command), Collector::DEFAULT_LIMIT);
    let ended = execute(&mut collector);
    let outcome = collected(collector, ended);
    printer.warnings(&outcome.warnings);
    let exit = Exit::of_outcome(&outcome);
    View { command, output: arguments.output, tab: arguments.show }.show(&outcome, printer)?;
    if arguments.output != Output::Json {
        finish(page, &outcome.receipt, outcome.is_successful(), printer);
    }
    Ok(exit)
}

/// Says how a command ended whose rows are written already.
fn finish_rows(page: Option<i64>, written: Written, ended: &Conclusion, printer: &mut Printer) -> Result<Exit> {
    if written == Written::UntilReaderLeft {
        // Whoever read the rows, such as head, has had enough of them.
        return Ok(Exit::Successful);
    }
    printer.warnings(&ended.warnings);
    if let Some(error) = &ended.error {
        printer.error_tab(error);
        if ended.receipt.rows > 0 {
            printer.warning("The output is not whole: it ends where the command failed.");
        }
    }
    finish(page, &ended.receipt, ended.error.is_none(), printer);
    Ok(Exit::of_error(ended.error.as_ref()))
}

/// The outcome of what was collected; where that was too much, the cure is a form of output that collects nothing.
fn collected(collector: Collector, ended: Conclusion) -> Outcome {
    let is_full = collector.is_full();
    let mut outcome = collector.finish(ended);
    if let Some(error) = outcome.error.as_mut().filter(|_| is_full) {
        error.cure = "Write the rows as they arrive, with --output csv or --output ndjson, which keep none of them in \
                      memory. Or ask for less at once, with Page or Filter."
            .to_owned();
    }
    outcome
}

/// A runtime for one command at a time.
pub(super) fn single_threaded_runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime could be started")
}

/// The page that a call asks for, of a command that has pages; none where it asks for all.
pub(super) fn page(invocation: &Invocation) -> Option<i64> {
    let parameters = invocation.parameters();
    if parameters.boolean("All Pages") == Some(true) {
        return None;
    }
    invocation.command().input("Page").map(|_| parameters.integer("Page").unwrap_or(1))
}

/// The receipt, and where the next page is; JSON carries all of it already.
fn finish(page: Option<i64>, done: &Receipt, successful: bool, printer: &mut Printer) {
    printer.note(&receipt(done, page));
    if let Some((page, total)) = page.zip(done.total_pages)
        && successful
        && u64::try_from(page).is_ok_and(|page| page < total)
    {
        printer.note(&format!("More rows are on the next page: --param Page={}, or all with --all-pages", page + 1));
    }
}

/// The parameters of all flags, each once.
fn parameters(arguments: &Arguments) -> Result<RawParameters> {
    let mut raw = read(&arguments.parameters)?;
    if arguments.all_pages {
        if raw.keys().any(|given| normalised(given) == "all-pages") {
            return Err(WrongUse(
                "--all-pages and the parameter All Pages are both given; keep one of them.".to_owned(),
            )
            .into());
        }
        raw.insert("All Pages".to_owned(), Value::Bool(true));
    }
    Ok(raw)
}

/// Says what is wrong with the call. A program that wants JSON gets the same outcome as from the connector.
fn refuse(manifest: &Manifest, output: Output, invalid: &InvalidCall, printer: &mut Printer) -> Result<Exit> {
    let help = match invalid.command() {
        Some(command) => format!("footprint commands {}", normalised(&command.name)),
        None => "footprint commands".to_owned(),
    };
    // One line for each thing to know; a program gets it as one sentence.
    printer.error(&match invalid {
        InvalidCall::Command(unknown) => unknown.to_string().replace(" Valid", "\nValid"),
        InvalidCall::Parameters { problems, .. } => WrongUse::from(problems).0,
    });
    printer.note(&format!("See: {help}"));
    if output == Output::Json {
        let request_id = ExecutionContext::new().request_id;
        let receipt = Receipt { request_id, ..Receipt::default() };
        let conclusion = Conclusion { error: Some(invalid.error_tab(manifest)), receipt, warnings: Vec::new() };
        printer.json(&Collector::new(None, Collector::DEFAULT_LIMIT).finish(conclusion))?;
    }
    Ok(Exit::WrongUse)
}

#[cfg(test)]
mod tests {
    use soar_connector::{CommandError, Page, SinkError, StatusCode};

    use super::*;

    #[test]
    fn a_list_that_is_too_large_to_keep_names_the_outputs_that_keep_nothing() {
        let too_large = || Conclusion {
            error: Some(CommandError {
                failure_indicator: "List Devices failed.".to_owned(),
                status_code: StatusCode(None),
                message: "The list is too large to keep.".to_owned(),
                code: "reply-too-large".to_owned(),
                cause: "cause".to_owned(),
                cure: "the manifest's cure".to_owned(),
                retryable: false,
            }),
            receipt: Receipt::default(),
            warnings: Vec::new(),
        };
        let runtime = single_threaded_runtime().unwrap();
        let mut full = Collector::new(None, 10);
        let refused = runtime.block_on(full.page(Page::new("0123456789x".to_owned(), Vec::new())));
        assert!(matches!(refused, Err(SinkError::Full { limit: 10 })));
        let error = collected(full, too_large()).error.unwrap();
        assert!(error.cure.contains("--output csv or --output ndjson"), "{}", error.cure);
        let error = collected(Collector::new(None, 10), too_large()).error.unwrap();
        assert_eq!(error.cure, "the manifest's cure", "one reply is too large for any output");
    }
}
