//! Remembers the scans that were started and says how far they are.

use std::{
    sync::{PoisonError, RwLock},
    time::Duration,
};

use crate::{
    clock::micros,
    data::random::{Topic, dice},
};

/// A rescan that a caller started.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scan {
    /// 1 for the first scan of this instance.
    pub(crate) number: u64,
    pub(crate) uuid: String,
    pub(crate) tenant: u32,
    pub(crate) scanner: u64,
    /// Microseconds since 1970.
    pub(crate) started: u64,
}

/// How far a scan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Requested,
    /// With the percentage done, 0 to 99.
    Running(u8),
    Done,
}

impl Stage {
    /// The vendor's word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Running(_) => "running",
            Self::Done => "done",
        }
    }
}

impl Scan {
    /// How far the scan is now: requested for the first tenth of its time, then running, then done.
    pub(crate) fn stage(&self, now: u64, duration: Duration) -> Stage {
        let elapsed = now.saturating_sub(self.started);
        let duration = micros(duration);
        if elapsed >= duration {
            Stage::Done
        } else if elapsed < duration / 10 {
            Stage::Requested
        } else {
            let percent = u128::from(elapsed) * 100 / u128::from(duration);
            Stage::Running(u8::try_from(percent).unwrap_or(99))
        }
    }

    /// When the scan ends or ended, in microseconds since 1970.
    pub(crate) fn ends(&self, duration: Duration) -> u64 {
        self.started.saturating_add(micros(duration))
    }
}

/// All scans of the instance, oldest first.
#[derive(Debug)]
pub(crate) struct Scans {
    seed: u64,
    all: RwLock<Vec<Scan>>,
}

impl Scans {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, all: RwLock::default() }
    }

    /// Starts a scan unless one runs on that scanner: `None` then.
    pub(crate) fn start(&self, tenant: u32, scanner: u64, now: u64, duration: Duration) -> Option<Scan> {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        let busy = all.iter().any(|scan| scan.scanner == scanner && scan.stage(now, duration) != Stage::Done);
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
            started: now,
        };
        all.push(scan.clone());
        Some(scan)
    }

    /// The scans of a tenant, newest first.
    pub(crate) fn of_tenant(&self, tenant: u32) -> Vec<Scan> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().rev().filter(|scan| scan.tenant == tenant).cloned().collect()
    }

    /// Which scans were ever started.
    pub(crate) fn started(&self) -> Vec<(u64, u64)> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|scan| (scan.number, scan.scanner)).collect()
    }
}
