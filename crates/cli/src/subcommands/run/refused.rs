//! A call that is refused before anything is sent.

use anyhow::Result;
use soar_connector::name::normalised;
use soar_connector::{Collector, Conclusion, ExecutionContext, InvalidCall, Manifest, Receipt};

use super::RunFlags;
use crate::exit::{Exit, WrongUse};
use crate::printer::{Output, Printer};

/// Shows the faults of the call. A program that wants JSON gets the same outcome as from the connector.
pub(in crate::subcommands) fn refuse(
    manifest: &Manifest,
    flags: &RunFlags,
    invalid: &InvalidCall,
    printer: &mut Printer,
) -> Result<Exit> {
    let help = match invalid.command() {
        Some(command) => format!("footprint commands {}", normalised(&command.name)),
        None => "footprint commands".to_owned(),
    };
    // One line per fact. A program gets them as one sentence.
    printer.error(&match invalid {
        InvalidCall::Command(unknown) => unknown.to_string().replace(" Valid", "\nValid"),
        InvalidCall::Parameters { problems, .. } => WrongUse::from(problems).0,
    });
    printer.note(&format!("See: {help}"));
    if flags.output() == Output::Json {
        let request_id = ExecutionContext::new().request_id;
        let receipt = Receipt { request_id, ..Receipt::default() };
        let conclusion = Conclusion { error: Some(invalid.error_tab(manifest)), receipt, warnings: Vec::new() };
        printer.json(&Collector::new(None, Collector::DEFAULT_LIMIT).finish(conclusion))?;
    }
    Ok(Exit::WrongUse)
}
