//! Limits the calls and the bytes of bodies under way, for each caller and for all callers together.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The limits of calls and bytes under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShareLimits {
    /// The calls of one caller.
    pub calls_each: usize,
    /// The calls of all callers.
    pub calls: usize,
    /// The bytes of the bodies of one caller's calls.
    pub bytes_each: usize,
    /// The bytes of the bodies of all calls.
    pub bytes: usize,
}

/// The calls and bytes under way. `C` identifies a caller.
#[derive(Debug)]
pub(crate) struct Shares<C> {
    limits: ShareLimits,
    held: Mutex<HeldAmounts<C>>,
}

#[derive(Debug)]
struct HeldAmounts<C> {
    all: Amount,
    callers: HashMap<C, Amount>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Amount {
    calls: usize,
    bytes: usize,
}

/// The limit that a call exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exceeded {
    /// The limit of its caller.
    Own,
    /// The limit of all callers together.
    All,
}

impl<C: Hash + Eq + Clone> Shares<C> {
    pub(crate) fn new(limits: ShareLimits) -> Arc<Self> {
        Arc::new(Self { limits, held: Mutex::new(HeldAmounts { all: Amount::default(), callers: HashMap::new() }) })
    }

    fn held(&self) -> MutexGuard<'_, HeldAmounts<C>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call of `caller` until the returned share is dropped.
    pub(crate) fn begin(self: &Arc<Self>, caller: C) -> Result<Share<C>, Exceeded> {
        let mut share = Share { shares: Arc::clone(self), caller, own: Amount::default() };
        share.take(Amount { calls: 1, bytes: 0 })?;
        Ok(share)
    }
}

/// The counted calls and bytes of one call.
#[derive(Debug)]
pub(crate) struct Share<C: Hash + Eq + Clone> {
    shares: Arc<Shares<C>>,
    caller: C,
    own: Amount,
}

impl<C: Hash + Eq + Clone> Share<C> {
    fn take(&mut self, more: Amount) -> Result<(), Exceeded> {
        let limits = self.shares.limits;
        let mut held = self.shares.held();
        let HeldAmounts { all, callers } = &mut *held;
        let own = callers.get(&self.caller).copied().unwrap_or_default();
        if own.calls + more.calls > limits.calls_each || own.bytes + more.bytes > limits.bytes_each {
            return Err(Exceeded::Own);
        }
        if all.calls + more.calls > limits.calls || all.bytes + more.bytes > limits.bytes {
            return Err(Exceeded::All);
        }
        for amount in [all, callers.entry(self.caller.clone()).or_default(), &mut self.own] {
            amount.calls += more.calls;
            amount.bytes += more.bytes;
        }
        Ok(())
    }
}

/// Counts the bytes of a body as they arrive.
pub(crate) trait CountsBytes {
    /// Counts `bytes` until the call ends.
    fn count_bytes(&mut self, bytes: usize) -> Result<(), Exceeded>;
}

impl<C: Hash + Eq + Clone> CountsBytes for Share<C> {
    fn count_bytes(&mut self, bytes: usize) -> Result<(), Exceeded> {
        self.take(Amount { calls: 0, bytes })
    }
}

impl<C: Hash + Eq + Clone> Drop for Share<C> {
    fn drop(&mut self) {
        let mut held = self.shares.held();
        let HeldAmounts { all, callers } = &mut *held;
        all.calls -= self.own.calls;
        all.bytes -= self.own.bytes;
        if let Some(own) = callers.get_mut(&self.caller) {
            own.calls -= self.own.calls;
            own.bytes -= self.own.bytes;
            if own.calls == 0 {
                callers.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares() -> Arc<Shares<u32>> {
        Shares::new(ShareLimits { calls_each: 2, calls: 3, bytes_each: 10, bytes: 15 })
    }

    #[test]
    fn a_caller_has_its_share_and_all_have_no_more_than_there_is() {
        let shares = shares();
        let (first, _second) = (shares.begin(1).unwrap(), shares.begin(1).unwrap());
        assert_eq!(shares.begin(1).unwrap_err(), Exceeded::Own);
        let _third = shares.begin(2).unwrap();
        assert_eq!(shares.begin(2).unwrap_err(), Exceeded::All);
        drop(first);
        assert_eq!(shares.held().callers.len(), 2);
        assert!(shares.begin(1).is_ok());
    }

    #[test]
    fn bytes_count_until_their_call_ends() {
        let shares = shares();
        let (mut one, mut two) = (shares.begin(1).unwrap(), shares.begin(2).unwrap());
        one.count_bytes(10).unwrap();
        assert_eq!(one.count_bytes(1), Err(Exceeded::Own));
        assert_eq!(two.count_bytes(6), Err(Exceeded::All));
        two.count_bytes(5).unwrap();
        drop(one);
        two.count_bytes(5).unwrap();
        drop(two);
        let held = shares.held();
        assert_eq!((held.all.bytes, held.callers.len()), (0, 0));
    }
}
