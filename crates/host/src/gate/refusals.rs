//! Calls without a good key: each address may make so many per second; more are answered 429, and the audit log holds
//! one entry about all of them, every few seconds, in place of an entry each. So nobody without a key can fill the log, or
//! keep its writer from others.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use soar_connector::Clock;

use crate::model::{AuditEntry, Surface};
use crate::moment;

/// How many times what one address may do all addresses together may.
const ALL: u32 = 10;

/// How many addresses are told apart; more count as one.
const MOST_ADDRESSES: usize = 10_000;

/// How many addresses have an entry of their own each time; the rest have one together.
const MOST_ENTRIES: usize = 100;

/// How many reasons are told apart per address.
const MOST_REASONS: usize = 8;

const SECOND: Duration = Duration::from_secs(1);

/// Counts refused calls by address.
#[derive(Debug)]
pub(crate) struct Refusals {
    /// 0 for any number.
    per_second: u32,
    clock: Arc<dyn Clock>,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    by_address: HashMap<Option<IpAddr>, Count>,
    all: Count,
}

#[derive(Debug, Default)]
struct Count {
    /// When the second began that `counted` is about, on the clock's count.
    since: Duration,
    counted: u32,
    /// Calls that have no entry in the log yet, by where they came in.
    unlogged: BTreeMap<Surface, Unlogged>,
}

#[derive(Debug, Default)]
struct Unlogged {
    calls: u64,
    /// When the first and the last one came, in milliseconds since 1970.
    first: i64,
    last: i64,
    /// How many were refused why; those that were refused otherwise are only in `calls`.
    reasons: BTreeMap<String, u64>,
}

impl Count {
    fn has_room(&mut self, now: Duration, most: u32) -> bool {
        if now.saturating_sub(self.since) >= SECOND {
            (self.since, self.counted) = (now, 0);
        }
        self.counted < most
    }

    fn says_nothing(&self, now: Duration) -> bool {
        self.unlogged.is_empty() && now.saturating_sub(self.since) >= SECOND
    }
}

impl Unlogged {
    fn add(&mut self, at: i64, reason: &str) {
        if self.calls == 0 {
            self.first = at;
        }
        self.calls += 1;
        // Calls that came together may be counted in another order.
        (self.first, self.last) = (self.first.min(at), self.last.max(at));
        if let Some(count) = self.reasons.get_mut(reason) {
            *count += 1;
        } else if self.reasons.len() < MOST_REASONS {
            self.reasons.insert(AuditEntry::kept(reason), 1);
        }
    }

    fn merge(&mut self, other: Self) {
        if self.calls == 0 {
            *self = other;
            return;
        }
        self.calls += other.calls;
        (self.first, self.last) = (self.first.min(other.first), self.last.max(other.last));
        for (reason, count) in other.reasons {
            if self.reasons.len() < MOST_REASONS || self.reasons.contains_key(&reason) {
                *self.reasons.entry(reason).or_default() += count;
            }
        }
    }

    /// The entry about them, with a request id of its own.
    fn entry(self, at: i64, surface: Surface, address: String) -> AuditEntry {
        let Self { calls, first, last, reasons } = self;
        let noun = if calls == 1 { "call" } else { "calls" };
        let (first, last) = (moment::text(first), moment::text(last));
        let mut reason =
            format!("{calls} {noun} without a good key from {first} to {last}, too many for an entry each. Why:");
        let mut told = 0;
        for (why, count) in reasons {
            told += count;
            // Writing to a text does not fail.
            let _ = write!(reason, " {count} × {why}");
        }
        if calls > told {
            let _ = write!(reason, " {} × something else.", calls - told);
        }
        AuditEntry {
            at,
            request_id: uuid::Uuid::now_v7().to_string(),
            surface,
            address,
            key: String::new(),
            username: String::new(),
            acting_for: String::new(),
            site: String::new(),
            command: String::new(),
            status: 429,
            accepted: false,
            reason,
        }
    }
}

