//! Limits failed sign-ins per user and address.
//!
//! Each pair of a user and an address has its own limit, so that a caller at one address cannot lock the user out at
//! another. An address also has a limit for all users together, against a caller that tries one password on many users.
//! It does not hold for a user who signed in from the address before.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use soar_connector::Clock;
use soar_store::model::UserId;
use soar_store::model::name::name_key;

use crate::limits::network;

/// Failed attempts of one user from one address: 10 at once, and one more each 90 seconds.
const OF_A_PAIR: AttemptLimit = AttemptLimit { at_once: 10, every: Duration::from_secs(90) };

/// Failed attempts of all users from one address: 100 at once, and one more each 9 seconds.
const OF_AN_ADDRESS: AttemptLimit = AttemptLimit { at_once: 100, every: Duration::from_secs(9) };

/// Wrong codes after the right password, from all addresses: 20 at once, and one more each 3 minutes. A recovery code is
/// accepted beyond it, since nobody can guess one.
const OF_CODES: AttemptLimit = AttemptLimit { at_once: 20, every: Duration::from_secs(180) };

/// The most pairs, addresses or users that are remembered. Further ones share one count.
const MOST: usize = 10_000;

/// The time between two searches for callers that need not be remembered. A search takes milliseconds.
const SWEEP: Duration = Duration::from_secs(5);

/// A number of attempts at once, and the time after which there is one more.
#[derive(Debug, Clone, Copy)]
struct AttemptLimit {
    at_once: u32,
    every: Duration,
}

/// A user name and an address, as a hash of fixed size: names are texts of callers.
type NameAndAddress = [u8; 16];

/// Limits failed sign-ins.
#[derive(Debug)]
pub(super) struct Attempts {
    clock: Arc<dyn Clock>,
    state: Mutex<AttemptCounts>,
}

#[derive(Debug, Default)]
struct AttemptCounts {
    pairs: Buckets<NameAndAddress>,
    addresses: Buckets<IpAddr>,
    codes: Buckets<UserId>,
    /// The pairs that signed in before.
    known: HashMap<NameAndAddress, Duration>,
}

/// An attempt that counts as failed, unless it is given back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    pair: NameAndAddress,
    /// The address whose limit it counts for.
    address: Option<IpAddr>,
}

impl Attempts {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Counts an attempt of the user `name` from `address`.
    ///
    /// # Errors
    /// The seconds until the next attempt is within the limit.
    pub(super) fn take(&self, name: &str, address: Option<IpAddr>) -> Result<Attempt, u64> {
        let address = address.map(|address| network(address.to_canonical()));
        let pair = pair(name, address);
        let (now, state) = (self.clock.elapsed(), &mut *self.state());
        let of_address = address.filter(|_| !state.known.contains_key(&pair));
        if let Some(address) = of_address {
            state.addresses.take(address, OF_AN_ADDRESS, now)?;
        }
        if let Err(wait) = state.pairs.take(pair, OF_A_PAIR, now) {
            // A refused attempt did no work.
            if let Some(address) = of_address {
                state.addresses.give_back(&address);
            }
            return Err(wait);
        }
        Ok(Attempt { pair, address: of_address })
    }

    /// The attempt did not fail.
    pub(super) fn give_back(&self, attempt: Attempt) {
        let state = &mut *self.state();
        state.pairs.give_back(&attempt.pair);
        if let Some(address) = &attempt.address {
            state.addresses.give_back(address);
        }
    }

    /// The attempt was a sign-in. From now on the limit of the address does not hold for the user.
    pub(super) fn succeeded(&self, attempt: Attempt) {
        self.give_back(attempt);
        let (now, state) = (self.clock.elapsed(), &mut *self.state());
        if state.known.len() >= MOST && !state.known.contains_key(&attempt.pair) {
            let oldest = state.known.iter().min_by_key(|(_, at)| **at).map(|(pair, _)| *pair);
            oldest.and_then(|oldest| state.known.remove(&oldest));
        }
        state.known.insert(attempt.pair, now);
    }

    /// Counts a code of a user whose password was right.
    ///
    /// # Errors
    /// The seconds until the next code is within the limit.
    pub(super) fn take_code(&self, user: UserId) -> Result<(), u64> {
        let now = self.clock.elapsed();
        self.state().codes.take(user, OF_CODES, now)
    }

    /// The code was right.
    pub(super) fn give_back_code(&self, user: UserId) {
        self.state().codes.give_back(&user);
    }

    fn state(&self) -> MutexGuard<'_, AttemptCounts> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pair(name: &str, address: Option<IpAddr>) -> NameAndAddress {
    let text = format!("{}\0{address:?}", name_key(name));
    let mut pair = [0; 16];
    pair.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
    pair
}

