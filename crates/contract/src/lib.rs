//! The contract between a SOAR host and its connectors.
//!
//! A connector describes itself in a [`Manifest`], is built from checked [`SettingValues`] by its [`Plugin`], and runs
//! [`Invocation`]s that write [`ReplyPage`]s to a [`Sink`]. [`Commands`] runs the [`Handler`]s of a connector within the time
//! limit. An [`Outcome`] holds everything that a command gave: a person sees it in the Test Result window, and every
//! surface serialises it. `examples/minimal.rs` is a whole connector.

mod call;
mod clock;
mod commands;
mod connector;
mod diagnosis;
mod error;
mod exact;
mod failure;
mod finding;
mod finding_reader;
mod follow;
mod follow_token;
mod following;
mod invocation;
mod loading;
pub mod manifest;
pub mod name;
mod outcome;
mod outcome_schema;
mod page;
mod parameters;
mod pem;
mod progress;
mod redaction;
mod reply;
mod row;
mod row_path;
mod secret;
mod settings;
mod sink;
mod sink_error;
mod table;
#[cfg(feature = "testing")]
pub mod testing;
mod vocabulary;

pub use call::{HandlerCall, Report, hand_on};
pub use clock::{Clock, SystemClock};
pub use commands::{CommandEntry, Commands, Handler};
pub use connector::{Connector, ExecutionContext, Plugin};
pub use diagnosis::{Access, CommandAccess, Diagnosis, Stage, StageStatus};
pub use error::{CommandError, ErrorParts, StatusCode, sentence};
pub use failure::Failure;
pub use finding::{Finding, FindingStatus};
pub use finding_reader::{FindingProblem, FindingReader, listed_value};
pub use follow::{Follow, Poll, Polled, RunningWork};
pub use follow_token::FollowToken;
pub use invocation::{InvalidCall, Invocation};
pub use manifest::{Command, Manifest, ManifestError};
pub use outcome::{Conclusion, KeyFieldValues, Outcome, RawData, Receipt, ReturnData, Warning};
pub use page::ReplyPage;
pub use parameters::{ParameterProblem, ParameterProblems, ParameterValue, Parameters, RawParameters, parse_boolean};
pub use pem::{certificates_in, is_pem};
pub use progress::{Progress, Step};
pub use redaction::Redactor;
pub use reply::{ListReply, ReplyForm, is_web_page, read_json};
pub use row::RowReader;
pub use row_path::RowPath;
pub use secret::{NoSecret, secret_in};
pub use settings::{SettingProblem, SettingValues, SettingsError};
pub use sink::{Collector, Sink};
pub use sink_error::SinkError;
pub use table::{Table, cell_text};
