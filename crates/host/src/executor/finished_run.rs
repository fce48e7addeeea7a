//! The result of a run of a command.

use std::sync::Arc;

use soar_connector::{FollowToken, Invocation, Outcome, Plugin};
use soar_store::HeldRoom;
use soar_store::model::{RunFollowing, RunId};

use super::watching::Watching;

/// A run of a command, successful or not.
#[derive(Debug)]
pub struct FinishedRun {
    /// The run's id in the history.
    pub run: RunId,
    /// The connection's name.
    pub connection: String,
    /// The command's name in the manifest.
    pub command: String,
    /// The outcome. While the work goes on, it is the failure `still-running`.
    pub outcome: Outcome,
    /// The outcome's share of the memory for answers.
    pub room: HeldRoom,
    /// Set while the work goes on in the product. [`Executor::wait_for`](super::Executor::wait_for) waits for its end.
    pub under_way: Option<WorkUnderWay>,
}

/// Work that goes on in the product, and that the hosts of the instance follow.
#[derive(Debug)]
pub struct WorkUnderWay {
    /// The token with which the command follows the work again.
    pub token: FollowToken,
    /// How far the work is.
    pub progress: RunFollowing,
    /// The watcher that gets the pages at the end of the work.
    pub(super) watching: Option<Watching>,
    pub(super) invocation: Invocation,
    pub(super) plugin: Arc<dyn Plugin>,
}
