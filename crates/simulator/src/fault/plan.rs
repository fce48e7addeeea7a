//! Keeps the faults that were injected and decides which strike a request.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::{Fault, FaultKind, PageFault};

/// The faults injected, in their order, with how often each may still pass and strike.
#[derive(Debug, Default)]
pub(crate) struct FaultPlan {
    faults: Mutex<Vec<Fault>>,
}

/// The effect of the faults on one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaultEffect {
    /// Wait this long first.
    pub(crate) delay: Duration,
    /// Then do this instead of, or to, the normal answer.
    pub(crate) fault: Option<Fault>,
}

impl FaultEffect {
    /// How the list is to be read wrongly.
    pub(crate) fn page_fault(&self) -> Option<PageFault> {
        match self.fault.as_ref()?.kind {
            FaultKind::Page(page_fault) => Some(page_fault),
            _ => None,
        }
    }
}

impl FaultPlan {
    pub(crate) fn inject(&self, fault: Fault) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.push(fault);
    }

    pub(crate) fn clear(&self) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.clear();
    }

    /// Decides the effect on a request to this route for this page, and counts the request.
    pub(crate) fn decide(&self, route: &str, page: Option<&str>) -> FaultEffect {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let mut effect = FaultEffect::default();
        for fault in faults.iter_mut().filter(|fault| fault.matches(route, page)) {
            let is_delay = matches!(fault.kind, FaultKind::Delay(_));
            if fault.count == Some(0) || (!is_delay && effect.fault.is_some()) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if let Some(count) = &mut fault.count {
                *count -= 1;
            }
            match fault.kind {
                FaultKind::Delay(delay) => effect.delay = effect.delay.saturating_add(delay),
                _ => effect.fault = Some(fault.clone()),
            }
        }
        faults.retain(|fault| fault.count != Some(0));
        effect
    }
}

impl Fault {
    fn matches(&self, route: &str, page: Option<&str>) -> bool {
        let page_fits = match self.page {
            None => true,
            Some(wanted) => page.and_then(|page| page.parse().ok()) == Some(wanted),
        };
        (self.route == "*" || self.route == route) && page_fits
    }
}
