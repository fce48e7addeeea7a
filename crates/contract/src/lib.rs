//! The contract between a SOAR host and its connectors.
//!
//! A connector describes itself in a [`Manifest`], is built from checked [`SettingValues`] by its [`Plugin`], and runs
//! commands that write [`Page`]s to a [`Sink`]. Whoever wants everything at once asks for an [`Outcome`], which is what
//! a person sees in the Test Result window and what every surface serialises.

mod clock;
mod connector;
mod diagnosis;
mod error;
mod exact;
pub mod manifest;
pub mod name;
mod outcome;
mod page;
mod parameters;
mod pem;
mod redaction;
mod row;
mod secret;
mod settings;
mod sink;
mod table;
#[cfg(feature = "testing")]
pub mod testing;

pub use clock::{Clock, SystemClock};
pub use connector::{Connector, ExecutionContext, Plugin};
pub use diagnosis::{Access, CommandAccess, Diagnosis, Stage, StageStatus};
pub use error::{CommandError, StatusCode, sentence};
pub use manifest::{Command, Manifest, ManifestError};
pub use outcome::{Conclusion, KeyField, Outcome, RawData, Receipt, ReturnData, Warning};
pub use page::Page;
pub use parameters::{ParameterProblem, ParameterValue, Parameters, RawParameters};
pub use pem::certificates_in;
pub use redaction::Redactor;
pub use row::{RowPath, RowReader};
pub use secret::{NoSecret, secret_in};
pub use settings::{SettingProblem, SettingValues, SettingsError};
pub use sink::{Collector, Sink, SinkError};
pub use table::{Table, cell_text};