impl Refusals {
    pub(crate) fn new(per_second: u32, clock: Arc<dyn Clock>) -> Self {
        Self { per_second, clock, counts: Mutex::default() }
    }

    /// Counts a call without a good key, of which `entry` tells; whether it gets that entry in the audit log.
    pub(crate) fn count(&self, address: Option<IpAddr>, entry: &AuditEntry) -> bool {
        if self.per_second == 0 {
            return true;
        }
        let now = self.clock.elapsed();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let Counts { by_address, all } = &mut *counts;
        let mut place = address.map(network);
        if by_address.len() >= MOST_ADDRESSES && !by_address.contains_key(&place) {
            by_address.retain(|_, count| !count.says_nothing(now));
            if by_address.len() >= MOST_ADDRESSES {
                place = None;
            }
        }
        let count = by_address.entry(place).or_default();
        let has_room = count.has_room(now, self.per_second) && all.has_room(now, self.per_second.saturating_mul(ALL));
        if has_room {
            count.counted += 1;
            all.counted += 1;
        } else {
            count.unlogged.entry(entry.surface).or_default().add(entry.at, &entry.reason);
        }
        has_room
    }

    /// Entries, of `at` (milliseconds since 1970), about the calls that have none: one for each address and where its
    /// calls came in, and for all but the busiest addresses one together. They count as logged from now on.
    pub(crate) fn take_unlogged(&self, at: i64) -> Vec<AuditEntry> {
        let now = self.clock.elapsed();
        let mut taken = Vec::new();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.by_address.retain(|address, count| {
            let unlogged = std::mem::take(&mut count.unlogged);
            taken.extend(unlogged.into_iter().map(|(surface, unlogged)| (*address, surface, unlogged)));
            !count.says_nothing(now)
        });
        drop(counts);
        taken.sort_by_key(|(address, _, unlogged)| (address.is_none(), std::cmp::Reverse(unlogged.calls)));
        let mut others: BTreeMap<Surface, Unlogged> = BTreeMap::new();
        let mut entries = Vec::new();
        for (address, surface, unlogged) in taken {
            match address {
                Some(address) if entries.len() < MOST_ENTRIES => {
                    entries.push(unlogged.entry(at, surface, shown(address)));
                }
                _ => others.entry(surface).or_default().merge(unlogged),
            }
        }
        let others = others.into_iter().map(|(surface, unlogged)| unlogged.entry(at, surface, OTHERS.to_owned()));
        entries.extend(others);
        entries
    }
}

/// What stands for the address of calls from many.
const OTHERS: &str = "other addresses";

/// What counts as one address: of IPv6 the network, for whoever has one has all of it.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

