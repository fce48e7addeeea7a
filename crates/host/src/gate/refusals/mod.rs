//! Calls without a good key: each is refused when its turn comes, so nobody without a key can fill the audit log, or keep
//! its writer from others.

mod turns;
mod unanswered;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use soar_connector::Clock;
use soar_store::model::{AuditEntry, Moment, Surface};
use tokio::sync::oneshot;

use turns::{Asked, Turns};
pub(crate) use unanswered::Totals;
use unanswered::{Because, Unanswered};

/// Gives calls without a good key their turns.
#[derive(Debug)]
pub(crate) struct Refusals {
    /// None for any number a second.
    queue: Option<Arc<Queue>>,
}

#[derive(Debug)]
struct Queue {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    turns: Turns,
    unanswered: Unanswered,
    /// Whether there is a task that gives those who wait their turns.
    is_tended: bool,
    /// Whether nobody waits any more.
    is_ending: bool,
}

impl Refusals {
    /// `per_second` is how many an address may have; 0 for any number.
    pub(crate) fn new(per_second: u32, clock: Arc<dyn Clock>) -> Self {
        let queue = (per_second > 0).then(|| {
            let turns = Turns::new(per_second);
            let state = State { turns, unanswered: Unanswered::default(), is_tended: false, is_ending: false };
            Arc::new(Queue { clock, state: Mutex::new(state) })
        });
        Self { queue }
    }

    /// The turn of a call without a good key, of which `entry` tells.
    pub(crate) fn ask(&self, address: Option<IpAddr>, entry: &AuditEntry) -> Turn {
        let Some(queue) = &self.queue else { return Turn::Now };
        let address = address.map(network);
        let mut state = queue.state();
        if state.is_ending {
            return Turn::Now;
        }
        match state.turns.ask(queue.clock.elapsed(), address) {
            Asked::Now => Turn::Now,
            Asked::NoPlace => {
                state.unanswered.add(Because::NoPlace, entry.at, address, entry.surface);
                Turn::Never
            }
            Asked::Later(ticket, told) => {
                if !std::mem::replace(&mut state.is_tended, true) {
                    tokio::spawn(Arc::clone(queue).tend());
                }
                let (queue, at, surface) = (Arc::clone(queue), entry.at, entry.surface);
                Turn::Later(Waiting { queue, at, address, surface, ticket, told, is_over: false })
            }
        }
    }

    /// Entries, of `at`, about the calls that were not answered and that none has told of.
    pub(crate) fn tell_unanswered(&self, at: Moment) -> Vec<AuditEntry> {
        self.queue.as_ref().map(|queue| queue.state().unanswered.tell(at)).unwrap_or_default()
    }

    /// How many calls wait for their turn, and how many were not answered.
    pub(crate) fn figures(&self) -> (usize, Totals) {
        let Some(queue) = &self.queue else { return Default::default() };
        let state = queue.state();
        (state.turns.waiting(), state.unanswered.totals)
    }

    /// From now on it is every call's turn at once.
    pub(crate) fn end(&self) {
        if let Some(queue) = &self.queue {
            let mut state = queue.state();
            state.is_ending = true;
            state.turns.give_all();
        }
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives those who wait their turns, until nobody does: one timer for all of them.
    async fn tend(self: Arc<Self>) {
        loop {
            let next = self.state().turns.next(self.clock.elapsed());
            self.clock.sleep(next).await;
            let mut state = self.state();
            state.turns.give(self.clock.elapsed());
            if state.turns.waiting() == 0 {
                state.is_tended = false;
                return;
            }
        }
    }
}

/// When a call without a good key is refused. Dropped while it waits, the call counts as one whose caller went away.
#[derive(Debug)]
pub(crate) enum Turn {
    /// At once.
    Now,
    /// When its turn comes.
    Later(Waiting),
    /// Too many wait, so it is not answered.
    Never,
}

/// A place among the calls that wait for their turn.
#[derive(Debug)]
pub(crate) struct Waiting {
    queue: Arc<Queue>,
    at: Moment,
    address: Option<IpAddr>,
    surface: Surface,
    ticket: u64,
    told: oneshot::Receiver<()>,
    is_over: bool,
}

impl Turn {
    /// Waits for it; no if it never comes.
    pub(crate) async fn comes(self) -> bool {
        match self {
            Self::Now => true,
            Self::Later(waiting) => waiting.turn().await,
            Self::Never => false,
        }
    }
}

impl Waiting {
    async fn turn(mut self) -> bool {
        let comes = (&mut self.told).await.is_ok();
        self.is_over = true;
        if !comes {
            self.count(Because::NoPlace);
        }
        comes
    }

