//! The processes that run commands (nodes): their signs of life, and the runs of dead ones.

use super::{Records, StoreError};
use crate::model::Moment;

impl Records<'_> {
    /// Records a node's sign of life.
    pub async fn node_lives(&mut self, node: &str, now: Moment) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO nodes (id, started_at, seen_at) VALUES ($1, $2, $2)
             ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at",
        )
        .bind(node)
        .bind(now)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// A write that changes nothing, if any node lives. It shows whether the store can be written.
    pub(super) async fn write_something(&mut self) -> Result<(), StoreError> {
        sqlx::query("UPDATE nodes SET seen_at = seen_at").execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Records that a node has ended.
    pub async fn node_ended(&mut self, node: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM nodes WHERE id = $1").bind(node).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Marks runs as interrupted whose node was last seen before `since`, or is unknown. Returns their number. A run whose
    /// work goes on in the product is followed by the other nodes.
    pub async fn interrupt_runs_of_the_dead(&mut self, since: Moment, now: Moment) -> Result<u64, StoreError> {
        // A sign of life with a time in the future, from a clock that was ahead, counts as one of now.
        sqlx::query("UPDATE nodes SET seen_at = $1 WHERE seen_at > $2")
            .bind(now)
            .bind(now + now.since(since))
            .execute(&mut *self.connection)
            .await?;
        sqlx::query("DELETE FROM nodes WHERE seen_at < $1").bind(since).execute(&mut *self.connection).await?;
        let interrupted = sqlx::query(
            "UPDATE runs SET status = 'Interrupted', ended_at = $1
             WHERE status = 'Running' AND node NOT IN (SELECT id FROM nodes)
               AND NOT EXISTS (SELECT 1 FROM followed_runs f WHERE f.run_id = runs.id AND f.token IS NOT NULL)",
        )
        .bind(now)
        .execute(&mut *self.connection)
        .await?;
        Ok(interrupted.rows_affected())
    }
}