fn shown(address: IpAddr) -> String {
    match address {
        IpAddr::V4(_) => address.to_string(),
        IpAddr::V6(network) => format!("{network}/64"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use soar_connector::testing::ManualClock;

    use super::*;

    fn four(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    /// Refusals on a clock that stands at the beginning of 1970.
    struct Stage {
        clock: ManualClock,
        refusals: Refusals,
    }

    impl Stage {
        fn new(per_second: u32) -> Self {
            let clock = ManualClock::held_at(UNIX_EPOCH);
            Self { refusals: Refusals::new(per_second, Arc::new(clock.clone())), clock }
        }

        fn at(&self) -> i64 {
            i64::try_from(self.clock.elapsed().as_millis()).unwrap()
        }

        fn count_for(&self, address: Option<IpAddr>, surface: Surface, reason: &str) -> bool {
            let entry = Unlogged::default().entry(self.at(), surface, String::new());
            self.refusals.count(address, &AuditEntry { reason: reason.to_owned(), ..entry })
        }

        fn count(&self, address: Option<IpAddr>) -> bool {
            self.count_for(address, Surface::Command, "No key was shown.")
        }

        fn taken(&self) -> Vec<AuditEntry> {
            self.refusals.take_unlogged(self.at())
        }

        fn known(&self) -> usize {
            self.refusals.counts.lock().unwrap().by_address.len()
        }
    }

    #[test]
    fn an_address_has_so_many_per_second_and_all_together_ten_times_as_many() {
        let stage = Stage::new(2);
        assert_eq!([stage.count(four(1)), stage.count(four(1)), stage.count(four(1))], [true, true, false]);
        let others = (2..=20).flat_map(|last| [four(last), four(last)]).filter(|address| stage.count(*address)).count();
        assert_eq!(others, 18);
        stage.clock.advance(SECOND);
        assert!(stage.count(four(1)));
        // 1 of the first address, 2 of each of 10 others.
        assert_eq!(stage.taken().len(), 11);
        assert!(stage.taken().is_empty());
    }

    #[test]
    fn one_entry_tells_how_many_calls_came_from_an_address_when_and_why_they_were_refused() {
        let stage = Stage::new(1);
        assert!(stage.count(four(1)));
        assert!(!stage.count(four(1)));
        stage.clock.advance(Duration::from_millis(900));
        assert!(!stage.count_for(four(1), Surface::Command, "The key is unknown."));
        assert!(!stage.count_for(four(1), Surface::Management, "No key was shown."));
        assert!(!stage.count(four(1)));
        stage.clock.advance(SECOND * 9);
        let entries = stage.taken();
        let told: Vec<_> = entries
            .iter()
            .map(|entry| (entry.surface, entry.address.as_str(), entry.at, entry.status, entry.reason.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (
                    Surface::Command,
                    "192.0.2.1",
                    9900,
                    429,
                    "3 calls without a good key from 1970-01-01T00:00:00Z to 1970-01-01T00:00:00.9Z, too many for an \
                     entry each. Why: 2 × No key was shown. 1 × The key is unknown."
                ),
                (
                    Surface::Management,
                    "192.0.2.1",
                    9900,
                    429,
                    "1 call without a good key from 1970-01-01T00:00:00.9Z to 1970-01-01T00:00:00.9Z, too many for an \
                     entry each. Why: 1 × No key was shown."
                ),
            ]
        );
        assert!(entries[0].request_id != entries[1].request_id && !entries[0].accepted);
    }

    #[test]
    fn reasons_do_not_pile_up() {
        let stage = Stage::new(1);
        for number in 0..=100 {
            stage.count_for(four(1), Surface::Command, &format!("\u{1b}Reason {number}."));
        }
        let reason = stage.taken().pop().unwrap().reason;
        assert!(reason.starts_with("100 calls") && reason.ends_with(" 92 × something else."), "{reason}");
        assert!(!reason.contains('\u{1b}'));
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let stage = Stage::new(1);
        let six = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        assert!(stage.count(six("2001:db8::1")));
        assert!(!stage.count(six("2001:db8::2")));
        assert_eq!(stage.taken()[0].address, "2001:db8::/64");
    }

    #[test]
    fn neither_addresses_nor_entries_pile_up() {
        let stage = Stage::new(1);
        let most = u32::try_from(MOST_ADDRESSES).unwrap();
        for number in 0..most + 500 {
            stage.count(Some(IpAddr::from((0x0a00_0000 + number).to_be_bytes())));
        }
        assert!(!stage.count(four(1)) && !stage.count(four(1)));
        assert!(stage.known() <= MOST_ADDRESSES + 1, "{}", stage.known());
        let entries = stage.taken();
        assert_eq!((entries.len(), entries.last().unwrap().address.as_str()), (MOST_ENTRIES + 1, "other addresses"));
        // All but the ten that had entries of their own, and but the hundred that are told apart.
        let expected = format!("{} calls", most + 502 - 10 - 100);
        assert!(entries.last().unwrap().reason.starts_with(&expected), "{expected}: {:?}", entries.last());
        stage.clock.advance(SECOND);
        assert!(stage.taken().is_empty());
        assert_eq!(stage.known(), 0);
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let stage = Stage::new(0);
        assert!((0..1000).all(|_| stage.count(None)));
        assert!(stage.taken().is_empty());
    }
}