    fn count(&self, because: Because) {
        self.queue.state().unanswered.add(because, self.at, self.address, self.surface);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.is_over {
            self.queue.state().turns.leave(self.address, self.ticket);
            self.count(Because::Left);
        }
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

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use soar_connector::testing::ManualClock;

    use super::*;

    /// Refusals on a clock that stands.
    struct Stage {
        clock: ManualClock,
        refusals: Refusals,
    }

    impl Stage {
        fn new(per_second: u32) -> Self {
            let clock = ManualClock::held();
            Self { refusals: Refusals::new(per_second, Arc::new(clock.clone())), clock }
        }

        fn ask(&self, address: &str) -> Turn {
            let entry = AuditEntry::new(Moment(1), Surface::Command, "");
            self.refusals.ask(Some(address.parse().unwrap()), &entry)
        }

        fn figures(&self) -> (usize, u64, u64) {
            let (waiting, Totals { closed, left }) = self.refusals.figures();
            (waiting, closed, left)
        }

        /// Lets a second pass, and the task that gives turns act.
        async fn next_second(&self) {
            // It is asleep already, or goes to sleep first.
            tokio::task::yield_now().await;
            self.clock.advance(Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
    }

    /// How many have come; they are taken out.
    fn come(turns: &mut Vec<Pin<Box<impl Future<Output = bool>>>>) -> usize {
        let before = turns.len();
        turns.retain_mut(|turn| turn.as_mut().now_or_never() != Some(true));
        before - turns.len()
    }

    #[tokio::test]
    async fn calls_that_wait_get_their_turns_by_the_clock_and_by_one_timer() {
        let stage = Stage::new(2);
        let mut turns: Vec<_> = (0..7).map(|_| Box::pin(stage.ask("192.0.2.1").comes())).collect();
        assert_eq!((come(&mut turns), stage.figures()), (2, (5, 0, 0)));
        for (expected, waiting) in [(2, 3), (2, 1), (1, 0)] {
            stage.next_second().await;
            assert_eq!((come(&mut turns), stage.figures()), (expected, (waiting, 0, 0)));
        }
        assert_eq!(stage.clock.sleeps().len(), 3);
        // And anew, once it had ended.
        stage.next_second().await;
        assert!(stage.ask("192.0.2.1").comes().await && stage.ask("192.0.2.1").comes().await);
        let waits = stage.ask("192.0.2.1");
        stage.next_second().await;
        assert_eq!(waits.comes().now_or_never(), Some(true));
        assert_eq!(stage.clock.sleeps().len(), 4);
    }

    #[tokio::test]
    async fn a_network_of_ipv6_is_one_address() {
        let stage = Stage::new(1);
        assert!(matches!(stage.ask("2001:db8::1"), Turn::Now));
        assert!(matches!(stage.ask("2001:db8::ffff:2"), Turn::Later(_)));
        assert!(matches!(stage.ask("2001:db8:0:1::1"), Turn::Now));
        assert!(matches!(stage.ask("192.0.2.1"), Turn::Now));
        assert!(matches!(stage.ask("192.0.2.2"), Turn::Now));
    }

    #[tokio::test]
    async fn a_call_that_loses_its_place_or_finds_none_is_told_so_and_counted_and_so_is_one_that_left() {
        const MANY: usize = turns::MOST / turns::MOST_OF_ONE;
        let stage = Stage::new(1);
        let held: Vec<_> =
            (1..=MANY).flat_map(|last| vec![format!("192.0.2.{last}"); turns::MOST_OF_ONE + 1]).collect();
        let mut held: Vec<_> = held.iter().map(|address| Box::pin(stage.ask(address).comes())).collect();
        assert_eq!(come(&mut held), MANY);
        assert_eq!(stage.figures(), (turns::MOST, 0, 0));
        assert!(!stage.ask("192.0.2.1").comes().await);
        assert!(stage.ask("192.0.2.11").comes().await);
        let late = stage.ask("192.0.2.11");
        assert_eq!(stage.figures(), (turns::MOST, 1, 0));
        held.retain_mut(|turn| turn.as_mut().now_or_never() != Some(false));
        assert_eq!((held.len(), stage.figures()), (turns::MOST - 1, (turns::MOST, 2, 0)));
        drop(held);
        assert_eq!(stage.figures(), (1, 2, turns::MOST as u64 - 1));
        stage.next_second().await;
        assert_eq!(late.comes().now_or_never(), Some(true));
        assert_eq!(stage.figures(), (0, 2, turns::MOST as u64 - 1));
        let told = stage.refusals.tell_unanswered(Moment(1));
        assert_eq!(told.len(), MANY);
        assert!(stage.refusals.tell_unanswered(Moment(1)).is_empty());
    }

    #[tokio::test]
    async fn in_the_end_nobody_waits() {
        let stage = Stage::new(1);
        let turns: Vec<_> = (0..50).map(|_| stage.ask("192.0.2.1").comes()).collect();
        stage.refusals.end();
        assert!(turns.into_iter().all(|turn| turn.now_or_never() == Some(true)));
        assert!((0..500).all(|_| matches!(stage.ask("192.0.2.1"), Turn::Now)));
        assert_eq!(stage.figures(), (0, 0, 0));
    }

    #[tokio::test]
    async fn without_a_limit_nobody_waits() {
        let stage = Stage::new(0);
        assert!((0..1000).all(|_| matches!(stage.ask("192.0.2.1"), Turn::Now)));
        stage.refusals.end();
        assert_eq!(stage.figures(), (0, 0, 0));
        assert!(stage.refusals.tell_unanswered(Moment(1)).is_empty());
    }
}
