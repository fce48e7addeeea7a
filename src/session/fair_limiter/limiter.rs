//! Lets requests pass: so many a second, so many at once, tenants by turns, and none inside a Retry-After window.
//!
//! Tenants take turns (round robin), so one that floods does not starve the others.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use soar_connector::Clock;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use super::rate::{Rate, rate};
use super::turns::{QueueKey, Turns};
use crate::session::lock::lock;

/// The longest that a Retry-After is heeded for everybody.
pub(super) const LONGEST_WINDOW: Duration = Duration::from_secs(3_600);

/// Lets requests pass, tenant by tenant.
#[derive(Debug)]
pub(in crate::session) struct FairLimiter {
    pub(in crate::session) clock: Arc<dyn Clock>,
    state: Mutex<LimiterState>,
    /// Tells commands that wait for another command's login that the server asked for a pause.
    news: watch::Sender<()>,
}

#[derive(Debug)]
struct LimiterState {
    rate: Rate,
    per_second: u32,
    most_in_flight: usize,
    in_flight: usize,
    /// No request passes before this time: the server said when to come back.
    closed_until: Duration,
    /// No login is tried again before this time: the server is rate limiting logins.
    logins_rest_until: Duration,
    /// The requests that wait, and whose turn it is.
    turns: Turns<Permit>,
    /// When the next look at the queue is due, if one is.
    wakes_at: Option<Duration>,
}

/// Leave to have one request under way; given back when dropped.
#[derive(Debug)]
pub(in crate::session) struct Permit(Option<Arc<FairLimiter>>);

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(fair_limiter) = self.0.take() {
            lock(&fair_limiter.state).in_flight -= 1;
            fair_limiter.dispatch();
        }
    }
}

impl FairLimiter {
    pub(in crate::session) fn new(clock: Arc<dyn Clock>, per_second: u32, most_in_flight: usize) -> Arc<Self> {
        let state = LimiterState {
            rate: rate(&clock, per_second),
            per_second,
            most_in_flight,
            in_flight: 0,
            closed_until: Duration::ZERO,
            logins_rest_until: Duration::ZERO,
            turns: Turns::new(),
            wakes_at: None,
        };
        Arc::new(Self { clock, state: Mutex::new(state), news: watch::Sender::new(()) })
    }

    /// Waits for a turn of `queue`; `None` when the limiter closed meanwhile, and the caller has to decide again.
    pub(in crate::session) async fn pass(self: &Arc<Self>, queue: QueueKey) -> Option<Permit> {
        let (sender, receiver) = oneshot::channel();
        lock(&self.state).turns.join(queue, sender);
        self.dispatch();
        receiver.await.ok()
    }

    /// Lets no request pass for `wait`, at most for an hour: no reply may shut an account out for good.
    ///
    /// All waiting requests are sent back, so that commands without the time to wait can fail.
    pub(in crate::session) fn close_for(&self, wait: Duration) {
        let until = self.clock.elapsed().saturating_add(wait.min(LONGEST_WINDOW));
        let mut state = lock(&self.state);
        state.closed_until = state.closed_until.max(until);
        state.turns.clear();
        drop(state);
        self.news.send_replace(());
    }

    /// Notes that a login which the server had no time for is tried again after `wait`, and not before.
    pub(in crate::session) fn rest_logins_for(&self, wait: Duration) {
        let until = self.clock.elapsed().saturating_add(wait);
        lock(&self.state).logins_rest_until = until;
        self.news.send_replace(());
    }

    /// How long no request passes, if the server asked for a pause.
    pub(in crate::session) fn closed_for(&self) -> Option<Duration> {
        let until = lock(&self.state).closed_until;
        until.checked_sub(self.clock.elapsed()).filter(|left| !left.is_zero())
    }

    /// How long the next login waits, if the server is rate limiting logins.
    pub(in crate::session) fn logins_rest_for(&self) -> Option<Duration> {
        let until = lock(&self.state).logins_rest_until;
        until.checked_sub(self.clock.elapsed()).filter(|left| !left.is_zero())
    }

    /// Tells when either of the two begins.
    pub(in crate::session) fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    pub(in crate::session) fn tighten(&self, per_second: u32, most_in_flight: usize) {
        let mut state = lock(&self.state);
        state.most_in_flight = state.most_in_flight.min(most_in_flight);
        if per_second < state.per_second {
            state.per_second = per_second;
            state.rate = rate(&self.clock, per_second);
        }
    }

    #[cfg(test)]
    pub(super) fn in_flight(&self) -> usize {
        lock(&self.state).in_flight
    }

    #[cfg(test)]
    pub(in crate::session) fn most_in_flight(&self) -> usize {
        lock(&self.state).most_in_flight
    }

    /// Lets every request pass that may; where only time is missing, looks again when it has passed.
    fn dispatch(self: &Arc<Self>) {
        let mut passes = Vec::new();
        let mut wait = None;
        {
            let mut state = lock(&self.state);
            let now = self.clock.elapsed();
            while state.in_flight < state.most_in_flight && state.turns.drop_cancelled() {
                let closed = state.closed_until.checked_sub(now).filter(|left| !left.is_zero());
                wait = closed.or_else(|| state.rate.check().err().map(|not_until| not_until.wait_time_from(now)));
                if wait.is_some() {
                    break;
                }
                let Some(sender) = state.turns.next() else { break };
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
