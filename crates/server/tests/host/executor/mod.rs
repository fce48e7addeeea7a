//! Running commands: every command of the real plugin, timeouts, cancellation, limits, and the run history.

mod cancelling;
mod history;
mod limits;
mod remote_answers;
mod secrets;

use soar_connector::RawParameters;
use soar_host::executor::ExecutorSettings;

fn settings() -> ExecutorSettings {
    ExecutorSettings::default()
}

fn none() -> RawParameters {
    RawParameters::new()
}
