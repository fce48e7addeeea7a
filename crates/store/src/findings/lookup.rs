//! Looks up findings as they were last read.

use crate::model::{FeedId, KnownFinding};
use crate::rows::identifiers;
use crate::{Records, StoreError};

/// Which findings to read. A field that is not set does not limit them.
#[derive(Debug, Clone, Default)]
pub struct FindingFilter {
    /// With this CVE as the first one.
    pub cve: Option<String>,
    /// On the device with this name, address or id.
    pub device: Option<String>,
    /// With this status, such as `open`.
    pub status: Option<String>,
    /// Also findings that are gone.
    pub with_gone: bool,
    /// After the finding with this id: the next page.
    pub after: Option<String>,
}

/// The columns of a finding. `n` is its row and `f` its feed.
const COLUMNS: &str = "CAST(n.feed_id AS TEXT) || '.' || n.device || '.' || n.finding AS finding_id, f.connection_id,
    f.tenant, f.tenant_name, n.listed, n.first_at, n.changed_at, n.sequence, n.content AS finding";

/// The parts of a finding's id: feed, device, and hash. The device may contain dots.
fn parts_of(id: &str) -> Option<(FeedId, &str, &str)> {
    let (feed, rest) = id.split_once('.')?;
    let (device, finding) = rest.rsplit_once('.')?;
    Some((feed.parse().ok()?, device, finding))
}

impl Records<'_> {
    /// At most `limit` findings of these tenants, by tenant and device.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when `after` is no id of a finding.
    pub async fn findings(
        &mut self,
        feeds: &[FeedId],
        filter: &FindingFilter,
        limit: i64,
    ) -> Result<Vec<KnownFinding>, StoreError> {
        let after = match &filter.after {
            None => (FeedId(0), "", ""),
            Some(id) => parts_of(id).ok_or_else(|| StoreError::Invalid(format!("{id:?} is no id of a finding.")))?,
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM findings n JOIN finding_feeds f ON f.id = n.feed_id
             WHERE (n.feed_id, n.device, n.finding) > ($1, $2, $3) AND n.feed_id IN ({})
               AND ($5 = '' OR n.cve = $5) AND ($6 = '' OR n.status = $6) AND (n.listed = 1 OR $7 = 1)
               AND ($8 = '' OR EXISTS (SELECT 1 FROM finding_devices d WHERE d.feed_id = n.feed_id AND d.device = n.device
                                       AND (LOWER(d.name) = LOWER($8) OR d.address = $8 OR d.product_id = $8)))
             ORDER BY n.feed_id, n.device, n.finding LIMIT $9",
            self.engine.integers_of("$4")
        );
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(after.0).bind(after.1.to_owned());
        let query = query.bind(after.2.to_owned()).bind(identifiers(feeds)).bind(text(&filter.cve));
        let query = query.bind(text(&filter.status)).bind(i64::from(filter.with_gone)).bind(text(&filter.device));
        Ok(query.bind(limit).fetch_all(&mut *self.connection).await?)
    }

    /// The finding with this id, and its parts, if it belongs to one of these tenants.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn finding<'i>(
        &mut self,
        feeds: &[FeedId],
        id: &'i str,
    ) -> Result<(KnownFinding, (FeedId, &'i str, &'i str)), StoreError> {
        let missing = || StoreError::not_found("finding", id.to_owned());
        let parts = parts_of(id).filter(|(feed, ..)| feeds.contains(feed)).ok_or_else(missing)?;
        let sql = format!(
            "SELECT {COLUMNS} FROM findings n JOIN finding_feeds f ON f.id = n.feed_id
             WHERE n.feed_id = $1 AND n.device = $2 AND n.finding = $3"
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(parts.0).bind(parts.1.to_owned());
        let found = query.bind(parts.2.to_owned()).fetch_optional(&mut *self.connection).await?;
        Ok((found.ok_or_else(missing)?, parts))
    }
}
