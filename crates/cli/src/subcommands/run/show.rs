//! Shows the end of a command: its outcome or the end of its rows, the receipt, and whether the output is complete.

use anyhow::Result;
use soar_connector::{Collector, Conclusion, Invocation, Outcome, Receipt};

use super::writer::PageWriter;
use super::{FinishedCommand, RunFlags};
use crate::exit::Exit;
use crate::printer::{OutcomeView, Output, OutputFile, Printer, WriteResult, receipt};
use soar_store::model::RunId;

/// The form in which a command's end is shown.
pub(super) struct Showing<'a> {
    pub(super) flags: &'a RunFlags,
    pub(super) invocation: &'a Invocation,
    /// The output file. `None` for standard output.
    pub(super) file: Option<OutputFile>,
}

impl Showing<'_> {
    pub(super) fn show(self, done: FinishedCommand, writer: PageWriter, printer: &mut Printer) -> Result<Exit> {
        let FinishedCommand { ended, run } = done;
        let (error, done) = (ended.error.clone(), ended.receipt.clone());
        printer.warnings(&ended.warnings);
        let output = self.flags.output();
        let written = match writer {
            PageWriter::Rows(rows) => rows.finish()?,
            PageWriter::Csv(rows) => rows.finish(error.is_none())?,
            PageWriter::Whole(collector) => {
                let view = OutcomeView { command: self.invocation.command(), output, tab: self.flags.show };
                let outcome = collected(collector, ended);
                match &self.file {
                    Some(file) => view.show(&outcome, &mut printer.to_file(file.writer()?))?,
                    None => view.show(&outcome, printer)?,
                }
                WriteResult::Whole
            }
        };
        if written == WriteResult::UntilReaderLeft {
            // The reader of the rows, such as head, has stopped reading.
            return Ok(Exit::Successful);
        }
        let is_stream = matches!(output, Output::Csv | Output::Ndjson);
        if let Some(error) = error.as_ref().filter(|_| is_stream) {
            printer.error_tab(error);
            if done.rows > 0 && self.file.is_none() {
                printer.warning("The output is incomplete: it ends where the command failed.");
            }
        }
        if output != Output::Json || self.file.is_some() {
            self.tell_receipt(&done, run, error.is_none(), printer);
        }
        let mut exit = Exit::of_error(error.as_ref());
        if done.missing.is_some() && self.flags.strict && exit == Exit::Successful {
            printer.error("Rows are missing, and --strict makes that a failure.");
            exit = Exit::Failed;
        }
        if let Some(file) = self.file {
            if exit == Exit::Successful {
                printer.note(&format!("Written to {}.", file.path().display()));
                file.put_in_place()?;
            } else {
                printer.warning(&format!("{} is not written: the output is incomplete.", file.path().display()));
            }
        }
        Ok(exit)
    }

    /// The receipt, and the way to the next page. JSON has all of it already.
    fn tell_receipt(&self, done: &Receipt, run: Option<RunId>, successful: bool, printer: &mut Printer) {
        let page = page(self.invocation);
        let run = run.map(|run| format!("run {run} · ")).unwrap_or_default();
        printer.note(&format!("{run}{}", receipt(done, page)));
        if let Some((page, total)) = page.zip(done.total_pages)
            && successful
            && u64::try_from(page).is_ok_and(|page| page < total)
        {
            printer
                .note(&format!("More rows are on the next page: --param Page={}, or all with --all-pages", page + 1));
        }
    }
}

/// The outcome of the collected rows. If they were too large, the cure is an output that collects nothing.
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

/// The page of a call, if its command has pages. `None` if it asks for all pages.
pub(in crate::subcommands) fn page(invocation: &Invocation) -> Option<i64> {
    let parameters = invocation.parameters();
    if parameters.boolean("All Pages") == Some(true) {
        return None;
    }
    invocation.command().input("Page").map(|_| parameters.integer("Page").unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use soar_connector::{CommandError, ReplyPage, Sink as _, SinkError, StatusCode};

    use super::*;
    use crate::subcommands::run::single_threaded_runtime;

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
        let refused = runtime.block_on(full.page(ReplyPage::new("0123456789x".to_owned(), Vec::new())));
        assert!(matches!(refused, Err(SinkError::Full { limit: 10 })));
        let error = collected(full, too_large()).error.unwrap();
        assert!(error.cure.contains("--output csv or --output ndjson"), "{}", error.cure);
        let error = collected(Collector::new(None, 10), too_large()).error.unwrap();
        assert_eq!(error.cure, "the manifest's cure", "one reply is too large for any output");
    }
}
