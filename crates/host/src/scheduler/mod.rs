//! What runs by itself: health checks of connections and schedules of commands, each due time once.

mod cadence;
mod core;
mod cron;
mod queue;
mod recorder;
mod schedule;
mod serve;

pub use self::core::{Runner, Scheduler, SchedulerSettings};
pub use cadence::Cadence;
pub use cron::CronSchedule;
pub use queue::{MemoryQueue, WorkQueue};
pub use schedule::{NewSchedule, RunReport, RunStatus, Schedule, ScheduleKind, ScheduleRun, WorkItem};
