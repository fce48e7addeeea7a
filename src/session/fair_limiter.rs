//! Lets requests pass: so many a second, so many at once, tenants by turns, and none inside a Retry-After window.
//!
//! Tenants take turns (round robin), so one that floods does not starve the others.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use soar_connector::Clock;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use super::lock::lock;

/// The longest that a Retry-After is heeded for everybody.
const LONGEST_WINDOW: Duration = Duration::from_secs(3_600);

/// Which queue a request waits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QueueKey {
    /// Logins go first: all other requests wait for their result.
    Login,
    /// The tenant that the caller asked for.
    Tenant(Option<i64>),
}

/// Lets requests pass, tenant by tenant.
#[derive(Debug)]
pub(super) struct FairLimiter {
    pub(super) clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Tells commands that wait for another command's login that the server asked for a pause.
    news: watch::Sender<()>,
}

#[derive(Debug)]
struct State {
    rate: Rate,
    per_second: u32,
    most_in_flight: usize,
    in_flight: usize,
    /// No request passes before this time: the server said when to come back.
    closed_until: Duration,
    /// No login is tried again before this time: the server had too many of them.
    logins_rest_until: Duration,
    /// Waiting requests by queue, the queue whose turn it is first. No queue is empty.
    waiting: VecDeque<(QueueKey, VecDeque<oneshot::Sender<Permit>>)>,
    /// When the next look at the queue is due, if one is.
    wakes_at: Option<Duration>,
}

/// Leave to have one request under way; given back when dropped.
#[derive(Debug)]
pub(super) struct Permit(Option<Arc<FairLimiter>>);

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(fair_limiter) = self.0.take() {
            lock(&fair_limiter.state).in_flight -= 1;
            fair_limiter.dispatch();
        }
    }
}

impl FairLimiter {
    pub(super) fn new(clock: Arc<dyn Clock>, per_second: u32, most_in_flight: usize) -> Arc<Self> {
        let state = State {
            rate: rate(&clock, per_second),
            per_second,
            most_in_flight,
            in_flight: 0,
            closed_until: Duration::ZERO,
            logins_rest_until: Duration::ZERO,
            waiting: VecDeque::new(),
            wakes_at: None,
        };
        Arc::new(Self { clock, state: Mutex::new(state), news: watch::Sender::new(()) })
    }

    /// Waits for a turn of `queue`; `None` when the limiter closed meanwhile, and the caller has to decide again.
    pub(super) async fn pass(self: &Arc<Self>, queue: QueueKey) -> Option<Permit> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut state = lock(&self.state);
            match (state.waiting.iter_mut().find(|(waiting, _)| *waiting == queue), queue) {
                (Some((_, waiting)), _) => waiting.push_back(sender),
                (None, QueueKey::Login) => state.waiting.push_front((queue, VecDeque::from([sender]))),
                (None, QueueKey::Tenant(_)) => state.waiting.push_back((queue, VecDeque::from([sender]))),
            }
        }
        self.dispatch();
        receiver.await.ok()
    }

    /// Lets no request pass for `wait`, at most for an hour: no reply may shut an account out for good.
    ///
    /// All waiting requests are sent back, so that commands without the time to wait can fail.
    pub(super) fn close_for(&self, wait: Duration) {
        let until = self.clock.elapsed().saturating_add(wait.min(LONGEST_WINDOW));
        let mut state = lock(&self.state);
        state.closed_until = state.closed_until.max(until);
        state.waiting.clear();
        drop(state);
        self.news.send_replace(());
    }

    /// Notes that a login which the server had no time for is tried again after `wait`, and not before.
    pub(super) fn rest_logins_for(&self, wait: Duration) {
        let until = self.clock.elapsed().saturating_add(wait);
        lock(&self.state).logins_rest_until = until;
        self.news.send_replace(());
    }

    /// How long no request passes, if the server asked for a pause.
    pub(super) fn closed_for(&self) -> Option<Duration> {
        let until = lock(&self.state).closed_until;
        until.checked_sub(self.clock.elapsed()).filter(|left| !left.is_zero())
    }

    /// How long the next login waits, if the server had too many of them.
    pub(super) fn logins_rest_for(&self) -> Option<Duration> {
        let until = lock(&self.state).logins_rest_until;
        until.checked_sub(self.clock.elapsed()).filter(|left| !left.is_zero())
    }

    /// Tells when either of the two begins.
    pub(super) fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    pub(super) fn tighten(&self, per_second: u32, most_in_flight: usize) {
        let mut state = lock(&self.state);
        state.most_in_flight = state.most_in_flight.min(most_in_flight);
        if per_second < state.per_second {
            state.per_second = per_second;
            state.rate = rate(&self.clock, per_second);
        }
    }

    #[cfg(test)]
    pub(super) fn most_in_flight(&self) -> usize {
        lock(&self.state).most_in_flight
    }

    /// Lets every request pass that may; where only time is missing, looks again when it has passed.
    fn dispatch(self: &Arc<Self>) {
        let mut passes = Vec::new();
        let mut wait = None;
        {
            let mut state = lock(&self.state);
            let now = self.clock.elapsed();
            while state.in_flight < state.most_in_flight && state.forget_who_gave_up() {
                let closed = state.closed_until.checked_sub(now).filter(|left| !left.is_zero());
                wait = closed.or_else(|| state.rate.check().err().map(|not_until| not_until.wait_time_from(now)));
                if wait.is_some() {
                    break;
                }
                let Some(sender) = state.next() else { break };
                state.in_flight += 1;
                passes.push(sender);
            }
            if let Some(left) = wait {
                let at = now + left;
                // A time that has gone by belonged to a runtime that is no more.
                if state.wakes_at.is_none_or(|wakes| wakes > at || wakes <= now) {
                    state.wakes_at = Some(at);
                } else {
                    wait = None;
                }
            }
        }
        for sender in passes {
            // A permit that cannot be delivered is dropped here, which frees its place.
            let _ = sender.send(Permit(Some(Arc::clone(self))));
        }
        // Without a runtime (it is shutting down) no request waits any more.
        if let (Some(left), Ok(runtime)) = (wait, Handle::try_current()) {
            let fair_limiter = Arc::clone(self);
            runtime.spawn(async move {
                fair_limiter.clock.sleep(left).await;
                lock(&fair_limiter.state).wakes_at = None;
                fair_limiter.dispatch();
            });
        }
    }
}

