//! Remembers the scans that were started and says how far they are.

use std::{
    sync::{PoisonError, RwLock},
    time::Duration,
};

use crate::{
    clock::micros,
    data::random::{Topic, dice},
};

/// The UUID of the scan in each tenant's history that ended before the instance was started.
pub(crate) const FIRST_SCAN: &str = "5ca0f1e5-7000-4000-a000-000000000001";

/// A rescan that a caller started.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scan {
    /// 1 for the first scan of this instance.
    pub(crate) number: u64,
    pub(crate) uuid: String,
    pub(crate) tenant: u32,
    pub(crate) scanner: u64,
    /// The entry of the scan surface, if only one is scanned.
    pub(crate) input: Option<String>,
    /// Microseconds since 1970.
    pub(crate) started: u64,
    /// When somebody stopped it, in microseconds since 1970.
    pub(crate) stopped: Option<u64>,
}

/// How far a scan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScanProgress {
    Requested,
    /// With the percentage done, 0 to 99.
    Running(u8),
    Done,
    Stopped,
}

impl ScanProgress {
    /// The vendor's word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Running(_) => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
    }

    /// Whether the scan is over.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Stopped)
    }
}

impl Scan {
    /// How far the scan is now: requested for the first tenth of its time, then running, then done.
    pub(crate) fn stage(&self, now: u64, duration: Duration) -> ScanProgress {
        let elapsed = now.saturating_sub(self.started);
        let duration = micros(duration);
        if self.stopped.is_some() {
            return ScanProgress::Stopped;
        }
        if elapsed >= duration {
            ScanProgress::Done
        } else if elapsed < duration / 10 {
            ScanProgress::Requested
        } else {
            let percent = u128::from(elapsed) * 100 / u128::from(duration);
            ScanProgress::Running(u8::try_from(percent).unwrap_or(99))
        }
    }

    /// When the scan ends or ended, in microseconds since 1970.
    pub(crate) fn ends(&self, duration: Duration) -> u64 {
        self.stopped.unwrap_or_else(|| self.started.saturating_add(micros(duration)))
    }
}

/// All scans of the instance, oldest first.
#[derive(Debug)]
pub(crate) struct ScanRegistry {
    seed: u64,
    all: RwLock<Vec<Scan>>,
}

impl ScanRegistry {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, all: RwLock::default() }
    }

    /// Starts a scan unless one runs on that scanner: `None` then.
    pub(crate) fn start(
        &self,
        (tenant, scanner): (u32, u64),
        input: Option<String>,
        now: u64,
        duration: Duration,
    ) -> Option<Scan> {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        let busy = all.iter().any(|scan| scan.scanner == scanner && !scan.stage(now, duration).is_over());
        if busy {
            return None;
        }
        let number = all.len() as u64 + 1;
        let mut dice = dice(self.seed, 0, Topic::Scan, number);
        let scan = Scan {
            number,
            uuid: format!(
                "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
                dice.u32(..),
                dice.u16(..),
                dice.u16(..0x1000),
                dice.u16(..0x1000),
                dice.u64(..1 << 48)
            ),
            tenant,
            scanner,
            input,
            started: now,
            stopped: None,
        };
        all.push(scan.clone());
        Some(scan)
    }

    /// The scans of a tenant, newest first.
    pub(crate) fn of_tenant(&self, tenant: u32) -> Vec<Scan> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().rev().filter(|scan| scan.tenant == tenant).cloned().collect()
    }

    /// Stops the scans that run.
    pub(crate) fn stop(&self, now: u64, duration: Duration) {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        let running = all.iter_mut().filter(|scan| !scan.stage(now, duration).is_over());
        running.for_each(|scan| scan.stopped = Some(now));
    }

    /// When each scan of a scanner that ran to its end did so, oldest first.
    pub(crate) fn ends(&self, scanner: u64, now: u64, duration: Duration) -> Vec<u64> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        let done = all.iter().filter(|scan| scan.scanner == scanner && scan.stage(now, duration) == ScanProgress::Done);
        done.map(|scan| scan.ends(duration)).collect()
    }

    /// Which scans were ever started.
    pub(crate) fn started(&self) -> Vec<(u64, u64)> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|scan| (scan.number, scan.scanner)).collect()
    }
}
