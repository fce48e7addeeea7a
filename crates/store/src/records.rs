//! What the store holds, seen through a reader or a transaction; each file of this folder adds what it is about.

use super::Engine;
use super::room::AnswerRoom;
use super::store_clock::StoreClock;
use super::with_timeout::WithTimeout;

/// What the store holds, seen through a [`Reader`](super::Reader) or a [`Transaction`](super::Transaction).
#[derive(Debug)]
pub struct Records<'a> {
    pub(super) connection: WithTimeout<'a>,
    pub(super) engine: Engine,
    pub(super) clock: StoreClock,
    /// The memory for answers.
    pub(super) room: AnswerRoom,
}
