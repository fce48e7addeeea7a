//! Limits refused calls per address, and their audit entries.
//!
//! A caller without a valid key cannot fill the audit log or the memory: its first refusals in a minute get audit
//! entries of their own. Further refusals are counted, and the host writes the counts to the audit log every few
//! seconds. The same applies to a valid key beyond its rate limit.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use soar_connector::Clock;
use soar_store::model::{AccessKeyId, AuditEntry, Moment};

use super::counted_refusals::CountedRefusals;
use super::network::network;
use super::rate_limits::RateLimits;

/// The number of refusals of one caller per minute with audit entries of their own.
const OWN_ENTRIES: u32 = 50;

/// The number of refusals of all addresses per minute with audit entries of their own.
const OWN_ENTRIES_IN_ALL: u32 = 3_000;

/// The number of addresses that are counted separately. Further addresses count as one caller.
const MOST_ADDRESSES: usize = 1_000;

const MINUTE: Duration = Duration::from_secs(60);

/// Limits and counts refused calls.
#[derive(Debug)]
pub struct Refusals {
    limits: RateLimits<Address>,
    clock: Arc<dyn Clock>,
    state: Mutex<RefusalCounts>,
}

/// An address that is counted separately (for IPv6 the /64 network); `None` for all other addresses.
type Address = Option<IpAddr>;

/// The caller of refused calls.
#[derive(Debug, Clone, Copy)]
pub enum RefusedCaller {
    /// A caller without a valid key, by its address.
    Address(Option<IpAddr>),
    /// A caller with a valid key, by the id of the key.
    Key(AccessKeyId),
}

#[derive(Debug)]
struct RefusalCounts {
    addresses: HashMap<Address, CallerRefusals>,
    keys: HashMap<AccessKeyId, CallerRefusals>,
    all_addresses: Window,
}

impl Refusals {
    /// `per_second` is the limit of refusals per address; 0 for no limit.
    #[must_use]
    pub fn new(per_second: u32, clock: Arc<dyn Clock>) -> Self {
        let all_addresses = Window { since: clock.elapsed(), count: 0 };
        let state = RefusalCounts { addresses: HashMap::new(), keys: HashMap::new(), all_addresses };
        Self { limits: RateLimits::new(per_second, Arc::clone(&clock)), clock, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, RefusalCounts> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The caller without a valid key at `address`.
    #[must_use]
    pub fn stranger(&self, address: Option<IpAddr>) -> RefusedCaller {
        let address = address.map(network);
        let addresses = &self.state().addresses;
        RefusedCaller::Address(address.filter(|_| addresses.len() < MOST_ADDRESSES || addresses.contains_key(&address)))
    }

    /// Counts a refusal of `caller`.
    ///
    /// # Errors
    /// The seconds until the next refusal is within the limit of the address.
    pub fn limit(&self, caller: RefusedCaller) -> Result<(), u64> {
        match caller {
            RefusedCaller::Address(address) => self.limits.count(&address),
            // The rate limit of keys applies to them.
            RefusedCaller::Key(_) => Ok(()),
        }
    }

    /// Whether the refused call gets `entry` as audit entry. If not, the call is counted here.
    pub fn takes_entry(&self, caller: RefusedCaller, entry: &AuditEntry) -> bool {
        let now = self.clock.elapsed();
        let state = &mut *self.state();
        let (share, mut all, address) = match caller {
            RefusedCaller::Key(key) => (CallerRefusals::of(&mut state.keys, key, now), None, entry.address.clone()),
            RefusedCaller::Address(address) => {
                (CallerRefusals::of(&mut state.addresses, address, now), Some(&mut state.all_addresses), text(address))
            }
        };
        share.window.begin(now);
        if let Some(all) = &mut all {
            all.begin(now);
        }
        let has_place =
            share.window.count < OWN_ENTRIES && all.as_ref().is_none_or(|all| all.count < OWN_ENTRIES_IN_ALL);
        if has_place {
            share.window.count += 1;
            all.into_iter().for_each(|all| all.count += 1);
        } else {
            share.counted.get_or_insert_with(|| CountedRefusals::new(&address, entry)).add(&address, entry);
        }
        has_place
    }

    /// Takes the counts since the last time as audit entries at the time `at`. Drops callers without refusals in the
    /// last minute.
    pub fn take_counts(&self, at: Moment) -> Vec<AuditEntry> {
        self.limits.forget_idle();
        let now = self.clock.elapsed();
        let state = &mut *self.state();
        let mut shares: Vec<_> = state.addresses.values_mut().chain(state.keys.values_mut()).collect();
        let entries = shares.iter_mut().filter_map(|share| share.counted.take()).map(|counted| counted.entry(at));
        let entries = entries.collect();
        state.addresses.retain(|_, share| !share.window.is_over(now));
        state.keys.retain(|_, share| !share.window.is_over(now));
        entries
    }
}

/// The entries of one caller.
#[derive(Debug)]
struct CallerRefusals {
    window: Window,
    /// The counted refusals that are not in the audit log yet.
    counted: Option<CountedRefusals>,
}

impl CallerRefusals {
    fn of<K: Hash + Eq>(shares: &mut HashMap<K, Self>, caller: K, now: Duration) -> &mut Self {
        shares.entry(caller).or_insert_with(|| Self { window: Window { since: now, count: 0 }, counted: None })
    }
}

/// The number of audit entries in a minute.
#[derive(Debug)]
struct Window {
    since: Duration,
    count: u32,
}

impl Window {
    fn is_over(&self, now: Duration) -> bool {
        now.saturating_sub(self.since) >= MINUTE
    }

    /// Starts a new minute if the last one is over.
    fn begin(&mut self, now: Duration) {
        if self.is_over(now) {
            *self = Self { since: now, count: 0 };
        }
    }
}

fn text(address: Address) -> String {
    match address {
        None => "other addresses".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(network)) => format!("{network}/64"),
    }
}

#[cfg(test)]
mod tests {
    use soar_connector::testing::ManualClock;
    use soar_store::model::Surface;

