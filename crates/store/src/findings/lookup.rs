//! Looks up findings as they were last read.

use crate::model::access::text_enum;
use crate::model::{FeedId, KnownFinding};
use crate::{Engine, Records, StoreError};

text_enum! {
    /// The order of findings. Findings that are alike in it are ordered by tenant and device.
    pub enum FindingOrder {
        /// By tenant and device.
        Device = "device",
        /// By the first CVE.
        Cve = "cve",
        /// By the CVSS base score; findings without one come first.
        Cvss = "cvss",
        /// By the time of the first reading.
        First = "first",
        /// By the last change.
        Changed = "changed",
    }
}

/// The highest number of findings that a count gives.
const MOST_COUNTED: i64 = 10_000;

/// The most rows that a count reads. A search also reads the fields of each row, so that it reads fewer rows.
const ROWS: i64 = 20_000;
const SEARCHED_ROWS: i64 = 4_000;

/// How far the store counts findings.
#[derive(Debug, Clone, Copy)]
pub struct CountBounds {
    /// The highest number.
    pub most: i64,
    /// The most rows that are read.
    pub rows: i64,
}

impl CountBounds {
    /// The bounds with which a count takes little time, however many findings there are.
    #[must_use]
    pub fn of(filter: &FindingFilter) -> Self {
        let is_search = filter.search.as_deref().is_some_and(|text| !text.is_empty());
        Self { most: MOST_COUNTED, rows: if is_search { SEARCHED_ROWS } else { ROWS } }
    }
}

/// How many findings match a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingTotal {
    /// Exactly this many.
    Exactly(i64),
    /// More than this many, which is the highest number.
    MoreThan(i64),
    /// At least this many. The store read no further rows.
    AtLeast(i64),
}

/// Which findings to read. A field that is not set does not limit them.
#[derive(Debug, Clone, Default)]
pub struct FindingFilter {
    /// With this text in the CVE, the title, the software, or the device's name or address. Case makes no difference.
    pub search: Option<String>,
    /// With this CVE as the first one.
    pub cve: Option<String>,
    /// On the device with this name, address or id.
    pub device: Option<String>,
    /// Of the tenant with this name or id of the product.
    pub tenant: Option<String>,
    /// With this status, such as `open`.
    pub status: Option<String>,
    /// Also findings that are gone.
    pub with_gone: bool,
    /// By tenant and device unless given.
    pub order: Option<FindingOrder>,
    /// In descending order.
    pub descending: bool,
    /// After the finding with this id: the next page.
    pub after: Option<String>,
}

impl FindingOrder {
    /// The value by which rows of the table `alias` are ordered. `None` for the order of the table itself.
    fn value(self, engine: Engine, alias: &str) -> Option<String> {
        match self {
            Self::Device => None,
            Self::Cve => Some(format!("{alias}.cve")),
            Self::Cvss => Some(engine.json_number(&format!("{alias}.content"), "cvss")),
            Self::First => Some(format!("{alias}.first_at")),
            Self::Changed => Some(format!("{alias}.sequence")),
        }
    }
}

/// The columns of a finding. `n` is its row and `f` its feed.
const COLUMNS: &str = "CAST(n.feed_id AS TEXT) || '.' || n.device || '.' || n.finding AS finding_id, f.connection_id,
    f.tenant, f.tenant_name, n.listed, n.first_at, n.changed_at, n.sequence, n.content AS finding";

/// The parts of a finding's id: feed, device, and hash. The device may contain dots.
#[must_use]
pub fn finding_id_parts(id: &str) -> Option<(FeedId, &str, &str)> {
    let (feed, rest) = id.split_once('.')?;
    let (device, finding) = rest.rsplit_once('.')?;
    Some((feed.parse().ok()?, device, finding))
}

