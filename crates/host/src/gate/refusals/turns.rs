//! In which order refusals are given: so many a second to each address and to all together, to each address in the order
//! its calls came, and to addresses in turns.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::oneshot;

/// How many times what one address may do all addresses together may.
const ALL: u32 = 10;

/// How many calls wait at most. Each keeps its connection open, so they are half of the files that systems let a process
/// open unless told otherwise (1,024); and at the usual limit all of them have had their turn after a second or two.
pub(super) const MOST: usize = 500;

/// How many calls of one address wait at most: at the usual limit two seconds' turns, which callers wait for.
pub(super) const MOST_OF_ONE: usize = 100;

const SECOND: Duration = Duration::from_secs(1);

/// Who may be refused when.
#[derive(Debug)]
pub(super) struct Turns {
    per_address: u32,
    in_all: u32,
    /// When the second began that the numbers given are about, on the clock's count.
    since: Duration,
    given: u32,
    /// Addresses that had a turn in this second, or wait for one.
    addresses: HashMap<Option<IpAddr>, Address>,
    /// Addresses that wait; first the one that is next.
    order: VecDeque<Option<IpAddr>>,
    /// How many calls wait.
    waiting: usize,
    last_ticket: u64,
}

#[derive(Debug, Default)]
struct Address {
    /// How many turns it had in this second.
    given: u32,
    /// Its calls that wait, by their tickets, which rise.
    waiting: VecDeque<(u64, oneshot::Sender<()>)>,
}

/// What a call gets that asks for its turn.
#[derive(Debug)]
pub(super) enum Asked {
    /// It is its turn.
    Now,
    /// It is told when its turn comes; dropped instead, it lost its place to a call of another address.
    Later(u64, oneshot::Receiver<()>),
    /// There is no place to wait.
    NoPlace,
}

impl Turns {
    pub(super) fn new(per_address: u32) -> Self {
        Self {
            per_address,
            in_all: per_address.saturating_mul(ALL),
            since: Duration::ZERO,
            given: 0,
            addresses: HashMap::new(),
            order: VecDeque::new(),
            waiting: 0,
            last_ticket: 0,
        }
    }

    /// How many calls wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// How long it is from `now` until turns are given again.
    pub(super) fn next(&self, now: Duration) -> Duration {
        (self.since + SECOND).saturating_sub(now)
    }

    pub(super) fn ask(&mut self, now: Duration, address: Option<IpAddr>) -> Asked {
        self.give(now);
        let known = self.addresses.get(&address);
        let (given, waiting) = known.map_or((0, 0), |known| (known.given, known.waiting.len()));
        // Nobody of the address waits then: one of the two would be used up.
        if given < self.per_address && self.given < self.in_all {
            self.given += 1;
            self.addresses.entry(address).or_default().given += 1;
            return Asked::Now;
        }
        if waiting >= MOST_OF_ONE || self.waiting >= MOST && !self.make_place(waiting + 1) {
            return Asked::NoPlace;
        }
        if waiting == 0 {
            self.order.push_back(address);
        }
        self.last_ticket += 1;
        self.waiting += 1;
        let (turn, told) = oneshot::channel();
        self.addresses.entry(address).or_default().waiting.push_back((self.last_ticket, turn));
        Asked::Later(self.last_ticket, told)
    }

    /// Takes the last place of the address that has most, if those are more than `wanted`: a few addresses do not keep all
    /// others from waiting.
    fn make_place(&mut self, wanted: usize) -> bool {
        let most = self.addresses.values_mut().max_by_key(|address| address.waiting.len());
        let Some(most) = most.filter(|address| address.waiting.len() > wanted) else { return false };
        most.waiting.pop_back();
        self.waiting -= 1;
        true
    }

    /// Gives those who wait their turns, if another second has begun.
    pub(super) fn give(&mut self, now: Duration) {
        if now.saturating_sub(self.since) < SECOND {
            return;
        }
        (self.since, self.given) = (now, 0);
        self.addresses.retain(|_, address| {
            address.given = 0;
            !address.waiting.is_empty()
        });
        let mut had_theirs = VecDeque::new();
        while self.given < self.in_all
            && let Some(next) = self.order.pop_front()
        {
            let Some(address) = self.addresses.get_mut(&next) else { continue };
            if let Some((_, turn)) = address.waiting.pop_front() {
                self.waiting -= 1;
                // One who has just gone away takes no turn from another.
                let is_there = u32::from(turn.send(()).is_ok());
                address.given += is_there;
                self.given += is_there;
            }
            if address.waiting.is_empty() {
                continue;
            }
            if address.given < self.per_address { &mut self.order } else { &mut had_theirs }.push_back(next);
        }
        self.order.append(&mut had_theirs);
    }

