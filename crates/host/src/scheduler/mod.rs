//! What runs by itself: health checks of connections and schedules of commands, each due time once.

mod cadence;
mod cron;

pub use cadence::Cadence;
pub use cron::CronSchedule;
