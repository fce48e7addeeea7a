//! The state of one connection.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use soar_host::settings::HttpLimits;

/// The time for the caller to close an idle connection after the host asked for it.
const PARTING: Duration = Duration::from_secs(2);

/// The way in which a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) enum ConnectionEnding {
    /// The connection stays open.
    Open,
    /// The connection accepts no further calls and closes after the running calls.
    Gently,
    /// The connection closes at once.
    Now,
}

/// An accepted connection.
#[derive(Debug)]
pub(crate) struct AcceptedConnection {
    /// The number of the connection, in the order of acceptance.
    pub(super) number: u64,
    /// The caller's address; for IPv6 the /64 network.
    pub(super) network: IpAddr,
    ending: watch::Sender<ConnectionEnding>,
    state: Mutex<ConnectionActivity>,
    /// Notified when the connection may make room for another connection.
    room: Arc<Notify>,
}

#[derive(Debug)]
struct ConnectionActivity {
    /// Whether a call on the connection had a valid key.
    has_key: bool,
    /// Whether there was a call on the connection.
    has_called: bool,
    /// The number of running calls.
    calls: usize,
    answers: Vec<SendProgress>,
    next_answer: u64,
    /// The time of the last begin or end of a call, or of the acceptance.
    used: Instant,
    /// The time at which the host decided to close the connection.
    ending_since: Option<Instant>,
}

/// The progress of sending an answer.
#[derive(Debug)]
struct SendProgress {
    answer: u64,
    /// The time at which the caller last read a piece; `None` while the host has no piece to send.
    at: Option<Instant>,
}

impl AcceptedConnection {
    pub(super) fn new(number: u64, network: IpAddr, room: Arc<Notify>) -> Self {
        let state = ConnectionActivity {
            has_key: false,
            has_called: false,
            calls: 0,
            answers: Vec::new(),
            next_answer: 0,
            used: Instant::now(),
            ending_since: None,
        };
        Self { number, network, ending: watch::Sender::new(ConnectionEnding::Open), state: Mutex::new(state), room }
    }

    fn state(&self) -> MutexGuard<'_, ConnectionActivity> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks that a call on the connection had a valid key. The limits of connections without a key no longer apply.
    pub(crate) fn note_valid_key(&self) {
        self.state().has_key = true;
        self.room.notify_one();
    }

    pub(super) fn has_key(&self) -> bool {
        self.state().has_key
    }

    /// The time since which the connection is idle; `None` while a call runs.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let state = self.state();
        (state.calls == 0).then_some(state.used)
    }

    pub(super) fn is_ending(&self) -> bool {
        self.state().ending_since.is_some()
    }

    /// Waits until the connection has to end in this way, or faster.
    pub(super) async fn ending(&self, ending: ConnectionEnding) {
        // `self` owns the sender.
        let _ = self.ending.subscribe().wait_for(|told| *told >= ending).await;
    }

    pub(super) fn end(&self, ending: ConnectionEnding) {
        self.state().ending_since.get_or_insert_with(Instant::now);
        self.ending.send_if_modified(|told| {
            let is_more = ending > *told;
            *told = if is_more { ending } else { *told };
            is_more
        });
    }

    /// Counts a running call.
    pub(super) fn call_began(&self) {
        let mut state = self.state();
        state.has_called = true;
        state.calls += 1;
        state.used = Instant::now();
    }

    /// Ends the count of a running call.
    pub(super) fn call_ended(&self) {
        let mut state = self.state();
        state.calls -= 1;
        state.used = Instant::now();
        if state.calls == 0 {
            self.room.notify_one();
        }
    }

    /// The number of a new answer. The progress of an answer with a body is watched.
    pub(super) fn answer_began(&self, has_body: bool) -> u64 {
        let mut state = self.state();
        let answer = state.next_answer;
        state.next_answer += 1;
        if has_body {
            state.answers.push(SendProgress { answer, at: Some(Instant::now()) });
        }
        answer
    }

    /// The caller read a piece of the answer, and the next piece is ready.
    pub(super) fn answer_progressed(&self, answer: u64) {
        self.set_progress(answer, Some(Instant::now()));
    }

    /// The caller read all ready pieces of the answer.
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

    /// Closes the connection if it is idle for too long, or if its caller reads no piece of an answer for too long.
    pub(super) fn end_if_overdue(&self, limits: &HttpLimits, head: Duration, now: Instant) {
        let ending = {
            let state = self.state();
            let since = |at: Instant| now.saturating_duration_since(at);
            let is_stalled = |progress: &SendProgress| progress.at.is_some_and(|at| since(at) >= limits.answer_time());
            let idle = (state.calls == 0 && state.answers.is_empty()).then(|| since(state.used));
            let most = if state.has_key { limits.idle_time() } else { head };
            match (idle, state.ending_since) {
                _ if state.answers.iter().any(is_stalled) => ConnectionEnding::Now,
                (Some(_), Some(told)) if since(told) >= PARTING => ConnectionEnding::Now,
                (Some(idle), None) if idle >= most && !state.has_called => ConnectionEnding::Now,
                (Some(idle), None) if idle >= most => ConnectionEnding::Gently,
                _ => return,
            }
        };
        self.end(ending);
    }
}
