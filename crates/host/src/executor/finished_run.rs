//! The end of one run of a command.

use soar_connector::Outcome;
use soar_store::HeldRoom;
use soar_store::model::RunId;

/// A command that has ended, one way or the other.
#[derive(Debug)]
pub struct FinishedRun {
    /// The run's number in the history.
    pub run: RunId,
    /// The connection's name.
    pub connection: String,
    /// The command's name in the manifest.
    pub command: String,
    /// What it gave.
    pub outcome: Outcome,
    /// The memory for answers that the outcome takes.
    pub room: HeldRoom,
}