    use super::*;

    /// Refusals with a manual clock.
    struct ClockedRefusals {
        clock: ManualClock,
        refusals: Refusals,
    }

    impl ClockedRefusals {
        fn new(per_second: u32) -> Self {
            let clock = ManualClock::held();
            Self { refusals: Refusals::new(per_second, Arc::new(clock.clone())), clock }
        }

        fn stranger(&self, address: &str) -> RefusedCaller {
            self.refusals.stranger(Some(address.parse().unwrap()))
        }

        /// The number of audit entries for `times` refusals of the address.
        fn entries(&self, address: &str, times: usize) -> usize {
            let entry = entry(Surface::Command, address, 401);
            (0..times).filter(|_| self.refusals.takes_entry(self.stranger(address), &entry)).count()
        }

        /// The counts, as address and total.
        fn counts(&self) -> Vec<(String, u64)> {
            let counts = self.refusals.take_counts(Moment(9_000)).into_iter();
            let mut counts: Vec<_> = counts.map(|entry| (entry.address.clone(), total(&entry))).collect();
            counts.sort();
            counts
        }
    }

    fn entry(surface: Surface, address: &str, status: i64) -> AuditEntry {
        let address = address.to_owned();
        AuditEntry { address, status, accepted: false, ..AuditEntry::new(Moment(1_000), surface, "") }
    }

    /// The number of calls in a counting entry.
    fn total(entry: &AuditEntry) -> u64 {
        let (_, rest) = entry.reason.split_once("Z: ").unwrap();
        rest.split_once(' ').unwrap().0.parse().unwrap()
    }

    #[test]
    fn an_address_has_its_first_refusals_of_a_minute_in_the_log_and_the_others_counted() {
        let stage = ClockedRefusals::new(50);
        assert_eq!((stage.entries("192.0.2.1", 1_000), stage.entries("192.0.2.2", 30)), (50, 30));
        assert_eq!(stage.counts(), [("192.0.2.1".to_owned(), 950)]);
        stage.clock.advance(Duration::from_secs(59));
        assert_eq!((stage.entries("192.0.2.1", 10), stage.entries("192.0.2.2", 30)), (0, 20));
        assert_eq!(stage.counts(), [("192.0.2.1".to_owned(), 10), ("192.0.2.2".to_owned(), 10)]);
        stage.clock.advance(Duration::from_secs(1));
        assert_eq!(stage.entries("192.0.2.1", 60), 50);
        assert_eq!(stage.counts(), [("192.0.2.1".to_owned(), 10)]);
        assert!(stage.counts().is_empty(), "each call is counted once");
    }

