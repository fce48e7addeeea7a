//! Logs to standard error, for those who ask for it.

use clap::ValueEnum;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::printer::Printer;

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
    /// And what the HTTP and TLS libraries say
    Trace,
}

/// Logs from now on.
pub(crate) fn start(level: LogLevel, printer: &Printer) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    // Below trace, the libraries' own lines would hide ours.
    let targets = match level {
        LevelFilter::TRACE => Targets::new().with_default(level),
        _ => Targets::new().with_target("coda_footprint", level).with_target("footprint", level),
    };
    let lines = tracing_subscriber::fmt::layer().with_ansi(printer.colours_errors()).with_writer(std::io::stderr);
    // Set once a process; a second call changes nothing.
    let _ = tracing_subscriber::registry().with(lines).with(targets).try_init();
}
