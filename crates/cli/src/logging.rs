//! Logs to standard error. Every line of a command has its request id.

use clap::ValueEnum;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Filter, Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::printer::Printer;

/// The field of a command's span with its request id.
const REQUEST_ID: &str = "request_id";

/// The level of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    /// Errors
    Error,
    /// Also warnings
    Warn,
    /// Also the end of each command
    Info,
    /// Also each request and its answer
    Debug,
    /// Also lines of the HTTP libraries about a command's requests
    Trace,
}

/// The subject of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogSubject {
    /// Commands. Lines of the HTTP libraries outside of commands are left out.
    Commands,
    /// The simulator, which answers requests and has no commands.
    Simulator,
    /// The host, which has both.
    Host,
}

/// Starts the log.
pub(crate) fn start(level: LogLevel, subject: LogSubject, printer: &Printer) {
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
        .with_filter(LineFilter { level, subject });
    // The log is set once per process. A second call changes nothing.
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

/// The filter of lines.
///
/// The HTTP libraries drive connections in tasks of their own, for all requests over them. Their lines there belong to
/// no command, so only their lines in a command's span are written, with its id.
#[derive(Debug)]
struct LineFilter {
    level: LevelFilter,
    subject: LogSubject,
}

impl LineFilter {
    /// Spans of commands have the level info. They are needed at every level, since they carry the request id.
    fn most(&self) -> LevelFilter {
        self.level.max(LevelFilter::INFO)
    }

    fn is_ours(&self, target: &str) -> bool {
        match target.split("::").next() {
            Some("coda_footprint" | "footprint" | "soar_connector" | "soar_host" | "soar_server" | "soar_store") => {
                true
            }
            Some("footprint_simulator") => self.subject == LogSubject::Simulator,
            _ => false,
        }
    }
}

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Filter<S> for LineFilter {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: &Context<'_, S>) -> bool {
        if !self.is_ours(metadata.target()) {
            // Below trace, the libraries' own lines would hide the host's.
            return self.level == LevelFilter::TRACE;
        }
        *metadata.level() <= if metadata.is_span() { self.most() } else { self.level }
    }

    fn event_enabled(&self, event: &tracing::Event<'_>, context: &Context<'_, S>) -> bool {
        self.subject != LogSubject::Commands
            || self.is_ours(event.metadata().target())
            || context
                .event_scope(event)
                .is_some_and(|mut spans| spans.any(|span| span.fields().field(REQUEST_ID).is_some()))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.most())
    }
}
