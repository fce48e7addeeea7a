//! Collections: the snapshots that are to be made, which hosts claim under a lease as other due work.

use std::time::Duration;

use crate::model::{CollectionId, FeedId, FindingFeed, FindingSnapshot, Moment, SnapshotId, SnapshotStatus};
use crate::{Engine, Records, StoreError};

/// A snapshot that this host makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotClaim {
    /// The snapshot.
    pub id: SnapshotId,
    /// The tenant.
    pub feed: FindingFeed,
    /// The host that claimed it.
    pub node: String,
}

/// A snapshot to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSnapshot {
    /// The tenant.
    pub feed: FeedId,
    /// Why the tenant cannot be read. The snapshot ends as failed at once.
    pub problem: Option<String>,
}

impl From<FeedId> for NewSnapshot {
    fn from(feed: FeedId) -> Self {
        Self { feed, problem: None }
    }
}

/// How a snapshot ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotEnd {
    /// [`SnapshotStatus::Whole`], [`SnapshotStatus::Partial`] or [`SnapshotStatus::Failed`].
    pub status: SnapshotStatus,
    /// Why it is not whole, or failed.
    pub problem: Option<String>,
    /// The rows that were read.
    pub rows_read: i64,
    /// The requests that were sent.
    pub requests: i64,
}

/// A snapshot that no host makes now: none claimed it, or the lease has lapsed. A lease that is longer than leases are
/// was written by a wrong clock. $1 is the time, $2 the latest end of a lease.
const FREE: &str = "s.ended_at IS NULL AND (s.node IS NULL OR s.claimed_until < $1 OR s.claimed_until > $2)";

/// The tenant's other snapshot is under way.
const BUSY: &str = "EXISTS (SELECT 1 FROM finding_snapshots other
    WHERE other.feed_id = s.feed_id AND other.id <> s.id AND other.ended_at IS NULL
      AND other.claimed_until >= $1 AND other.claimed_until <= $2)";

/// Why a host may no longer write a snapshot.
const LOST: &str = "Another host has taken over this tenant, because the lease had lapsed, or the tenant was removed.";

const COLUMNS: &str =
    "s.id, s.collection_id, f.connection_id,
    COALESCE((SELECT c.name FROM connections c WHERE c.id = f.connection_id), '') AS connection, f.tenant, f.tenant_name, s.status, s.started_at, s.ended_at,
    s.problem, s.baseline, s.rows_read, s.requests, s.opened, s.changed, s.fixed, s.gone, s.reopened";

