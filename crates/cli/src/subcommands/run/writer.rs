//! The destination of a command's pages: written as they arrive, or collected into an outcome.

use std::io::{self, Write};

use soar_connector::{Collector, Command, ReplyPage, Sink as _, SinkError};

use crate::printer::{CsvWriter, Output, Printer, ResultTab, RowWriter};

/// The destination of the pages.
pub(super) enum PageWriter {
    Rows(RowWriter),
    Csv(CsvWriter),
    Whole(Collector),
}

impl PageWriter {
    /// The writer for this output, to standard output or to `file`.
    pub(super) fn new(
        output: Output,
        tab: Option<ResultTab>,
        command: &Command,
        file: Option<Box<dyn Write + Send>>,
        printer: &Printer,
    ) -> Self {
        let harmless = file.is_none() && printer.is_terminal();
        let out = || file.unwrap_or_else(|| Box::new(io::stdout()));
        match (output, tab) {
            (Output::Ndjson, _) => Self::Rows(RowWriter::new(out(), harmless)),
            (Output::Csv, Some(ResultTab::KeyFields)) => Self::Csv(CsvWriter::of_key_fields(command, out(), harmless)),
            (Output::Csv, _) => Self::Csv(CsvWriter::of_table(command, out(), harmless)),
            (Output::Table | Output::Json | Output::Raw, _) => {
                Self::Whole(Collector::new(Some(command), Collector::DEFAULT_LIMIT))
            }
        }
    }

    pub(super) async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        match self {
            Self::Rows(rows) => rows.page(page).await,
            Self::Csv(rows) => rows.page(page).await,
            Self::Whole(collector) => collector.page(page).await,
        }
    }

    /// Writes the buffer, so that its reader sees it.
    pub(super) fn flush(&mut self) {
        // The next page, or the end, reports a failure.
        match self {
            Self::Rows(rows) => rows.flush(),
            Self::Csv(rows) => rows.flush(),
            Self::Whole(_) => {}
        }
    }
}
