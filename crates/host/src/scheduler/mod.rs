//! What runs by itself: health checks of connections and schedules of commands, each due time once.

mod cadence;
mod core;
mod cron;
mod draft;
mod manage;
mod measure;
mod queue;
mod recorder;
mod runner;
mod schedule;
mod serve;
mod settings;
mod shown;

pub use self::core::Scheduler;
pub(crate) use self::measure::describe;
pub use cadence::Cadence;
pub use cron::CronSchedule;
pub use draft::{ScheduleChange, ScheduleDraft};
pub use manage::Schedules;
pub use queue::WorkQueue;
pub use runner::ExecutorRunner;
pub use schedule::{NewSchedule, RunReport, Schedule, ScheduleKind, ScheduleRun, ScheduleRunStatus, WorkItem};
pub use settings::{Runner, SchedulerSettings};
pub use shown::ScheduleShown;
