//! The progress of an import or export, on standard error if that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use soar_host::transfer::TransferProgress;

use crate::printer::{Printer, counted};

/// The interval at which the bar is drawn again without progress.
const TICK: Duration = Duration::from_millis(200);

/// A bar of bytes or of rows, or a count if neither total is known.
pub(super) struct TransferBar {
    bar: ProgressBar,
    counts_bytes: bool,
}

impl TransferBar {
    /// A bar for `bytes` in all, if that is known.
    pub(super) fn start(bytes: Option<u64>, printer: &Printer) -> Self {
        let bar = if printer.has_error_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Some(bytes) = bytes {
            bar.set_length(bytes);
            set_style(&bar, "{bar:30} {percent}%  {msg}, {bytes} of {total_bytes}, {eta} left");
        } else {
            set_style(&bar, "{spinner} {msg}, {elapsed}");
        }
        bar.enable_steady_tick(TICK);
        Self { bar, counts_bytes: bytes.is_some() }
    }

    pub(super) fn tell(&self, progress: TransferProgress) {
        match progress.total_rows {
            Some(total) if !self.counts_bytes && self.bar.length() != Some(total) => {
                self.bar.set_length(total);
                set_style(&self.bar, "{bar:30} {percent}%  {msg} of {len}, {eta} left");
            }
            _ => {}
        }
        self.bar.set_position(if self.counts_bytes { progress.bytes } else { progress.rows });
        self.bar.set_message(counted(progress.rows, "row"));
    }

    pub(super) fn end(self) {
        self.bar.finish_and_clear();
    }
}

fn set_style(bar: &ProgressBar, template: &str) {
    // The templates are constants of this file. With an invalid one the bar keeps its own style.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}
