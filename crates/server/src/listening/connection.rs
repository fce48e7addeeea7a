//! One connection: what it does, since when, and whether it is to end.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use soar_host::settings::HttpLimits;

/// How long an idle connection may take to end once its caller was told to end it.
const PARTING: Duration = Duration::from_secs(2);

/// Whether a connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) enum Ending {
    /// It is not.
    Open,
    /// It takes no further calls, and ends after those under way.
    Gently,
    /// It is cut.
    Now,
}

/// A connection that was accepted.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Tells connections apart; later ones have greater numbers.
    pub(super) number: u64,
    /// Where it comes from; of IPv6 the /64 network.
    pub(super) network: IpAddr,
    ending: watch::Sender<Ending>,
    state: Mutex<State>,
    /// Told when the connection may make room for another one.
    room: Arc<Notify>,
}

#[derive(Debug)]
struct State {
    /// Whether a call on it showed a good key.
    has_key: bool,
    /// Whether there was a call on it.
    has_called: bool,
    /// How many calls are under way that are not answered.
    calls: usize,
    answers: Vec<Progress>,
    next_answer: u64,
    /// When a call last came or ended; at first when the connection was accepted.
    used: Instant,
    /// Since when it is to end.
    ending_since: Option<Instant>,
}

/// How far an answer is.
#[derive(Debug)]
struct Progress {
    answer: u64,
    /// When the caller last took a piece; none while the host has no piece for it.
    at: Option<Instant>,
}

impl Connection {
    pub(super) fn new(number: u64, network: IpAddr, room: Arc<Notify>) -> Self {
        let state = State {
            has_key: false,
            has_called: false,
            calls: 0,
            answers: Vec::new(),
            next_answer: 0,
            used: Instant::now(),
            ending_since: None,
        };
        Self { number, network, ending: watch::Sender::new(Ending::Open), state: Mutex::new(state), room }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a call on it showed a good key. From now on it takes no place of callers without one.
    pub(crate) fn has_shown_key(&self) {
        self.state().has_key = true;
        self.room.notify_one();
    }

    pub(super) fn has_key(&self) -> bool {
        self.state().has_key
    }

    /// When it was last used, unless a call is under way that the host has not answered.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let state = self.state();
        (state.calls == 0).then_some(state.used)
    }

    pub(super) fn is_ending(&self) -> bool {
        self.state().ending_since.is_some()
    }

    /// Waits until the connection is told to end in that way, or sooner.
    pub(super) async fn told(&self, ending: Ending) {
        // The sender lives as long as `self`.
        let _ = self.ending.subscribe().wait_for(|told| *told >= ending).await;
    }

    pub(super) fn end(&self, ending: Ending) {
        self.state().ending_since.get_or_insert_with(Instant::now);
        self.ending.send_if_modified(|told| {
            let is_more = ending > *told;
            *told = if is_more { ending } else { *told };
            is_more
        });
    }

    /// Counts a call under way.
    pub(super) fn call_began(&self) {
        let mut state = self.state();
        state.has_called = true;
        state.calls += 1;
        state.used = Instant::now();
    }

    /// Counts a call under way no more.
    pub(super) fn call_ended(&self) {
        let mut state = self.state();
        state.calls -= 1;
        state.used = Instant::now();
        if state.calls == 0 {
            self.room.notify_one();
        }
    }

    /// The number of a new answer, which is watched where it has a body.
    pub(super) fn answer_began(&self, has_body: bool) -> u64 {
        let mut state = self.state();
        let answer = state.next_answer;
        state.next_answer += 1;
        if has_body {
            state.answers.push(Progress { answer, at: Some(Instant::now()) });
        }
        answer
    }

    /// The caller took a piece of the answer, and is to take the next one.
    pub(super) fn answer_progressed(&self, answer: u64) {
        self.set_progress(answer, Some(Instant::now()));
    }

    /// The caller took all pieces that there are of the answer so far.
    pub(super) fn answer_waits(&self, answer: u64) {
        self.set_progress(answer, None);
    }

    fn set_progress(&self, answer: u64, at: Option<Instant>) {
        if let Some(progress) = self.state().answers.iter_mut().find(|progress| progress.answer == answer) {
            progress.at = at;
        }
    }

    pub(super) fn answer_ended(&self, answer: u64) {
        let mut state = self.state();
        state.answers.retain(|progress| progress.answer != answer);
        state.used = Instant::now();
    }

    /// Ends the connection if it is idle for too long, or if its caller takes nothing of an answer for too long.
    pub(super) fn end_if_overdue(&self, limits: &HttpLimits, head: Duration, now: Instant) {
        let ending = {
            let state = self.state();
            let since = |at: Instant| now.saturating_duration_since(at);
            let is_stalled = |progress: &Progress| progress.at.is_some_and(|at| since(at) >= limits.answer_time());
            let idle = (state.calls == 0 && state.answers.is_empty()).then(|| since(state.used));
            let most = if state.has_key { limits.idle_time() } else { head };
            match (idle, state.ending_since) {
                _ if state.answers.iter().any(is_stalled) => Ending::Now,
                (Some(_), Some(told)) if since(told) >= PARTING => Ending::Now,
                (Some(idle), None) if idle >= most && !state.has_called => Ending::Now,
                (Some(idle), None) if idle >= most => Ending::Gently,
                _ => return,
            }
        };
        self.end(ending);
    }
}
