//! Calls without a good key: each address may make so many per second; more are answered 429, and the audit log holds
//! their count in place of an entry each. So nobody without a key can fill the log, or keep its writer from others.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use soar_connector::Clock;

/// How many times what one address may do all addresses together may.
const ALL: u32 = 10;

/// How many addresses are told apart; more count as one.
const MOST_ADDRESSES: usize = 10_000;

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
    /// How many calls have no entry in the log yet.
    unlogged: u64,
}

impl Count {
    fn has_room(&mut self, now: Duration, most: u32) -> bool {
        if now.saturating_sub(self.since) >= SECOND {
            (self.since, self.counted) = (now, 0);
        }
        self.counted < most
    }

    fn says_nothing(&self, now: Duration) -> bool {
        self.unlogged == 0 && now.saturating_sub(self.since) >= SECOND
    }
}

impl Refusals {
    pub(crate) fn new(per_second: u32, clock: Arc<dyn Clock>) -> Self {
        Self { per_second, clock, counts: Mutex::default() }
    }

    /// Counts a call without a good key; whether it gets an entry of its own in the audit log.
    pub(crate) fn count(&self, address: Option<IpAddr>) -> bool {
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
            count.unlogged += 1;
        }
        has_room
    }

    /// How many calls of which address have no entry in the log; they count as logged from now on.
    pub(crate) fn take_unlogged(&self) -> Vec<(String, u64)> {
        let now = self.clock.elapsed();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::new();
        counts.by_address.retain(|address, count| {
            if count.unlogged > 0 {
                taken.push((shown(*address), std::mem::take(&mut count.unlogged)));
            }
            !count.says_nothing(now)
        });
        taken
    }
}

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

fn shown(address: Option<IpAddr>) -> String {
    match address {
        None => String::new(),
        Some(address @ IpAddr::V4(_)) => address.to_string(),
        Some(network @ IpAddr::V6(_)) => format!("{network}/64"),
    }
}

#[cfg(test)]
mod tests {
    use soar_connector::testing::ManualClock;

    use super::*;

    fn four(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn an_address_has_so_many_per_second_and_all_together_ten_times_as_many() {
        let clock = ManualClock::new();
        let refusals = Refusals::new(2, Arc::new(clock.clone()));
        let logged = |address| refusals.count(address);
        assert_eq!([logged(four(1)), logged(four(1)), logged(four(1))], [true, true, false]);
        let others = (2..=20).flat_map(|last| [four(last), four(last)]).filter(|address| logged(*address)).count();
        assert_eq!(others, 18);
        clock.advance(SECOND);
        assert!(refusals.count(four(1)));
        let unlogged = refusals.take_unlogged();
        assert_eq!(unlogged.iter().map(|(_, count)| count).sum::<u64>(), 21);
        assert!(unlogged.contains(&("192.0.2.1".to_owned(), 1)), "{unlogged:?}");
        assert!(refusals.take_unlogged().is_empty());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_addresses_do_not_pile_up() {
        let clock = ManualClock::new();
        let refusals = Refusals::new(1, Arc::new(clock.clone()));
        let six = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        assert!(refusals.count(six("2001:db8::1")));
        assert!(!refusals.count(six("2001:db8::2")));
        assert_eq!(refusals.take_unlogged(), [("2001:db8::/64".to_owned(), 1)]);
        for number in 0..=u32::try_from(MOST_ADDRESSES).unwrap() {
            refusals.count(Some(IpAddr::from((0x0a00_0000 + number).to_be_bytes())));
        }
        let known = || refusals.counts.lock().unwrap().by_address.len();
        assert!(known() <= MOST_ADDRESSES + 1, "{}", known());
        refusals.take_unlogged();
        clock.advance(SECOND);
        refusals.take_unlogged();
        assert_eq!(known(), 0);
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let refusals = Refusals::new(0, Arc::new(ManualClock::new()));
        assert!((0..1000).all(|_| refusals.count(None)));
    }
}