impl Records<'_> {
    /// Records a collection of these snapshots, which take turns in this order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn create_finding_collection(
        &mut self,
        user: &str,
        snapshots: &[NewSnapshot],
    ) -> Result<CollectionId, StoreError> {
        let now = self.now().await?;
        let ended = snapshots.iter().all(|snapshot| snapshot.problem.is_some()).then_some(now);
        let query = sqlx::query_scalar(
            "INSERT INTO finding_collections (asked_at, user_name, ended_at) VALUES ($1, $2, $3) RETURNING id",
        );
        let query = query.bind(now).bind(user.to_owned()).bind(ended);
        let id: CollectionId = query.fetch_one(&mut *self.connection).await?;
        for (turn, snapshot) in (0_i64..).zip(snapshots) {
            let query = sqlx::query(
                "INSERT INTO finding_snapshots (collection_id, feed_id, turn, status, started_at, ended_at, problem, baseline,
                     rows_read, requests, opened, changed, fixed, gone, reopened)
                 VALUES ($1, $2, $3, $4, $5, $5, $6, 0, 0, 0, 0, 0, 0, 0, 0)",
            );
            let (status, ended) = match &snapshot.problem {
                Some(_) => (SnapshotStatus::Failed, Some(now)),
                None => (SnapshotStatus::Waiting, None),
            };
            let query = query.bind(id).bind(snapshot.feed).bind(turn).bind(status).bind(ended);
            query.bind(snapshot.problem.clone()).execute(&mut *self.connection).await?;
        }
        Ok(id)
    }

    /// Claims the next snapshot for `node`, of the collection or of any. `None` where none is free.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn claim_snapshot(
        &mut self,
        collection: Option<CollectionId>,
        node: &str,
        lease: Duration,
    ) -> Result<Option<SnapshotClaim>, StoreError> {
        let now = self.now().await?;
        // The lock on the feed keeps a second snapshot of the tenant from being claimed at the same moment.
        let lock = match self.engine {
            Engine::Sqlite => "",
            Engine::Postgres => " FOR UPDATE OF s, f SKIP LOCKED",
        };
        let sql = format!(
            "SELECT s.id, s.feed_id FROM finding_snapshots s JOIN finding_feeds f ON f.id = s.feed_id
             WHERE {FREE} AND NOT {BUSY} AND ($3 = 0 OR s.collection_id = $3)
             ORDER BY s.collection_id, s.turn LIMIT 1{lock}"
        );
        let query = sqlx::query_as::<_, (SnapshotId, FeedId)>(sqlx::AssertSqlSafe(sql));
        let query = query.bind(now).bind(now + lease * 2).bind(collection.map_or(0, |collection| collection.0));
        let Some((id, feed)) = query.fetch_optional(&mut *self.connection).await? else { return Ok(None) };
        // Another host may have claimed the tenant between the two statements' views of the store.
        let sql = format!(
            "UPDATE finding_snapshots AS s SET node = $4, claimed_until = $5, status = 'Running',
                 started_at = COALESCE(started_at, $1)
             WHERE s.id = $3 AND {FREE} AND NOT {BUSY}"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now).bind(now + lease * 2).bind(id);
        let query = query.bind(node.to_owned()).bind(now + lease);
        if query.execute(&mut *self.connection).await?.rows_affected() == 0 {
            return Ok(None);
        }
        let feed = self.finding_feed(feed).await?;
        Ok(Some(SnapshotClaim { id, feed, node: node.to_owned() }))
    }

    /// Renews the lease of a claim. Returns whether this host still holds it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn renew_snapshot(&mut self, claim: &SnapshotClaim, lease: Duration) -> Result<bool, StoreError> {
        let now = self.now().await?;
        let query = sqlx::query(
            "UPDATE finding_snapshots SET claimed_until = $1 WHERE id = $2 AND node = $3 AND ended_at IS NULL",
        );
        let query = query.bind(now + lease).bind(claim.id).bind(claim.node.clone());
        Ok(query.execute(&mut *self.connection).await?.rows_affected() == 1)
    }

    /// Refuses a host that no longer holds the claim, also where the tenant was removed. The row is locked until the
    /// transaction ends.
    pub(super) async fn must_hold(&mut self, claim: &SnapshotClaim) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT id FROM finding_snapshots WHERE id = $1 AND node = $2 AND ended_at IS NULL{}",
            self.engine.for_update()
        );
        let query = sqlx::query_scalar::<_, SnapshotId>(sqlx::AssertSqlSafe(sql));
        let held = query.bind(claim.id).bind(claim.node.clone()).fetch_optional(&mut *self.connection).await?;
        held.map(|_| ()).ok_or_else(|| StoreError::Conflict(LOST.to_owned()))
    }

    /// Records how a claimed snapshot ended. The first whole one is the tenant's baseline. The collection ends with its
    /// last snapshot.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another host has taken over the snapshot.
    pub async fn end_snapshot(&mut self, claim: &SnapshotClaim, end: &SnapshotEnd) -> Result<(), StoreError> {
        self.must_hold(claim).await?;
        let now = self.now().await?;
        let is_baseline = end.status == SnapshotStatus::Whole && claim.feed.baseline_at.is_none();
        if is_baseline {
            let query = sqlx::query("UPDATE finding_feeds SET baseline_at = $1 WHERE id = $2 AND baseline_at IS NULL");
            query.bind(now).bind(claim.feed.id).execute(&mut *self.connection).await?;
        }
        let query = sqlx::query(
            "UPDATE finding_snapshots SET status = $1, problem = $2, rows_read = $3, requests = $4, ended_at = $5,
                 baseline = $6, node = NULL, claimed_until = NULL
             WHERE id = $7",
        );
        let query = query.bind(end.status).bind(end.problem.clone()).bind(end.rows_read).bind(end.requests);
        let query = query.bind(now).bind(i64::from(is_baseline)).bind(claim.id);
        query.execute(&mut *self.connection).await?;
        let query = sqlx::query_scalar("SELECT collection_id FROM finding_snapshots WHERE id = $1").bind(claim.id);
        let collection: CollectionId = query.fetch_one(&mut *self.connection).await?;
        self.end_collection(collection, now).await
    }

    /// Records that a collection ended `now`, if all its snapshots have ended.
    pub(super) async fn end_collection(&mut self, collection: CollectionId, now: Moment) -> Result<(), StoreError> {
        // Of two transactions that end the last two snapshots at once, the second waits here. Then it sees both ends.
        let sql = format!("SELECT id FROM finding_collections WHERE id = $1{}", self.engine.for_update());
        let query = sqlx::query_scalar::<_, CollectionId>(sqlx::AssertSqlSafe(sql)).bind(collection);
        query.fetch_one(&mut *self.connection).await?;
        let query = sqlx::query(
            "UPDATE finding_collections SET ended_at = $1
             WHERE id = $2 AND ended_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM finding_snapshots s WHERE s.collection_id = $2 AND s.ended_at IS NULL)",
        );
        query.bind(now).bind(collection).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// The snapshots of a collection, in the order of their turns.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn finding_collection(&mut self, id: CollectionId) -> Result<Vec<FindingSnapshot>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM finding_snapshots s JOIN finding_feeds f ON f.id = s.feed_id
             WHERE s.collection_id = $1 ORDER BY s.turn"
        );
        let found = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_all(&mut *self.connection).await?;
        if found.is_empty() {
            let known = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM finding_collections WHERE id = $1");
            if known.bind(id).fetch_one(&mut *self.connection).await? == 0 {
                return Err(StoreError::not_found("collection", id.to_string()));
            }
        }
        Ok(found)
    }

    /// The latest collection that has not ended.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn unfinished_finding_collection(&mut self) -> Result<Option<CollectionId>, StoreError> {
        let sql = "SELECT id FROM finding_collections WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1";
        Ok(sqlx::query_scalar(sql).fetch_optional(&mut *self.connection).await?)
    }

    /// The last ended snapshot of each of these tenants.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn last_finding_snapshots(&mut self, feeds: &[FeedId]) -> Result<Vec<FindingSnapshot>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM finding_snapshots s JOIN finding_feeds f ON f.id = s.feed_id
             WHERE s.id IN (SELECT MAX(id) FROM finding_snapshots WHERE ended_at IS NOT NULL GROUP BY feed_id)
               AND s.feed_id IN ({}) ORDER BY f.id",
            self.engine.integers_of("$1")
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(crate::rows::identifiers(feeds));
        Ok(query.fetch_all(&mut *self.connection).await?)
    }
}
