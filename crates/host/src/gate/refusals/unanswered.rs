//! Calls that were not answered, so nothing was refused to anybody: the audit log is told how many they were.

use std::collections::BTreeMap;
use std::net::IpAddr;

use soar_store::model::{AuditEntry, Moment, Surface};

/// How many addresses are told apart, by where their calls came in; more are told of together.
const MOST_ADDRESSES: usize = 100;

/// What stands for the address of calls from many.
const OTHERS: &str = "other addresses";

/// Why a call was not answered.
#[derive(Debug, Clone, Copy)]
pub(super) enum Because {
    /// It had no place to wait for its turn, or lost it to a call of another address.
    NoPlace,
    /// Its caller went away while it waited.
    Left,
}

/// How many calls were not answered since the host began.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    /// Their connections were closed, for there was no place to wait.
    pub closed: u64,
    /// Their callers went away while they waited.
    pub left: u64,
}

impl Totals {
    fn add(&mut self, because: Because) {
        *match because {
            Because::NoPlace => &mut self.closed,
            Because::Left => &mut self.left,
        } += 1;
    }
}

/// Counts them.
#[derive(Debug, Default)]
pub(super) struct Unanswered {
    pub totals: Totals,
    /// What the audit log has not been told, by where they came from, if that is known, and in.
    untold: BTreeMap<(Option<IpAddr>, Surface), Untold>,
}

#[derive(Debug)]
struct Untold {
    totals: Totals,
    /// When the first and the last one came.
    first: Moment,
    last: Moment,
}

impl Unanswered {
    pub(super) fn add(&mut self, because: Because, at: Moment, address: Option<IpAddr>, surface: Surface) {
        self.totals.add(because);
        let is_known = self.untold.contains_key(&(address, surface));
        let address = address.filter(|_| is_known || self.untold.len() < MOST_ADDRESSES);
        let new = || Untold { totals: Totals::default(), first: at, last: at };
        let untold = self.untold.entry((address, surface)).or_insert_with(new);
        untold.totals.add(because);
        // Calls that came together may be counted in another order.
        (untold.first, untold.last) = (untold.first.min(at), untold.last.max(at));
    }

    /// Entries, of `at`, that tell what the audit log has not been told.
    pub(super) fn tell(&mut self, at: Moment) -> Vec<AuditEntry> {
        let untold = std::mem::take(&mut self.untold).into_iter();
        untold.map(|((address, surface), untold)| untold.entry(at, address, surface)).collect()
    }
}

impl Untold {
    fn entry(&self, at: Moment, address: Option<IpAddr>, surface: Surface) -> AuditEntry {
        let Totals { closed, left } = self.totals;
        let count = closed + left;
        let noun = if count == 1 { "call" } else { "calls" };
        let (first, last) = (self.first, self.last);
        AuditEntry {
            address: match address {
                None => OTHERS.to_owned(),
                Some(IpAddr::V4(address)) => address.to_string(),
                Some(IpAddr::V6(network)) => format!("{network}/64"),
            },
            accepted: false,
            reason: format!(
                "{count} {noun} without a good key, from {first} to {last}, got no answer: {closed} found too many \
                 waiting for theirs, {left} went away while they waited."
            ),
            ..AuditEntry::new(at, surface, uuid::Uuid::now_v7().to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn four(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn one_entry_tells_how_many_calls_of_an_address_were_not_answered_when_and_why() {
        let mut unanswered = Unanswered::default();
        for (because, at, address, surface) in [
            (Because::NoPlace, 2000, four(1), Surface::Command),
            (Because::NoPlace, 1000, four(1), Surface::Command),
            (Because::Left, 2900, four(1), Surface::Command),
            (Because::NoPlace, 2500, four(1), Surface::Management),
            (Because::Left, 1500, Some("2001:db8::".parse().unwrap()), Surface::Tenant),
            (Because::Left, 1500, None, Surface::Tenant),
        ] {
            unanswered.add(because, Moment(at), address, surface);
        }
        let entries = unanswered.tell(Moment(9000));
        let told: Vec<_> =
            entries.iter().map(|entry| (entry.surface, entry.address.as_str(), entry.reason.as_str())).collect();
        assert_eq!(
            told,
            [
                (
                    Surface::Tenant,
                    "other addresses",
                    "1 call without a good key, from 1970-01-01T00:00:01.5Z to 1970-01-01T00:00:01.5Z, got no answer: 0 \
                     found too many waiting for theirs, 1 went away while they waited."
                ),
                (
                    Surface::Command,
                    "192.0.2.1",
                    "3 calls without a good key, from 1970-01-01T00:00:01Z to 1970-01-01T00:00:02.9Z, got no answer: 2 \
                     found too many waiting for theirs, 1 went away while they waited."
                ),
                (
                    Surface::Management,
                    "192.0.2.1",
                    "1 call without a good key, from 1970-01-01T00:00:02.5Z to 1970-01-01T00:00:02.5Z, got no answer: 1 \
                     found too many waiting for theirs, 0 went away while they waited."
                ),
                (
                    Surface::Tenant,
                    "2001:db8::/64",
                    "1 call without a good key, from 1970-01-01T00:00:01.5Z to 1970-01-01T00:00:01.5Z, got no answer: 0 \
                     found too many waiting for theirs, 1 went away while they waited."
                ),
            ]
        );
        assert!(entries.iter().all(|entry| (entry.at, entry.status, entry.accepted) == (Moment(9000), 0, false)));
        assert!(entries[0].request_id != entries[1].request_id);
        assert!(unanswered.tell(Moment(9000)).is_empty());
        assert_eq!((unanswered.totals.closed, unanswered.totals.left), (3, 3));
    }

    #[test]
    fn addresses_do_not_pile_up() {
        let mut unanswered = Unanswered::default();
        for number in 0..2 * 500_u32 {
            let address = Some(IpAddr::from((number / 2).to_be_bytes()));
            unanswered.add(Because::NoPlace, Moment(1), address, Surface::Command);
        }
        let entries = unanswered.tell(Moment(1));
        assert_eq!((entries.len(), entries[0].address.as_str()), (MOST_ADDRESSES + 1, "other addresses"));
        assert!(entries[0].reason.starts_with("800 calls"), "{}", entries[0].reason);
        assert!(entries[1..].iter().all(|entry| entry.reason.starts_with("2 calls")));
    }
}