/// The attempts of each caller.
#[derive(Debug)]
struct Buckets<K> {
    each: HashMap<K, Bucket>,
    /// The attempts of callers for whom there is no room.
    others: Bucket,
    /// When callers without counting attempts were last dropped.
    swept: Duration,
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self { each: HashMap::new(), others: Bucket::default(), swept: Duration::ZERO }
    }
}

impl<K: Hash + Eq> Buckets<K> {
    fn take(&mut self, key: K, limit: AttemptLimit, now: Duration) -> Result<(), u64> {
        if self.each.len() >= MOST && now.saturating_sub(self.swept) >= SWEEP {
            self.each.retain(|_, bucket| bucket.taken(limit, now) > 0);
            self.swept = now;
        }
        if self.each.len() >= MOST && !self.each.contains_key(&key) {
            // A limit of one caller would lock out all others.
            let many = AttemptLimit { at_once: limit.at_once * 10, every: limit.every / 100 };
            return self.others.take(many, now);
        }
        self.each.entry(key).or_default().take(limit, now)
    }

    fn give_back(&mut self, key: &K) {
        let bucket = self.each.get_mut(key).unwrap_or(&mut self.others);
        bucket.taken = bucket.taken.saturating_sub(1);
    }
}

/// The attempts of one caller.
#[derive(Debug, Default)]
struct Bucket {
    /// The attempts at the time `since`.
    taken: u32,
    since: Duration,
}

impl Bucket {
    /// The attempts that still count at `now`.
    fn taken(&mut self, limit: AttemptLimit, now: Duration) -> u32 {
        let gone = now.saturating_sub(self.since).as_nanos() / limit.every.as_nanos().max(1);
        let gone = u32::try_from(gone).unwrap_or(u32::MAX);
        if gone >= self.taken {
            *self = Self { taken: 0, since: now };
        } else {
            self.taken -= gone;
            self.since += limit.every * gone;
        }
        self.taken
    }

    fn take(&mut self, limit: AttemptLimit, now: Duration) -> Result<(), u64> {
        if self.taken(limit, now) >= limit.at_once {
            let wait = (self.since + limit.every).saturating_sub(now);
            return Err(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        }
        self.taken += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use soar_connector::testing::ManualClock;

    use super::*;

    fn at(address: &str) -> Option<IpAddr> {
        Some(address.parse().unwrap())
    }

    #[test]
    fn a_caller_at_one_address_is_slowed_and_locks_nobody_out_at_another() {
        let clock = ManualClock::held();
        let attempts = Attempts::new(Arc::new(clock.clone()));
        let taken = (0..1_000).filter(|_| attempts.take("Alice", at("192.0.2.1")).is_ok()).count();
        assert_eq!(taken, 10);
        assert_eq!(attempts.take("ALICE", at("192.0.2.1")).err(), Some(90), "the same name in other letters");
        assert!(attempts.take("alice", at("192.0.2.2")).is_ok() && attempts.take("bob", at("192.0.2.1")).is_ok());
        clock.advance(Duration::from_secs(90));
        assert!(attempts.take("alice", at("192.0.2.1")).is_ok());
        assert!(attempts.take("alice", at("192.0.2.1")).is_err());
    }

    #[test]
    fn one_password_for_many_users_is_slowed_and_users_known_at_the_address_are_not() {
        let attempts = Attempts::new(Arc::new(ManualClock::held()));
        let address = at("2001:db8::1");
        let known = attempts.take("known", address).unwrap();
        attempts.succeeded(known);
        let taken = (0..1_000).filter(|user| attempts.take(&format!("user {user}"), address).is_ok()).count();
        assert_eq!(taken, 100);
        assert!(attempts.take("stranger", at("2001:db8::ffff")).is_err(), "the same /64 network");
        assert!(attempts.take("known", address).is_ok());
    }

    #[test]
    fn an_attempt_that_did_not_fail_does_not_count() {
        let attempts = Attempts::new(Arc::new(ManualClock::held()));
        for _ in 0..1_000 {
            let attempt = attempts.take("alice", None).unwrap();
            attempts.succeeded(attempt);
        }
        for _ in 0..20 {
            attempts.take_code(UserId(1)).unwrap();
        }
        assert!(attempts.take_code(UserId(1)).is_err() && attempts.take_code(UserId(2)).is_ok());
    }

    #[test]
    fn many_names_and_addresses_take_bounded_memory() {
        let attempts = Attempts::new(Arc::new(ManualClock::held()));
        for number in 0..30_000_u32 {
            let _ = attempts.take(&number.to_string(), Some(IpAddr::from(number.to_be_bytes())));
        }
        let state = attempts.state();
        assert!(state.pairs.each.len() <= MOST && state.addresses.each.len() <= MOST);
    }
}
