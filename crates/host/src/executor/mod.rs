//! Runs the commands of connections within limits and a timeout. Runs can be cancelled and are stored in the run
//! history.

mod agent;
mod asking;
mod check;
mod connectors;
mod end;
mod finished_run;
mod follow;
mod followed;
pub mod history;
mod kept;
mod nodes;
mod remote;
mod run;
mod settings;
mod shared;
mod slots;
mod stream;
mod supervise;
mod task;
mod turns;
mod unsaved;
mod waiting;
mod watching;

pub use finished_run::{FinishedRun, WorkUnderWay};
pub use run::{Executor, Tested};
pub use settings::ExecutorSettings;
pub use watching::Watching;