    #[test]
    fn a_count_says_when_the_calls_came_in_and_with_which_status() {
        let stage = ClockedRefusals::new(50);
        stage.entries("192.0.2.1", 50);
        let calls = [(Surface::Management, 429, 2_500), (Surface::Command, 401, 1_500), (Surface::Command, 401, 2_000)];
        for (surface, status, at) in calls {
            let entry = AuditEntry { at: Moment(at), key: "old".to_owned(), ..entry(surface, "192.0.2.1", status) };
            assert!(!stage.refusals.takes_entry(stage.stranger("192.0.2.1"), &entry));
        }
        let [counted] = stage.refusals.take_counts(Moment(9_000)).try_into().unwrap();
        assert_eq!(
            counted.reason,
            "Refused calls counted in this entry, from 1970-01-01T00:00:01.5Z to 1970-01-01T00:00:02.5Z: 3 (2 command with \
             status 401, 1 management with status 429)."
        );
        assert_eq!(
            (counted.at, counted.status, counted.accepted, counted.surface),
            (Moment(9_000), 0, false, Surface::Management)
        );
        assert_eq!((counted.address.as_str(), counted.key.as_str()), ("192.0.2.1", "old"));
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let stage = ClockedRefusals::new(1);
        assert!(stage.refusals.limit(stage.stranger("2001:db8::1")).is_ok());
        assert_eq!(stage.refusals.limit(stage.stranger("2001:db8::ffff:2")), Err(1));
        assert!(stage.refusals.limit(stage.stranger("2001:db8:0:1::1")).is_ok());
        assert_eq!((stage.entries("2001:db8::1", 40), stage.entries("2001:db8::2", 40)), (40, 10));
        assert_eq!(stage.counts(), [("2001:db8::/64".to_owned(), 30)]);
    }

    #[test]
    fn a_key_has_a_share_of_its_own_wherever_it_is_used() {
        let stage = ClockedRefusals::new(50);
        stage.entries("192.0.2.1", 60);
        let from = |address: &str| AuditEntry { key: "playbooks".to_owned(), ..entry(Surface::Command, address, 429) };
        let takes = |address| stage.refusals.takes_entry(RefusedCaller::Key(AccessKeyId(7)), &from(address));
        assert!((0..50).all(|_| takes("192.0.2.1")));
        assert!(!takes("192.0.2.1") && !takes("192.0.2.9"));
        assert!(stage.refusals.takes_entry(RefusedCaller::Key(AccessKeyId(8)), &from("192.0.2.1")));
        let mut counted = stage.refusals.take_counts(Moment(1));
        counted.sort_by_key(total);
        let counted: Vec<_> =
            counted.iter().map(|entry| (entry.key.as_str(), entry.address.as_str(), total(entry))).collect();
        assert_eq!(counted, [("playbooks", "several addresses", 2), ("", "192.0.2.1", 10)]);
    }

    #[test]
    fn many_addresses_take_no_more_memory_and_entries_than_a_thousand() {
        let stage = ClockedRefusals::new(1);
        let address = |number: u32| IpAddr::from(number.to_be_bytes()).to_string();
        let mut entries = 0;
        for number in 1..=100_000 {
            let _ = stage.refusals.limit(stage.stranger(&address(number)));
            entries += stage.entries(&address(number), 1);
        }
        assert_eq!(entries, MOST_ADDRESSES + 50);
        assert_eq!(stage.refusals.state().addresses.len(), MOST_ADDRESSES + 1);
        assert_eq!(stage.counts(), [("other addresses".to_owned(), 100_000 - 1_050)]);
        for number in 1..=100 {
            entries += stage.entries(&address(number), 50);
        }
        assert_eq!(entries, OWN_ENTRIES_IN_ALL as usize);
        stage.clock.advance(MINUTE);
        stage.counts();
        assert!(stage.refusals.state().addresses.is_empty());
        assert_eq!(stage.entries(&address(100_000), 51), 50);
        assert_eq!(stage.counts(), [(address(100_000), 1)]);
    }

    #[test]
    fn without_a_limit_a_refusal_is_never_too_many() {
        let stage = ClockedRefusals::new(0);
        assert!((0..1_000).all(|_| stage.refusals.limit(stage.stranger("192.0.2.1")).is_ok()));
    }
}
