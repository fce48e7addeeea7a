//! The static fields of incidents, with their names in Get Incidents and Set Incident Field.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use soar_connector::name::normalised;
use soar_store::model::{Incident, Link, Moment, Site};
use soar_store::{LongTexts, SearchField};

use super::dates::utc_date;

/// A field and its names, the usual name first.
#[derive(Debug, Clone, Copy)]
pub(super) struct StaticField {
    pub(super) names: &'static [&'static str],
    /// The field in searches; `None` where it cannot be searched.
    pub(super) search: Option<SearchField>,
    /// Whether the field is shown when no fields are selected.
    pub(super) is_default: bool,
    value: Of,
}

/// Returns the value of a field of an incident.
type Of = for<'i> fn(&'i Incident, &'i Site, &'i [Link]) -> Shown<'i>;

/// A field's value. Most are texts borrowed from the incident.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Shown<'i> {
    Text(Cow<'i, str>),
    /// Stored JSON.
    Json(&'i RawValue),
    Value(Value),
}

const fn field(
    names: &'static [&'static str],
    search: Option<SearchField>,
    is_default: bool,
    value: Of,
) -> StaticField {
    StaticField { names, search, is_default, value }
}

fn text(text: &str) -> Shown<'_> {
    Shown::Text(Cow::Borrowed(text))
}

fn maybe(text: Option<&str>) -> Shown<'_> {
    Shown::Text(Cow::Borrowed(text.unwrap_or_default()))
}

fn date<'i>(at: Option<Moment>) -> Shown<'i> {
    Shown::Text(Cow::Owned(at.map(utc_date).unwrap_or_default()))
}

/// The field with the linked incidents.
const LINKS: &str = "Linked Incidents";

/// All static fields, in the order of answers. Fields that this host does not store are empty, so that clients' lists
/// of fields work unchanged.
pub(super) const FIELDS: &[StaticField] = &[
    field(&["Incident Number", "IR Number", "Number"], Some(SearchField::Number), true, |i, _, _| text(&i.number)),
    field(&["Incident Type", "IR Type", "Type", "IncidentType"], Some(SearchField::IncidentType), true, |i, _, _| {
        text(&i.incident_type)
    }),
    field(&["Title"], Some(SearchField::Title), true, |i, _, _| text(&i.title)),
    field(&["Status"], Some(SearchField::Status), true, |i, _, _| text(i.status.as_str())),
    field(&["Severity", "SeverityName"], Some(SearchField::Severity), true, |i, _, _| text(i.severity.as_str())),
    field(&["Stage"], None, false, |_, _, _| text("")),
    field(&["Priority"], None, false, |_, _, _| text("")),
    field(&["Disposition"], Some(SearchField::Disposition), true, |i, _, _| text(&i.disposition)),
    field(&["Tags"], None, false, |_, _, _| Shown::Value(json!([]))),
    field(&["Site", "SiteName"], None, true, |_, site, _| text(&site.name)),
    field(&["Owner"], Some(SearchField::Owner), true, |i, _, _| maybe(i.owner.as_deref())),
    field(&["Assignee"], Some(SearchField::Assignee), true, |i, _, _| maybe(i.assignee.as_deref())),
    field(&["Creator"], Some(SearchField::Creator), true, |i, _, _| text(&i.creator)),
    field(&["Timezone", "Time Zone"], None, true, |_, site, _| text(&site.time_zone)),
    field(&["Date Created", "DateCreated"], Some(SearchField::CreatedAt), true, |i, _, _| date(Some(i.created_at))),
    field(&["Date Modified", "DateModified"], Some(SearchField::ModifiedAt), true, |i, _, _| date(Some(i.modified_at))),
    field(&["Due Date", "DueDate"], Some(SearchField::DueAt), true, |i, _, _| date(i.due_at)),
    field(&["Playbook"], None, false, |_, _, _| Shown::Value(json!([]))),
    field(&["Description"], Some(SearchField::Description), true, |i, _, _| text(&i.description)),
    field(&["Conclusion"], Some(SearchField::Conclusion), true, |i, _, _| text(&i.conclusion)),
    field(&["Investigation Team"], None, false, |_, _, _| Shown::Value(json!([]))),
    field(&[LINKS], None, true, |_, _, links| Shown::Value(links.iter().map(|link| json!(link.number)).collect())),
    field(&["Date Closed", "DateClosed"], Some(SearchField::ClosedAt), false, |i, _, _| date(i.closed_at)),
    field(&["Closed By", "ClosedBy"], Some(SearchField::ClosedBy), false, |i, _, _| maybe(i.closed_by.as_deref())),
    field(&["Incident Raw Data"], None, false, |i, _, _| {
        let raw = i.raw_data.as_deref().and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
        raw.map_or(Shown::Value(Value::Null), Shown::Json)
    }),
    field(&["Event Raw Data"], None, false, |_, _, _| Shown::Value(json!([]))),
    field(&["Custom Field"], None, false, |_, _, _| Shown::Value(json!({}))),
];

impl StaticField {
    /// The field of that name, in any spelling that manifests allow, also without spaces.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        let exact = FIELDS.iter().find(|field| field.names.contains(&name));
        let plain = |name: &str| normalised(name).replace('-', "");
        let wanted = plain(name);
        exact.or_else(|| FIELDS.iter().find(|field| field.names.iter().any(|known| plain(known) == wanted)))
    }

    /// The field's usual name.
    pub(super) fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }

    /// Adds the field's long text to the texts to read, if it has one.
    pub(super) fn add_text(&self, texts: &mut LongTexts) {
        match self.name() {
            "Description" => texts.description = true,
            "Conclusion" => texts.conclusion = true,
            "Incident Raw Data" => texts.raw_data = true,
            _ => {}
        }
    }

    /// Whether the value comes from the incident's links.
    pub(super) fn shows_links(&self) -> bool {
        self.name() == LINKS
    }

    pub(super) fn value<'i>(&self, incident: &'i Incident, site: &'i Site, links: &'i [Link]) -> Shown<'i> {
        (self.value)(incident, site, links)
    }
}
