//! The processes that run commands: which of them live, and what became of the runs of those that do not.

use super::{Records, StoreError};

impl Records<'_> {
    /// Notes that a process lives. `now` is in milliseconds since 1970.
    pub async fn node_lives(&mut self, node: &str, now: i64) -> Result<(), StoreError> {
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

    /// Writes something that says nothing new, if any process lives, to see whether it can be written.
    pub(super) async fn write_something(&mut self) -> Result<(), StoreError> {
        sqlx::query("UPDATE nodes SET seen_at = seen_at").execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Notes that a process has ended.
    pub async fn node_ended(&mut self, node: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM nodes WHERE id = $1").bind(node).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Marks the runs of processes that were last seen before `since`, or of which nothing is known, as interrupted;
    /// says how many.
    pub async fn interrupt_runs_of_the_dead(&mut self, since: i64, now: i64) -> Result<u64, StoreError> {
        // A sign of life from a time when the clock was ahead counts as one of now.
        sqlx::query("UPDATE nodes SET seen_at = $1 WHERE seen_at > $2")
            .bind(now)
            .bind(now.saturating_add(now.saturating_sub(since)))
            .execute(&mut *self.connection)
            .await?;
        sqlx::query("DELETE FROM nodes WHERE seen_at < $1").bind(since).execute(&mut *self.connection).await?;
        let interrupted = sqlx::query(
            "UPDATE runs SET status = 'Interrupted', ended_at = $1
             WHERE status = 'Running' AND node NOT IN (SELECT id FROM nodes)",
        )
        .bind(now)
        .execute(&mut *self.connection)
        .await?;
        Ok(interrupted.rows_affected())
    }
}
