//! Scans that run in the vendor's product: started, followed, and what they changed.

mod changes;
mod followed;
mod history;
mod jobs;
mod poll;
mod start;

pub(crate) use changes::ScanChanges;
pub(crate) use followed::{FollowedScan, Scanning};
pub(crate) use history::read_scan;
pub(crate) use jobs::{ScanJob, running_jobs};
pub(crate) use poll::poll;
pub(crate) use start::{What, start};
