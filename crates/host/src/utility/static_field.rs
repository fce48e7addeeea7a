//! The fields that every incident has, under the names that Get Incidents and Set Incident Field know them by.

use serde_json::{Value, json};

use super::dates::utc_date;
use crate::model::{Incident, Link, Site};
use crate::store::SearchField;

/// A field and the names it goes by, the usual one first.
#[derive(Debug, Clone, Copy)]
pub(super) struct StaticField {
    pub(super) names: &'static [&'static str],
    /// What it is found by; none for what cannot be searched.
    pub(super) search: Option<SearchField>,
    /// Whether it is shown when no field is asked for.
    pub(super) is_default: bool,
    value: fn(&Incident, &Site, &[Link]) -> Value,
}

const fn field(
    names: &'static [&'static str],
    search: Option<SearchField>,
    is_default: bool,
    value: fn(&Incident, &Site, &[Link]) -> Value,
) -> StaticField {
    StaticField { names, search, is_default, value }
}

fn date(milliseconds: Option<i64>) -> Value {
    milliseconds.map(utc_date).unwrap_or_default().into()
}

/// All of them, in the order in which they are shown. Those that this host keeps nothing for are empty, so that a
/// client's list of fields works as it is.
pub(super) const FIELDS: &[StaticField] = &[
    field(&["Incident Number", "IR Number", "Number"], Some(SearchField::Number), true, |i, _, _| json!(i.number)),
    field(&["Incident Type", "IR Type", "Type", "IncidentType"], Some(SearchField::IncidentType), true, |i, _, _| {
        json!(i.incident_type)
    }),
    field(&["Title"], Some(SearchField::Title), true, |i, _, _| json!(i.title)),
    field(&["Status"], Some(SearchField::Status), true, |i, _, _| json!(i.status)),
    field(&["Severity", "SeverityName"], Some(SearchField::Severity), true, |i, _, _| json!(i.severity)),
    field(&["Stage"], None, false, |_, _, _| json!("")),
    field(&["Priority"], None, false, |_, _, _| json!("")),
    field(&["Disposition"], Some(SearchField::Disposition), true, |i, _, _| json!(i.disposition)),
    field(&["Tags"], None, false, |_, _, _| json!([])),
    field(&["Site", "SiteName"], None, true, |_, site, _| json!(site.name)),
    field(&["Owner"], Some(SearchField::Owner), true, |i, _, _| json!(i.owner.as_deref().unwrap_or_default())),
    field(&["Assignee"], Some(SearchField::Assignee), true, |i, _, _| json!(i.assignee.as_deref().unwrap_or_default())),
    field(&["Creator"], Some(SearchField::Creator), true, |i, _, _| json!(i.creator)),
    field(&["Timezone", "Time Zone"], None, true, |_, site, _| json!(site.time_zone)),
    field(&["Date Created", "DateCreated"], Some(SearchField::CreatedAt), true, |i, _, _| date(Some(i.created_at))),
    field(&["Date Modified", "DateModified"], Some(SearchField::ModifiedAt), true, |i, _, _| date(Some(i.modified_at))),
    field(&["Due Date", "DueDate"], Some(SearchField::DueAt), true, |i, _, _| date(i.due_at)),
    field(&["Playbook"], None, false, |_, _, _| json!([])),
    field(&["Description"], Some(SearchField::Description), true, |i, _, _| json!(i.description)),
    field(&["Conclusion"], Some(SearchField::Conclusion), true, |i, _, _| json!(i.conclusion)),
    field(&["Investigation Team"], None, false, |_, _, _| json!([])),
    field(&["Linked Incidents"], None, true, |_, _, links| {
        links.iter().map(|link| json!(link.number)).collect::<Vec<_>>().into()
    }),
    field(&["Date Closed", "DateClosed"], Some(SearchField::ClosedAt), false, |i, _, _| date(i.closed_at)),
    field(&["Closed By", "ClosedBy"], Some(SearchField::ClosedBy), false, |i, _, _| {
        json!(i.closed_by.as_deref().unwrap_or_default())
    }),
    field(&["Incident Raw Data"], None, false, |i, _, _| {
        i.raw_data.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
    }),
    field(&["Event Raw Data"], None, false, |_, _, _| json!([])),
    field(&["Custom Field"], None, false, |_, _, _| json!({})),
];

impl StaticField {
    /// The field of that name, in any case, with or without spaces.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        let plain = |name: &str| name.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
        let wanted: String = plain(name);
        FIELDS.iter().find(|field| field.names.iter().any(|name| plain(name) == wanted))
    }

    /// Its usual name.
    pub(super) fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }

    pub(super) fn value(&self, incident: &Incident, site: &Site, links: &[Link]) -> Value {
        (self.value)(incident, site, links)
    }
}
