//! SQL for the findings that a filter chooses.

use super::lookup::FindingFilter;
use super::texts::{Narrowed, containing, few};
use crate::model::FeedId;
use crate::rows::identifiers;
use crate::{Engine, Records, StoreError};

/// The conditions of a filter, with the parameters `$1` to `$6`: tenants, search, CVE, status, device, tenant. A search that is
/// narrowed to few findings has their CVEs and devices as `$7` and `$8`.
pub(super) struct FilterConditions {
    /// The findings as the table `n`.
    pub(super) table: String,
    /// The conditions on the tenant, the device and the CVE. An index finds these rows.
    pub(super) scope: String,
    /// The conditions for which each of these rows is read.
    pub(super) rest: String,
    values: Vec<String>,
}

impl FilterConditions {
    fn new(engine: Engine, feeds: &[FeedId], filter: &FindingFilter, narrowed: Option<Narrowed>) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let cve = text(&filter.cve);
        let is_cve = cve.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("cve-"));
        let (cve, status) = (if is_cve { cve.to_ascii_uppercase() } else { cve }, text(&filter.status));
        let (device, tenant) = (text(&filter.device), text(&filter.tenant));
        let seen = engine.integers_of("$1");
        let tenants = if tenant.is_empty() {
            seen
        } else {
            format!(
                "SELECT t.id FROM finding_feeds t
                 WHERE t.id IN ({seen}) AND (t.tenant = $6 OR LOWER(t.tenant_name) = LOWER($6))"
            )
        };
        let mut scope = format!("n.feed_id {}", engine.among(&tenants));
        if !device.is_empty() {
            // SQLite looks up a device by the index only where its column is compared alone.
            let found = format!(
                "FROM finding_devices d WHERE d.feed_id {}
                     AND (LOWER(d.name) = LOWER($5) OR d.address = $5 OR d.product_id = $5)",
                engine.among(&tenants)
            );
            scope.push_str(&format!(
                " AND n.device IN (SELECT d.device {found})
                  AND (n.feed_id, n.device) IN (SELECT d.feed_id, d.device {found})"
            ));
        }
        if !cve.is_empty() {
            scope.push_str(" AND n.cve = $3");
        }
        let mut table = "findings n".to_owned();
        if narrowed.is_some() {
            // SQLite looks up rows by all columns of their key in a join only.
            table = format!("({}) few CROSS JOIN findings n", few(engine, (&tenants, feeds.len()), ("$7", "$8")));
            scope.push_str(" AND n.feed_id = few.feed_id AND n.device = few.device AND n.finding = few.finding");
        }
        let Narrowed { cves, devices } = narrowed.unwrap_or_default();
        // PostgreSQL refuses a parameter that the statement does not have.
        let parameters = [(&cve, "$3"), (&device, "$5"), (&tenant, "$6"), (&cves, "$7"), (&devices, "$8")];
        for (value, parameter) in parameters {
            if value.is_empty() {
                scope.push_str(&format!(" AND {parameter} = ''"));
            }
        }
        let member = |name: &str| format!("LOWER(COALESCE({}, ''))", engine.json_text("n.content", name));
        let rest = format!(
            "($2 = '' OR LOWER(n.cve) LIKE $2 ESCAPE '\\' OR {title} LIKE $2 ESCAPE '\\'
              OR {software} LIKE $2 ESCAPE '\\'
              OR EXISTS (SELECT 1 FROM finding_devices d WHERE d.feed_id = n.feed_id AND d.device = n.device
                         AND (LOWER(d.name) LIKE $2 ESCAPE '\\' OR d.address LIKE $2 ESCAPE '\\')))
             AND ($4 = '' OR n.status = $4) {gone}",
            title = member("title"),
            software = member("software"),
            gone = if filter.with_gone { "" } else { "AND n.listed = 1" },
        );
        let search = filter.search.as_deref().map(containing).unwrap_or_default();
        Self {
            table,
            scope,
            rest,
            values: vec![identifiers(feeds), search, cve, status, device, tenant, cves, devices],
        }
    }

    pub(super) fn sql(&self) -> String {
        format!("{} AND {}", self.scope, self.rest)
    }

    /// The conditions of a filter that chooses findings by their tenant only, for any table with tenants.
    pub(super) fn of_tenants(&self) -> String {
        format!("{} AND $2 = '' AND $4 = ''", self.scope)
    }

    /// Binds the parameters.
    pub(super) fn bind<'q, O>(self, query: AnyQueryAs<'q, O>) -> AnyQueryAs<'q, O> {
        self.values.into_iter().fold(query, sqlx::query::QueryAs::bind)
    }
}

pub(super) type AnyQueryAs<'q, O> = sqlx::query::QueryAs<'q, sqlx::Any, O, sqlx::any::AnyArguments>;

impl Records<'_> {
    /// The conditions of a filter.
    pub(super) async fn filter_conditions(
        &mut self,
        feeds: &[FeedId],
        filter: &FindingFilter,
    ) -> Result<FilterConditions, StoreError> {
        let is_set = |value: &Option<String>| value.as_deref().is_some_and(|text| !text.is_empty());
        // An index already finds the few findings of a CVE or a device.
        let narrowed = match is_set(&filter.cve) || is_set(&filter.device) {
            true => None,
            false => self.narrowed(feeds, filter).await?,
        };
        Ok(FilterConditions::new(self.engine, feeds, filter, narrowed))
    }
}