impl Records<'_> {
    /// At most `limit` findings of these tenants, in the order of the filter.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when `after` is no id of a finding, or its finding was removed and has no place in the order.
    pub async fn findings(
        &mut self,
        feeds: &[FeedId],
        filter: &FindingFilter,
        limit: i64,
    ) -> Result<Vec<KnownFinding>, StoreError> {
        let after = match &filter.after {
            None => None,
            Some(id) => Some(
                finding_id_parts(id).ok_or_else(|| StoreError::Invalid(format!("{id:?} is no id of a finding.")))?,
            ),
        };
        let order = filter.order.unwrap_or(FindingOrder::Device);
        let of = |alias: &str| order.value(self.engine, alias).map(|value| format!("{value}, ")).unwrap_or_default();
        let (compared, direction) = if filter.descending { ("<", " DESC") } else { (">", "") };
        let beyond = match (after, order.value(self.engine, "a")) {
            (None, _) => String::new(),
            (Some(_), None) => format!("AND (n.feed_id, n.device, n.finding) {compared} ($10, $11, $12)"),
            (Some(_), Some(value)) => format!(
                "AND ({}n.feed_id, n.device, n.finding) {compared} ((SELECT {value} FROM findings a
                     WHERE a.feed_id = $10 AND a.device = $11 AND a.finding = $12), $10, $11, $12)",
                of("n")
            ),
        };
        let ordered = order.value(self.engine, "n").map(|value| format!("{value}{direction}, ")).unwrap_or_default();
        let conditions = self.filter_conditions(feeds, filter).await?;
        let sql = format!(
            "SELECT {COLUMNS} FROM {} JOIN finding_feeds f ON f.id = n.feed_id
             WHERE {} {beyond}
             ORDER BY {ordered}n.feed_id{direction}, n.device{direction}, n.finding{direction} LIMIT $9",
            conditions.table,
            conditions.sql()
        );
        let mut query = conditions.bind(sqlx::query_as(sqlx::AssertSqlSafe(sql))).bind(limit);
        if let Some((feed, device, finding)) = after {
            query = query.bind(feed).bind(device.to_owned()).bind(finding.to_owned());
        }
        let found: Vec<KnownFinding> = query.fetch_all(&mut *self.connection).await?;
        // Without its row the place of the finding is unknown, and nothing comes after it.
        if let (true, false, Some(id), Some((feed, ..))) = (found.is_empty(), ordered.is_empty(), &filter.after, after)
        {
            self.finding(&[feed], id).await.map_err(|error| match error {
                StoreError::NotFound { .. } => StoreError::Invalid(format!(
                    "The finding {id:?}, after which the page begins, was removed. Begin again with the first page."
                )),
                error => error,
            })?;
        }
        Ok(found)
    }

    /// How many findings of these tenants match a filter, as far as the bounds allow. The filter's order and position
    /// have no effect.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_findings(
        &mut self,
        feeds: &[FeedId],
        filter: &FindingFilter,
        bounds: CountBounds,
    ) -> Result<FindingTotal, StoreError> {
        let conditions = self.filter_conditions(feeds, filter).await?;
        // The order is that of the table, so that PostgreSQL reads no rows of other tenants before those of the filter.
        let sql = format!(
            "SELECT CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(matching), 0) AS BIGINT)
             FROM (SELECT CASE WHEN {} THEN 1 ELSE 0 END AS matching FROM {} WHERE {}
                   ORDER BY n.feed_id, n.device, n.finding LIMIT $9) looked_at",
            conditions.rest, conditions.table, conditions.scope
        );
        // One more row tells whether there are further ones.
        let query = conditions.bind(sqlx::query_as(sqlx::AssertSqlSafe(sql))).bind(bounds.rows.saturating_add(1));
        let (rows, matching): (i64, i64) = query.fetch_one(&mut *self.connection).await?;
        Ok(match matching {
            matching if matching > bounds.most => FindingTotal::MoreThan(bounds.most),
            matching if rows > bounds.rows => FindingTotal::AtLeast(matching),
            matching => FindingTotal::Exactly(matching),
        })
    }

    /// Those of these findings that the store has and that belong to one of these tenants.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn known_findings(&mut self, feeds: &[FeedId], ids: &[String]) -> Result<Vec<String>, StoreError> {
        let parts = ids.iter().filter_map(|id| finding_id_parts(id)).filter(|(feed, ..)| feeds.contains(feed));
        let parts = serde_json::to_string(&parts.collect::<Vec<_>>())?;
        let sql = format!(
            "SELECT CAST(n.feed_id AS TEXT) || '.' || n.device || '.' || n.finding FROM {}
             JOIN findings n ON n.feed_id = w.feed AND n.device = w.device AND n.finding = w.finding",
            self.engine.table_of_findings("$1", "w")
        );
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(parts);
        Ok(query.fetch_all(&mut *self.connection).await?)
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
        let parts = finding_id_parts(id).filter(|(feed, ..)| feeds.contains(feed)).ok_or_else(missing)?;
        let sql = format!(
            "SELECT {COLUMNS} FROM findings n JOIN finding_feeds f ON f.id = n.feed_id
             WHERE n.feed_id = $1 AND n.device = $2 AND n.finding = $3"
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(parts.0).bind(parts.1.to_owned());
        let found = query.bind(parts.2.to_owned()).fetch_optional(&mut *self.connection).await?;
        Ok((found.ok_or_else(missing)?, parts))
    }
}
