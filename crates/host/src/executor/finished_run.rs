//! A finished run of a command.

use soar_connector::Outcome;
use soar_store::HeldRoom;
use soar_store::model::RunId;

/// A finished run of a command, successful or not.
#[derive(Debug)]
pub struct FinishedRun {
    /// The run's id in the history.
    pub run: RunId,
    /// The connection's name.
    pub connection: String,
    /// The command's name in the manifest.
    pub command: String,
    /// The outcome.
    pub outcome: Outcome,
    /// The outcome's share of the memory for answers.
    pub room: HeldRoom,
}
