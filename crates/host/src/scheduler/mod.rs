//! What runs by itself: health checks of connections and schedules of commands, each due time once.

mod cadence;
mod cron;
mod schedule;

pub use cadence::Cadence;
pub use cron::CronSchedule;
pub use schedule::{NewSchedule, RunReport, RunStatus, Schedule, ScheduleKind, ScheduleRun, WorkItem};