impl State {
    /// Drops requests that no longer wait; says whether any is left.
    fn forget_who_gave_up(&mut self) -> bool {
        self.waiting.retain_mut(|(_, queue)| {
            while queue.front().is_some_and(oneshot::Sender::is_closed) {
                queue.pop_front();
            }
            !queue.is_empty()
        });
        !self.waiting.is_empty()
    }

    /// The next in the queue whose turn it is; that queue then stands last, unless it is that of the logins.
    fn next(&mut self) -> Option<oneshot::Sender<Permit>> {
        let (queue, mut waiting) = self.waiting.pop_front()?;
        let sender = waiting.pop_front()?;
        match (waiting.is_empty(), queue) {
            (true, _) => {}
            (false, QueueKey::Login) => self.waiting.push_front((queue, waiting)),
            (false, QueueKey::Tenant(_)) => self.waiting.push_back((queue, waiting)),
        }
        Some(sender)
    }
}

type Rate = RateLimiter<NotKeyed, InMemoryState, SharedClock, NoOpMiddleware<Duration>>;

/// Our clock as the rate limiter reads it.
#[derive(Debug, Clone)]
struct SharedClock(Arc<dyn Clock>);

impl GovernorClock for SharedClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

fn rate(clock: &Arc<dyn Clock>, per_second: u32) -> Rate {
    let per_second = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
    RateLimiter::direct_with_clock(Quota::per_second(per_second), SharedClock(Arc::clone(clock)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use soar_connector::testing::ManualClock;
    use std::sync::mpsc;

    fn fair_limiter(clock: &ManualClock, per_second: u32, in_flight: usize) -> Arc<FairLimiter> {
        FairLimiter::new(Arc::new(clock.clone()), per_second, in_flight)
    }

    /// Lets `requests` of a tenant pass, each noting its tenant and the time.
    fn send(fair_limiter: &Arc<FairLimiter>, tenant: i64, requests: usize, notes: &mpsc::Sender<(i64, Duration)>) {
        for _ in 0..requests {
            let (fair_limiter, notes) = (Arc::clone(fair_limiter), notes.clone());
            tokio::spawn(async move {
                let _permit = fair_limiter.pass(QueueKey::Tenant(Some(tenant))).await.unwrap();
                notes.send((tenant, fair_limiter.clock.elapsed())).unwrap();
            });
        }
    }

    async fn collect(notes: &mpsc::Receiver<(i64, Duration)>, count: usize) -> Vec<(i64, Duration)> {
        let mut collected = Vec::new();
        while collected.len() < count {
            tokio::task::yield_now().await;
            collected.extend(notes.try_iter());
        }
        collected
    }

    #[tokio::test]
    async fn a_tenant_that_floods_does_not_starve_the_others() {
        let clock = ManualClock::new();
        let fair_limiter = fair_limiter(&clock, 10, 4);
        let (sender, notes) = mpsc::channel();
        send(&fair_limiter, 1, 1_000, &sender);
        tokio::task::yield_now().await;
        send(&fair_limiter, 2, 5, &sender);
        send(&fair_limiter, 3, 5, &sender);
        let passed = collect(&notes, 60).await;
        for tenant in [2, 3] {
            let last = passed.iter().rposition(|(who, _)| *who == tenant).unwrap();
            let served = passed.iter().filter(|(who, _)| *who == tenant).count();
            assert_eq!(served, 5, "tenant {tenant} was served whole within 60 of 1,010 requests");
            assert!(last < 40, "tenant {tenant} took turns with the flood, but its last request was number {last}");
        }
    }

    #[tokio::test]
    async fn a_login_goes_before_all_who_wait_for_it() {
        let fair_limiter = fair_limiter(&ManualClock::new(), 1_000, 1);
        let permit = fair_limiter.pass(QueueKey::Tenant(Some(1))).await;
        let (sender, notes) = mpsc::channel();
        send(&fair_limiter, 1, 50, &sender);
        tokio::task::yield_now().await;
        let login = tokio::spawn({
            let (fair_limiter, notes) = (Arc::clone(&fair_limiter), sender.clone());
            async move {
                let _permit = fair_limiter.pass(QueueKey::Login).await.unwrap();
                notes.send((-1, fair_limiter.clock.elapsed())).unwrap();
            }
        });
        tokio::task::yield_now().await;
        drop(permit);
        login.await.unwrap();
        assert_eq!(notes.try_iter().next().map(|(who, _)| who), Some(-1));
    }

    #[tokio::test]
    async fn the_rate_holds_over_time() {
        let clock = ManualClock::new();
        let fair_limiter = fair_limiter(&clock, 50, 8);
        let (sender, notes) = mpsc::channel();
        send(&fair_limiter, 1, 250, &sender);
        let passed = collect(&notes, 250).await;
        let first_second = passed.iter().filter(|(_, at)| *at < Duration::from_secs(1)).count();
        assert!(
            (50..=100).contains(&first_second),
            "{first_second} in the first second: a burst of 50, then 50 a second"
        );
        let end = passed.last().unwrap().1;
        assert!(
            (Duration::from_millis(3_900)..Duration::from_millis(4_500)).contains(&end),
            "250 requests took {end:?}"
        );
    }

    #[tokio::test]
    async fn no_more_pass_at_once_than_may() {
        let fair_limiter = fair_limiter(&ManualClock::new(), 1_000, 3);
        let permits = [
            fair_limiter.pass(QueueKey::Tenant(None)).await,
            fair_limiter.pass(QueueKey::Tenant(None)).await,
            fair_limiter.pass(QueueKey::Tenant(Some(1))).await,
        ];
        assert!(permits.iter().all(Option::is_some));
        let waiting = tokio::spawn({
            let fair_limiter = Arc::clone(&fair_limiter);
            async move { fair_limiter.pass(QueueKey::Tenant(Some(2))).await }
        });
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(!waiting.is_finished());
        drop(permits);
        waiting.await.unwrap();
        assert_eq!(lock(&fair_limiter.state).in_flight, 0, "every permit came back");
    }

    #[tokio::test]
    async fn nobody_passes_inside_a_retry_after_window() {
        let clock = ManualClock::new();
        let fair_limiter = fair_limiter(&clock, 1_000, 8);
        fair_limiter.close_for(Duration::from_secs(30));
        let (sender, notes) = mpsc::channel();
        send(&fair_limiter, 1, 20, &sender);
        let passed = collect(&notes, 20).await;
        assert!(passed.iter().all(|(_, at)| *at >= Duration::from_secs(30)), "{passed:?}");
        assert_eq!(fair_limiter.closed_for(), None);
    }

    #[tokio::test]
    async fn who_waits_when_the_window_closes_is_sent_away_and_no_window_is_longer_than_an_hour() {
        let clock = ManualClock::new();
        let fair_limiter = fair_limiter(&clock, 1_000, 1);
        let permit = fair_limiter.pass(QueueKey::Tenant(None)).await;
        let waiting = tokio::spawn({
            let fair_limiter = Arc::clone(&fair_limiter);
            async move { fair_limiter.pass(QueueKey::Tenant(Some(1))).await.is_some() }
        });
        tokio::task::yield_now().await;
        fair_limiter.close_for(Duration::MAX);
        assert!(!waiting.await.unwrap(), "it can fail now instead of at its deadline");
        assert_eq!(fair_limiter.closed_for(), Some(LONGEST_WINDOW));
        drop(permit);
    }

    #[tokio::test]
    async fn who_gives_up_waiting_takes_no_turn_and_no_place() {
        let fair_limiter = fair_limiter(&ManualClock::new(), 1_000, 1);
        let permit = fair_limiter.pass(QueueKey::Tenant(None)).await;
        let given_up = tokio::spawn({
            let fair_limiter = Arc::clone(&fair_limiter);
            async move { fair_limiter.pass(QueueKey::Tenant(Some(1))).await }
        });
        tokio::task::yield_now().await;
        given_up.abort();
        let _ = given_up.await;
        drop(permit);
        fair_limiter.pass(QueueKey::Tenant(Some(2))).await;
        assert_eq!(lock(&fair_limiter.state).in_flight, 0);
    }
}
