//! The records in the store, through a reader or a transaction. Each module adds the functions of its records.

use super::Engine;
use super::room::AnswerRoom;
use super::store_clock::StoreClock;
use super::with_timeout::WithTimeout;

/// The records in the store, through a [`Reader`](super::Reader) or a [`Transaction`](super::Transaction).
#[derive(Debug)]
pub struct Records<'a> {
    pub(super) connection: WithTimeout<'a>,
    pub(super) engine: Engine,
    pub(super) clock: StoreClock,
    /// The memory for answers.
    pub(super) room: AnswerRoom,
}
