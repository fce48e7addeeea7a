//! The sealed calls of followed runs.

use super::sealed_column::SealedColumn;
use crate::model::RunId;

/// The sealing context of the call of a followed run.
#[must_use]
pub fn followed_sealing_context(run: RunId) -> String {
    format!("followed-run/{run}")
}

/// The calls of followed runs, for a rotation of the sealing key.
pub(super) const FOLLOWED_CALLS: SealedColumn = SealedColumn {
    table: "followed_runs",
    id: "run_id",
    column: "call",
    context: |id| followed_sealing_context(RunId(id)),
};
