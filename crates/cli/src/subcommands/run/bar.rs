//! The progress of a long read, on standard error if that is a terminal.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use soar_connector::{FollowToken, Progress, Step};

use crate::printer::{Printer, counted};

/// A command that ends within this time shows no bar.
const SHORT: Duration = Duration::from_millis(500);

/// The interval at which the bar is drawn again without progress.
const TICK: Duration = Duration::from_millis(200);

pub(super) struct CommandBar {
    bar: ProgressBar,
    /// The latest token of the work that the command follows.
    followed: Arc<Mutex<Option<FollowToken>>>,
}

impl CommandBar {
    /// A bar, unless the rows go to the same terminal: a bar between them would spoil both.
    pub(super) fn new(rows_go_to_terminal: bool, printer: &Printer) -> Self {
        let shown = printer.has_error_terminal() && !rows_go_to_terminal;
        let bar = if shown { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        Self { bar, followed: Arc::default() }
    }

    /// The receiver of the command's progress.
    pub(super) fn progress(&self) -> Progress {
        let (bar, begun) = (self.bar.clone(), Instant::now());
        let followed = Arc::clone(&self.followed);
        Progress::new(move |step| {
            if let Step::Following { token, .. } = &step {
                *followed.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
            }
            if begun.elapsed() >= SHORT || matches!(step, Step::Waiting { .. } | Step::Following { .. }) {
                tell(&bar, step);
            }
        })
    }

    /// Removes the bar.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// The token of the work that the command follows, once it is started.
    pub(super) fn followed(&self) -> Option<FollowToken> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn tell(bar: &ProgressBar, step: Step) {
    match step {
        Step::Read { rows, pages, total_pages: Some(total) } => {
            bar.set_length(total.max(pages));
            bar.set_position(pages);
            set_style(bar, "{bar:30} page {pos} of {len} · {msg} · {eta} left");
            bar.set_message(counted(rows, "row"));
        }
        Step::Read { rows, pages, total_pages: None } => {
            set_style(bar, "{spinner} {msg} · {elapsed}");
            bar.set_message(format!("{} · {}", counted(pages, "page"), counted(rows, "row")));
        }
        Step::Gathered { rows, done, total } => {
            bar.set_length(total.max(done));
            bar.set_position(done);
            set_style(bar, "{bar:30} list {pos} of {len} · {msg} · {eta} left");
            bar.set_message(counted(rows, "row"));
        }
        Step::Following { status, .. } => {
            set_style(bar, "{spinner} {msg} · {elapsed}");
            bar.set_message(status);
        }
        Step::Waiting { wait, asked } => {
            let seconds = wait.as_secs_f64().ceil();
            set_style(bar, "{spinner} {msg} · {elapsed}");
            bar.set_message(if asked {
                format!("the server wants a pause of {seconds} s")
            } else {
                format!("the request is sent again in {seconds} s")
            });
        }
    }
    bar.enable_steady_tick(TICK);
}

fn set_style(bar: &ProgressBar, template: &str) {
    // The templates are constants of this file. With an invalid one the bar keeps its own style.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}
