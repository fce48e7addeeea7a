//! One run of a command, as its handler sees it.

use std::time::Duration;

use crate::error::sentence;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::manifest::Command;
use crate::outcome::{Receipt, Warning};
use crate::page::ReplyPage;
use crate::parameters::Parameters;
use crate::progress::{Progress, Step};
use crate::sink::Sink;
use crate::sink_error::SinkError;

/// A handler's work so far. It outlives a handler that the time limit stops.
#[derive(Debug, Default)]
pub struct Report {
    /// The counts of pages, rows and requests.
    pub receipt: Receipt,
    /// Warnings to the caller.
    pub warnings: Vec<Warning>,
    /// Whether a change is under way that the product may have made already. A command that is not done in time ends in
    /// `outcome-unknown` then.
    pub in_doubt: bool,
}

impl Report {
    /// Tells the caller something.
    pub fn warn(&mut self, code: &str, message: impl Into<String>) {
        self.warnings.push(Warning { code: code.to_owned(), message: message.into() });
    }

    /// The failure of a command that was not done within `limit`.
    pub(crate) fn out_of_time(&self, limit: Duration) -> Failure {
        let seconds = limit.as_secs_f64();
        if self.in_doubt {
            let text = format!("No answer within {seconds} seconds. Outcome unknown: check before you repeat.");
            Failure::new("outcome-unknown", text)
        } else {
            Failure::new("timed-out", format!("The command was not done within {seconds} seconds."))
        }
    }
}

/// One run of a command: its parameters, and where its pages go.
pub struct HandlerCall<'a> {
    /// The command and its parameters.
    pub invocation: &'a Invocation,
    /// How long the whole command may take.
    pub time_limit: Duration,
    /// Hears how far the command has come. [`HandlerCall::page`] tells each page.
    pub progress: &'a Progress,
    /// Takes the pages. [`HandlerCall::page`] counts them too.
    pub sink: &'a mut dyn Sink,
    /// The work so far.
    pub report: &'a mut Report,
}

impl<'a> HandlerCall<'a> {
    pub(crate) fn new(
        invocation: &'a Invocation,
        time_limit: Duration,
        progress: &'a Progress,
        sink: &'a mut dyn Sink,
        report: &'a mut Report,
    ) -> Self {
        Self { invocation, time_limit, progress, sink, report }
    }

    /// The command.
    #[must_use]
    pub fn command(&self) -> &'a Command {
        self.invocation.command()
    }

    /// Its typed parameters.
    #[must_use]
    pub fn parameters(&self) -> &'a Parameters {
        self.invocation.parameters()
    }

    /// Splits a reply as the command's manifest says that it looks, and hands its rows on.
    ///
    /// # Errors
    /// As [`Command::split`] and [`hand_on`]; `unexpected-reply` if the manifest has no `row-members` and nothing else
    /// proves the product.
    pub async fn reply(&mut self, content_type: &str, body: Vec<u8>) -> Result<(), Failure> {
        let reply = self.command().split(content_type, body)?;
        if !reply.proven {
            return Err(Failure::new("unexpected-reply", "Nothing in the reply proves that the product sent it."));
        }
        let receipt = &mut self.report.receipt;
        receipt.total_pages = reply.total_pages.or(receipt.total_pages);
        receipt.total_rows = reply.total_rows.or(receipt.total_rows);
        self.page(reply.page).await
    }

    /// Hands a page on, counts it, and tells the progress.
    ///
    /// # Errors
    /// As [`hand_on`].
    pub async fn page(&mut self, page: ReplyPage) -> Result<(), Failure> {
        let receipt = &mut self.report.receipt;
        receipt.pages += 1;
        receipt.rows += page.len() as u64;
        let Receipt { rows, pages, total_pages, .. } = *receipt;
        self.progress.tell(Step::Read { rows, pages, total_pages });
        hand_on(self.sink, page).await
    }
}

/// Hands a page on to a sink.
///
/// # Errors
/// `reply-too-large` when the sink holds as much as it may, and `output-failed` when it cannot write.
pub async fn hand_on(sink: &mut dyn Sink, page: ReplyPage) -> Result<(), Failure> {
    sink.page(page).await.map_err(|error| match error {
        SinkError::Full { .. } => {
            Failure::new("reply-too-large", sentence(&format!("The list is too large to keep: {error}")))
        }
        SinkError::Output(_) => Failure::new("output-failed", sentence(&error.to_string())),
    })
}
