//! A call that is refused before anything is sent.

use anyhow::Result;
use soar_connector::manifest::ErrorEntry;
use soar_connector::name::normalised;
use soar_connector::{Collector, Command, CommandError, Conclusion, ExecutionContext, Manifest, Receipt, StatusCode};

use super::RunFlags;
use crate::exit::Exit;
use crate::printer::{Output, Printer};

/// Why a call is refused.
#[derive(Debug)]
pub(in crate::subcommands) struct Refused {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refused {
    /// Says what was wrong; a program that wants JSON gets the same outcome as from the connector.
    pub(in crate::subcommands) fn tell(
        self,
        manifest: &Manifest,
        flags: &RunFlags,
        printer: &mut Printer,
    ) -> Result<Exit> {
        let Self { code, message } = self;
        let command = manifest.command(&flags.command).ok();
        let help = match command {
            Some(command) => format!("footprint commands {}", normalised(&command.name)),
            None => "footprint commands".to_owned(),
        };
        // One line for each thing to know; a program gets it as one sentence.
        printer.error(&message.replace(" Valid", "\nValid"));
        printer.note(&format!("See: {help}"));
        if flags.output() == Output::Json {
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
            printer.json(&Collector::new(None, Collector::DEFAULT_LIMIT).finish(conclusion))?;
        }
        Ok(Exit::WrongUse)
    }
}
