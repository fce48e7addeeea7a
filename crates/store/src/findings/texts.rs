//! The texts of findings by CVE, in which a search finds the CVEs of a few findings without reading all.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::apply::AppliedChange;
use super::lookup::FindingFilter;
use crate::columns::json;
use crate::model::FeedId;
use crate::rows::identifiers;
use crate::{Engine, Records, StoreError};

/// The characters of a text that are kept. PostgreSQL's index holds no longer ones.
const MOST_CHARACTERS: usize = 500;

/// The bytes of a CVE that PostgreSQL's index holds beside its text. Findings with a longer one are candidates of each search.
const MOST_CVE_BYTES: usize = 200;

/// The tenants of a caller for whom SQLite looks up the findings of a CVE of all tenants, and not once for each tenant.
const MANY_TENANTS: usize = 50;

/// The most CVEs and devices that narrow a search, and the most findings of them. A search that may match more findings reads
/// findings in their order.
const MOST_NAMES: i64 = 1_000;
const MOST_FINDINGS: i64 = 4_000;

/// The fields of a finding that are searched.
#[derive(Deserialize)]
struct SearchedTexts {
    title: Option<String>,
    software: Option<String>,
}

/// The few findings among which are all that match a search.
#[derive(Debug, Clone, Default)]
pub(super) struct Narrowed {
    /// JSON arrays: CVEs, and pairs of a tenant and a device.
    pub cves: String,
    pub devices: String,
}

/// A pattern of texts that contain this one, in lower case.
pub(super) fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// SQL for the keys of the findings of these tenants with CVEs and of devices, which are JSON arrays as parameters. A finding
/// may be there once for each.
fn found(engine: Engine, (tenants, count): (&str, usize), (cves, devices): (&str, &str), limit: &str) -> [String; 2] {
    let seen = engine.among(tenants);
    let sign = if engine == Engine::Sqlite && count > MANY_TENANTS { "+" } else { "" };
    [
        format!(
            "SELECT c.feed_id, c.device, c.finding FROM findings c
             WHERE {sign}c.feed_id {seen} AND c.cve IN ({}) {limit}",
            engine.texts_of(cves)
        ),
        format!(
            "SELECT d.feed_id, d.device, d.finding FROM {} CROSS JOIN findings d
             WHERE d.feed_id = w.feed AND d.device = w.device AND d.feed_id {seen} {limit}",
            engine.table_of_findings(devices, "w")
        ),
    ]
}

/// SQL for the keys of the findings among which are all that match a narrowed search.
pub(super) fn few(engine: Engine, tenants: (&str, usize), parameters: (&str, &str)) -> String {
    found(engine, tenants, parameters, "").join(" UNION ")
}

impl Records<'_> {
    /// Keeps the texts of findings that are written.
    pub(super) async fn add_texts(&mut self, changes: &[AppliedChange]) -> Result<(), StoreError> {
        // A text that was cut may begin as one that was not.
        let mut texts = BTreeMap::new();
        for listed in changes.iter().filter_map(|change| change.listed.as_ref()) {
            let SearchedTexts { title, software } = serde_json::from_str(&listed.content)?;
            let text = format!("{}\n{}", title.unwrap_or_default(), software.unwrap_or_default());
            let is_short = listed.cve.len() <= MOST_CVE_BYTES;
            let text = if is_short { text } else { String::new() };
            let end = text.char_indices().nth(MOST_CHARACTERS).map(|(end, _)| end);
            let kept = end.map_or(text.as_str(), |end| &text[..end]).to_owned();
            let is_whole = texts.entry((listed.cve.as_str(), kept)).or_insert(1);
            *is_whole = i64::from(*is_whole == 1 && end.is_none() && is_short);
        }
        if texts.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = texts.iter().map(|((cve, text), is_whole)| (cve, text, is_whole)).collect();
        let (from, cell) = self.engine.table_of_arrays("$1");
        // Two texts may be one in lower case.
        let sql = format!(
            "INSERT INTO finding_texts (cve, text, is_whole)
             SELECT cve, text, MIN(is_whole)
             FROM (SELECT {cell} ->> 0 AS cve, LOWER({cell} ->> 1) AS text, CAST({cell} ->> 2 AS BIGINT) AS is_whole
                   FROM {from}) AS added
             WHERE 1 = 1 GROUP BY cve, text ORDER BY cve, text
             ON CONFLICT (cve, text) DO UPDATE SET is_whole = 0
                 WHERE finding_texts.is_whole = 1 AND excluded.is_whole = 0"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(json(&rows)?).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// Narrows a search of these tenants to few findings. `None` if there is no search, or it may
    /// match many.
    pub(super) async fn narrowed(
        &mut self,
        feeds: &[FeedId],
        filter: &FindingFilter,
    ) -> Result<Option<Narrowed>, StoreError> {
        let Some(search) = filter.search.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
        let (pattern, engine) = (containing(search), self.engine);
        let cves = sqlx::query_scalar(
            "SELECT DISTINCT cve FROM finding_texts
             WHERE is_whole = 0 OR text LIKE $1 ESCAPE '\\' OR LOWER(cve) LIKE $1 ESCAPE '\\' LIMIT $2",
        );
        let cves: Vec<String> = cves.bind(pattern.clone()).bind(MOST_NAMES).fetch_all(&mut *self.connection).await?;
        let seen = engine.among(&engine.integers_of("$1"));
        let devices = format!(
            "SELECT feed_id, device FROM finding_devices
             WHERE feed_id {seen} AND (LOWER(name) LIKE $2 ESCAPE '\\' OR address LIKE $2 ESCAPE '\\') LIMIT $3"
        );
        let devices = sqlx::query_as::<_, (i64, String)>(sqlx::AssertSqlSafe(devices)).bind(identifiers(feeds));
        let devices = devices.bind(pattern).bind(MOST_NAMES).fetch_all(&mut *self.connection).await?;
        let is_many = |found: usize| i64::try_from(found).is_ok_and(|found| found == MOST_NAMES);
        if is_many(cves.len()) || is_many(devices.len()) {
            return Ok(None);
        }
        let narrowed = Narrowed { cves: json(&cves)?, devices: json(&devices)? };
        let [of_cves, of_devices] =
            found(engine, (&engine.integers_of("$1"), feeds.len()), ("$2", "$3"), &format!("LIMIT {MOST_FINDINGS}"));
        let sql = format!(
            "SELECT CAST(COUNT(*) AS BIGINT)
             FROM (SELECT * FROM ({of_cves}) AS c UNION ALL SELECT * FROM ({of_devices}) AS d) AS found"
        );
        let query = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(sql)).bind(identifiers(feeds));
        let query = query.bind(narrowed.cves.clone()).bind(narrowed.devices.clone());
        let findings = query.fetch_one(&mut *self.connection).await?;
        Ok((findings < MOST_FINDINGS).then_some(narrowed))
    }

    /// Deletes the texts of CVEs that no finding has. It reads all texts: the caller does it when the findings of a tenant were
    /// deleted.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn prune_finding_texts(&mut self) -> Result<u64, StoreError> {
        // A collection locks the log before it adds texts and findings.
        let lock = format!("SELECT id FROM finding_log WHERE id = 1{}", self.engine.for_update());
        sqlx::query(sqlx::AssertSqlSafe(lock)).execute(&mut *self.connection).await?;
        let deleted = sqlx::query(
            "DELETE FROM finding_texts WHERE NOT EXISTS (SELECT 1 FROM findings n WHERE n.cve = finding_texts.cve)",
        );
        Ok(deleted.execute(&mut *self.connection).await?.rows_affected())
    }
}
