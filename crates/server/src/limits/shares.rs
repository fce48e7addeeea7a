//! How many calls, and how many bytes of bodies, callers may have under way: each caller its share, and all together.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most that callers may have under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShareLimits {
    /// Calls of one caller.
    pub calls_each: usize,
    /// Calls of all callers.
    pub calls: usize,
    /// Bytes of the bodies of one caller's calls.
    pub bytes_each: usize,
    /// Bytes of the bodies of all calls.
    pub bytes: usize,
}

/// What callers have under way. `C` tells callers apart.
#[derive(Debug)]
pub(crate) struct Shares<C> {
    limits: ShareLimits,
    held: Mutex<Held<C>>,
}

#[derive(Debug)]
struct Held<C> {
    all: Amount,
    callers: HashMap<C, Amount>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Amount {
    calls: usize,
    bytes: usize,
}

/// A limit that a call is beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exceeded {
    /// The share of its caller.
    Own,
    /// What all callers have together.
    All,
}

impl<C: Hash + Eq + Clone> Shares<C> {
    pub(crate) fn new(limits: ShareLimits) -> Arc<Self> {
        Arc::new(Self { limits, held: Mutex::new(Held { all: Amount::default(), callers: HashMap::new() }) })
    }

    fn held(&self) -> MutexGuard<'_, Held<C>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call of `caller`, until it is dropped.
    pub(crate) fn begin(self: &Arc<Self>, caller: C) -> Result<Share<C>, Exceeded> {
        let mut share = Share { shares: Arc::clone(self), caller, own: Amount::default() };
        share.take(Amount { calls: 1, bytes: 0 })?;
        Ok(share)
    }
}

/// What one call holds.
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
        let Held { all, callers } = &mut *held;
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

/// Where the bytes of a body are counted as they arrive.
pub(crate) trait CountsBytes {
    /// Counts `bytes` until the call has ended.
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
        let Held { all, callers } = &mut *held;
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
