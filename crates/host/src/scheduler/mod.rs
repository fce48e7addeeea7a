//! Runs health checks of connections and schedules of commands. Each due time runs once, on one of the hosts that share
//! a store.

mod alert_warnings;
mod claim;
mod core;
mod draft;
mod manage;
mod measure;
mod recorder;
mod runner;
mod serve;
mod settings;
mod shown;
mod upkeep;

pub use self::core::{ClaimedWork, Scheduler};
pub use self::measure::SchedulerMetrics;
pub use claim::Claim;
pub use draft::{ScheduleChange, ScheduleDraft};
pub use manage::Schedules;
pub use runner::ExecutorRunner;
pub use settings::{SchedulerSettings, WorkRunner};
pub use shown::ScheduleShown;
