//! Logs to standard error, for those who ask for it; every line of a command carries its request id.

use clap::ValueEnum;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Filter, Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::printer::Printer;

/// The field of a command's span that tells its lines from those of other commands.
const REQUEST_ID: &str = "request_id";

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    /// What went wrong
    Error,
    /// And what is dangerous
    Warn,
    /// And how each command ended
    Info,
    /// And every request and its answer
    Debug,
    /// And what the HTTP libraries say about a command's requests
    Trace,
}

/// Whose lines are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Commands: a line of the HTTP libraries that belongs to none of them is left out.
    Commands,
    /// The simulator, which answers requests and has no commands.
    Simulator,
    /// The host, which has both.
    Host,
}

/// Logs from now on.
pub(crate) fn start(level: LogLevel, subject: Subject, printer: &Printer) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(printer.colours_errors())
        .with_writer(std::io::stderr)
        .with_filter(Lines { level, subject });
    // Set once a process; a second call changes nothing.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

/// Which lines are written.
///
/// The HTTP libraries drive connections in tasks of their own, for all requests that come over them: what they say
/// there belongs to no command, and nobody could tell to which request. Only what they say in a command's span is
/// written, with its id.
#[derive(Debug)]
struct Lines {
    level: LevelFilter,
    subject: Subject,
}

impl Lines {
    /// Spans of commands, which are made at level info, are wanted at every level: they carry the request id.
    fn most(&self) -> LevelFilter {
        self.level.max(LevelFilter::INFO)
    }

    fn is_ours(&self, target: &str) -> bool {
        match target.split("::").next() {
            Some("coda_footprint" | "footprint" | "soar_connector" | "soar_host" | "soar_server" | "soar_store") => {
                true
            }
            Some("footprint_simulator") => self.subject == Subject::Simulator,
            _ => false,
        }
    }
}

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Filter<S> for Lines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: &Context<'_, S>) -> bool {
        if !self.is_ours(metadata.target()) {
            // Below trace, the libraries' own lines would hide ours.
            return self.level == LevelFilter::TRACE;
        }
        *metadata.level() <= if metadata.is_span() { self.most() } else { self.level }
    }

    fn event_enabled(&self, event: &tracing::Event<'_>, context: &Context<'_, S>) -> bool {
        self.subject != Subject::Commands
            || self.is_ours(event.metadata().target())
            || context
                .event_scope(event)
                .is_some_and(|mut spans| spans.any(|span| span.fields().field(REQUEST_ID).is_some()))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.most())
    }
}