    /// Gives everyone their turn at once.
    pub(super) fn give_all(&mut self) {
        for (_, turn) in self.addresses.values_mut().flat_map(|address| address.waiting.drain(..)) {
            // One who has just gone away needs none.
            let _ = turn.send(());
        }
        self.order.clear();
        self.waiting = 0;
    }

    /// Frees the place of a call that does not wait any more, if it still has it.
    pub(super) fn leave(&mut self, address: Option<IpAddr>, ticket: u64) {
        let Some(left) = self.addresses.get_mut(&address) else { return };
        let Ok(place) = left.waiting.binary_search_by_key(&ticket, |(ticket, _)| *ticket) else { return };
        left.waiting.remove(place);
        self.waiting -= 1;
        if left.waiting.is_empty() {
            self.order.retain(|waits| *waits != address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns, and those who wait for them: the number of the address, and a number of their own.
    struct Queue {
        turns: Turns,
        now: Duration,
        waiting: Vec<(u32, u64, oneshot::Receiver<()>)>,
    }

    fn address(number: u32) -> Option<IpAddr> {
        Some(IpAddr::from(number.to_be_bytes()))
    }

    impl Queue {
        fn new(per_address: u32) -> Self {
            Self { turns: Turns::new(per_address), now: SECOND * 5, waiting: Vec::new() }
        }

        /// `Some(true)` if it is its turn, `Some(false)` if it waits.
        fn ask(&mut self, number: u32) -> Option<bool> {
            match self.turns.ask(self.now, address(number)) {
                Asked::Now => Some(true),
                Asked::Later(ticket, told) => {
                    self.waiting.push((number, ticket, told));
                    Some(false)
                }
                Asked::NoPlace => None,
            }
        }

        fn ask_often(&mut self, number: u32, times: usize) -> Vec<Option<bool>> {
            (0..times).map(|_| self.ask(number)).collect()
        }

        /// Whose turn has come, and who lost their place, in the order they asked.
        fn told(&mut self) -> (Vec<u32>, Vec<u32>) {
            let (mut come, mut lost) = (Vec::new(), Vec::new());
            let mut newest = Vec::new();
            self.waiting.retain_mut(|(number, ticket, told)| match told.try_recv() {
                Ok(()) => {
                    come.push(*number);
                    false
                }
                Err(oneshot::error::TryRecvError::Closed) => {
                    lost.push(*number);
                    newest.push((*number, *ticket));
                    false
                }
                Err(oneshot::error::TryRecvError::Empty) => true,
            });
            for (number, ticket) in newest {
                assert!(self.waiting.iter().all(|(other, waits, _)| *other != number || *waits < ticket));
            }
            assert_eq!(self.turns.waiting(), self.waiting.len());
            let places: usize = self.turns.addresses.values().map(|address| address.waiting.len()).sum();
            assert_eq!(places, self.waiting.len());
            let mut order: Vec<_> = self.turns.order.iter().copied().collect();
            order.sort();
            order.dedup();
            let mut addresses: Vec<_> = self.waiting.iter().map(|(number, ..)| address(*number)).collect();
            addresses.sort();
            addresses.dedup();
            assert_eq!((order.len(), &order), (self.turns.order.len(), &addresses));
            (come, lost)
        }

        fn next_second(&mut self) -> Vec<u32> {
            self.now += self.turns.next(self.now);
            self.turns.give(self.now);
            let (come, lost) = self.told();
            assert_eq!(lost, [0; 0]);
            come
        }
    }

    #[test]
    fn an_address_has_so_many_turns_a_second_and_the_rest_follow_in_their_order() {
        let mut queue = Queue::new(2);
        assert_eq!(queue.ask_often(1, 5), [Some(true), Some(true), Some(false), Some(false), Some(false)]);
        assert_eq!(queue.ask(2), Some(true), "another address has turns of its own");
        let tickets: Vec<_> = queue.waiting.iter().map(|(_, ticket, _)| *ticket).collect();
        assert_eq!(queue.turns.next(queue.now), SECOND);
        queue.now += SECOND - Duration::from_millis(1);
        assert_eq!(queue.turns.next(queue.now), Duration::from_millis(1));
        queue.turns.give(queue.now);
        assert_eq!(queue.told(), (vec![], vec![]));
        assert_eq!(queue.next_second(), [1, 1]);
        assert_eq!(queue.waiting[0].1, tickets[2]);
        // Whoever comes now comes after those who wait.
        assert_eq!(queue.ask(1), Some(false));
        assert_eq!(queue.next_second(), [1, 1]);
        assert_eq!(queue.next_second(), [0; 0]);
        assert!(queue.turns.addresses.is_empty());
        assert_eq!(queue.ask(1), Some(true));
    }

    #[test]
    fn a_call_finds_its_turn_even_if_nobody_gave_turns_meanwhile() {
        let mut queue = Queue::new(1);
        assert_eq!(queue.ask_often(1, 2), [Some(true), Some(false)]);
        queue.now += SECOND;
        assert_eq!(queue.ask(1), Some(false));
        assert_eq!(queue.told().0, [1], "the one who waited is first");
    }

    #[test]
    fn all_addresses_together_have_ten_times_as_many_and_take_turns() {
        let mut queue = Queue::new(1);
        for number in 1..=12 {
            assert_eq!(queue.ask(number), Some(number <= 10), "{number}");
        }
        (1..=12).for_each(|number| assert_eq!(queue.ask(number), Some(false)));
        // 11 and 12 came first, and have two each.
        assert_eq!(queue.next_second(), [11, 12, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(queue.next_second(), [9, 10, 11, 12]);
        let mut queue = Queue::new(3);
        for number in 1..=12 {
            queue.ask_often(number, 13);
        }
        // Thirty a second for twelve who want more: two or three for each.
        let mut had = [0; 13];
        for second in 1..=2 {
            let come = queue.next_second();
            assert_eq!(come.len(), 30);
            come.iter().for_each(|number| had[*number as usize] += 1);
            let (least, most) = (had[1..].iter().min().unwrap(), had[1..].iter().max().unwrap());
            assert!(*most <= 3 * second && most - least <= 1, "{had:?}");
        }
    }

    #[test]
    fn one_address_has_some_of_the_places() {
        let mut queue = Queue::new(1);
        assert_eq!(queue.ask(1), Some(true));
        assert_eq!(queue.ask_often(1, MOST_OF_ONE), [Some(false)].repeat(MOST_OF_ONE));
        assert_eq!(queue.ask_often(1, 3), [None; 3]);
        assert_eq!(queue.ask_often(2, 2), [Some(true), Some(false)]);
        assert_eq!(queue.next_second(), [1, 2]);
        assert_eq!(queue.ask_often(1, 2), [Some(false), None]);
    }

    #[test]
    fn when_all_places_are_taken_an_address_that_has_many_loses_one_to_an_address_that_has_few() {
        let mut queue = Queue::new(1);
        let many = u32::try_from(MOST / MOST_OF_ONE).unwrap();
        for number in 1..=many {
            queue.ask_often(number, MOST_OF_ONE + 1);
        }
        assert_eq!(queue.turns.waiting(), MOST);
        assert_eq!(queue.ask(1), None);
        let few = many + 1;
        assert_eq!(queue.ask(few), Some(true), "not all turns of this second are taken");
        for held in 0..MOST / few as usize {
            assert_eq!(queue.ask(few), Some(false), "{held}");
            let (come, lost) = queue.told();
            assert!(come.is_empty() && lost.len() == 1 && lost[0] != few, "{lost:?}");
            assert_eq!(queue.turns.waiting(), MOST);
        }
        assert_eq!(queue.ask(few), None, "it has as many as each of the others");
        // It is not behind all calls of the others, but in line with the others.
        assert_eq!(queue.next_second(), (1..=few).collect::<Vec<_>>());
    }

    #[test]
    fn addresses_do_not_pile_up() {
        let mut queue = Queue::new(1);
        let places = u32::try_from(MOST).unwrap();
        for number in 0..10 + places + 500 {
            let expected = if number < 10 { Some(true) } else { (number < 10 + places).then_some(false) };
            assert_eq!(queue.ask(number), expected, "{number}");
        }
        assert_eq!(queue.turns.addresses.len(), 10 + MOST);
        for _ in 0..MOST / 10 {
            assert_eq!(queue.next_second().len(), 10);
        }
        queue.next_second();
        assert!(queue.turns.addresses.is_empty() && queue.waiting.is_empty());
    }

    #[test]
    fn whoever_goes_away_frees_the_place_and_takes_no_turn() {
        let mut queue = Queue::new(1);
        assert_eq!(queue.ask_often(1, MOST_OF_ONE + 2).last(), Some(&None));
        let (number, ticket, told) = queue.waiting.remove(3);
        queue.turns.leave(address(number), ticket);
        drop(told);
        assert_eq!(queue.ask_often(1, 2), [Some(false), None]);
        // Gone, but nobody has been told yet.
        drop(queue.waiting.remove(0));
        assert_eq!(queue.next_second(), [1]);
        queue.ask_often(2, 2);
        let (number, ticket, _) = queue.waiting.pop().unwrap();
        queue.turns.leave(address(number), ticket);
        queue.turns.leave(address(number), ticket);
        assert_eq!(queue.told(), (vec![], vec![]));
        assert_eq!(queue.ask(2), Some(false));
        assert_eq!(queue.next_second(), [1, 2]);
    }

    #[test]
    fn in_the_end_everyone_has_their_turn() {
        let mut queue = Queue::new(1);
        queue.ask_often(1, 20);
        queue.ask_often(2, 20);
        queue.turns.give_all();
        assert_eq!(queue.told(), ([[1; 19], [2; 19]].concat(), vec![]));
    }
}
