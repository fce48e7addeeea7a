//! Incidents, a page at a time.

use serde::Serialize;
use serde_json::{Value, json};
use soar_store::Search;
use utoipa::ToSchema;

use crate::server::manage::ManageError;
use crate::server::manage::operation::{Done, Managed};
use crate::views::{IncidentFilter, IncidentShown};
use soar_store::model::Moment;

/// The longest text to look for in titles, in characters: longer ones are in none.
const LONGEST: usize = soar_store::model::LONGEST_TITLE;

pub(super) const TITLE: fn() -> Value =
    || json!({ "type": "string", "pattern": r"^[^\u0000]*$", "maxLength": LONGEST });

pub(super) const OFFSET: fn() -> Value = || json!({ "type": "integer", "minimum": 0, "maximum": i64::MAX });

/// Incidents, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct IncidentPage {
    incidents: Vec<IncidentShown>,
    /// What to send as offset for the next page; none on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<i64>,
}

pub(super) async fn list(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let malformed = |problem: String| Err(ManageError::Malformed(problem));
    let title = managed.query("title").map(str::to_owned);
    if title.as_ref().is_some_and(|title| title.chars().count() > LONGEST) {
        return malformed(format!("title: expected at most {LONGEST} characters."));
    }
    let filter = IncidentFilter {
        status: managed.choice("status")?,
        severity: managed.choice("severity")?,
        owner: managed.query("owner").map(str::to_owned),
        title,
    };
    let (offset, limit) = (managed.number("offset")?.unwrap_or(0), managed.limit()?);
    if offset < 0 {
        return malformed("offset: expected a whole number that is not negative.".to_owned());
    }
    let (from, until) =
        (managed.moment("since")?.unwrap_or(Moment::MIN), managed.moment("until")?.unwrap_or(Moment::MAX));
    let sites = managed.sites().await?;
    let search = Search {
        sites: sites.keys().copied().collect(),
        from,
        until,
        groups: filter.groups(),
        offset,
        // One more than is shown tells whether there are more.
        limit: limit + 1,
    };
    let mut found = managed.records.search_incidents(&search).await?;
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let next = (found.len() > shown).then(|| offset.saturating_add(limit));
    found.truncate(shown);
    let name = |id: i64| sites.get(&id).map(String::as_str).unwrap_or_default();
    let incidents = found.iter().map(|incident| IncidentShown::of(incident, name(incident.site_id))).collect();
    Done::new(IncidentPage { incidents, next }, "")
}
