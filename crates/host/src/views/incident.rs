//! The views of incidents, and the filter of their list.

use serde::Serialize;
use serde_json::value::RawValue;
use soar_store::model::{
    DynamicField, Incident, IncidentFinding, Link, Moment, Severity, SiteId, Status, Task, Version,
};
use soar_store::{Comparison, Condition, ConditionField, Operand, Records, SearchField, StoreError};
use utoipa::ToSchema;

/// An incident in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentShown {
    /// The incident's number, such as `20210127-198`.
    pub number: String,
    /// The title.
    pub title: String,
    /// The type, such as `Phishing`.
    pub incident_type: String,
    /// The severity.
    pub severity: Severity,
    /// The status.
    pub status: Status,
    /// The name of the site.
    pub site: String,
    /// The owner.
    pub owner: Option<String>,
    /// The assignee.
    pub assignee: Option<String>,
    /// The time at which the incident was created.
    #[schema(value_type = i64)]
    pub created_at: Moment,
    /// The time of the last change.
    #[schema(value_type = i64)]
    pub modified_at: Moment,
    /// The due date.
    #[schema(value_type = Option<i64>)]
    pub due_at: Option<Moment>,
    /// The time at which the incident was closed.
    #[schema(value_type = Option<i64>)]
    pub closed_at: Option<Moment>,
    /// The user who closed the incident.
    pub closed_by: Option<String>,
    /// Rises with every change of the incident, its tasks, its fields and its links.
    #[schema(value_type = i64)]
    pub version: Version,
}

impl IncidentShown {
    /// The view of an incident on the site of that name.
    #[must_use]
    pub fn of(incident: &Incident, site: &str) -> Self {
        Self {
            number: incident.number.clone(),
            title: incident.title.clone(),
            incident_type: incident.incident_type.clone(),
            severity: incident.severity,
            status: incident.status,
            site: site.to_owned(),
            owner: incident.owner.clone(),
            assignee: incident.assignee.clone(),
            created_at: incident.created_at,
            modified_at: incident.modified_at,
            due_at: incident.due_at,
            closed_at: incident.closed_at,
            closed_by: incident.closed_by.clone(),
            version: incident.version,
        }
    }
}

/// An incident with all its details.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WholeIncident {
    /// The fields that lists also show.
    #[serde(flatten)]
    pub incident: IncidentShown,
    /// The description.
    pub description: String,
    /// The disposition, such as `False Positive`.
    pub disposition: String,
    /// The conclusion, one line per addition.
    pub conclusion: String,
    /// The user who created the incident.
    pub creator: String,
    /// The raw data from which the incident was created.
    #[schema(value_type = serde_json::Value)]
    pub raw_data: Option<Box<RawValue>>,
    /// The tasks, in their order.
    pub tasks: Vec<Task>,
    /// The dynamic fields, in their order.
    pub fields: Vec<DynamicField>,
    /// The linked cases.
    pub cases: Vec<Link>,
    /// The linked incidents.
    pub linked_incidents: Vec<Link>,
    /// The number of the findings that the incident is about.
    pub finding_count: i64,
    /// These findings, at most 1,000, in the order in which they were found first.
    pub findings: Vec<IncidentFinding>,
}

/// The most findings of an incident that are shown.
const MOST_FINDINGS: i64 = 1_000;

impl WholeIncident {
    /// Reads the incident with this number. `may_see` returns whether the caller may see incidents of a site. Others
    /// count as missing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn read(
        records: &mut Records<'_>,
        number: &str,
        may_see: impl Fn(SiteId) -> bool,
    ) -> Result<Self, StoreError> {
        let incident = records.incident(number).await?;
        if !may_see(incident.site_id) {
            return Err(StoreError::not_found("incident", number));
        }
        let site = records.sites().await?.into_iter().find(|site| site.id == incident.site_id);
        let id = incident.id;
        let visible = |links: Option<Vec<Link>>| -> Vec<Link> {
            links.unwrap_or_default().into_iter().filter(|link| may_see(link.site_id)).collect()
        };
        Ok(Self {
            incident: IncidentShown::of(&incident, site.as_ref().map_or("", |site| &site.name)),
            raw_data: incident.raw_data.and_then(|raw| RawValue::from_string(raw).ok()),
            description: incident.description,
            disposition: incident.disposition,
            conclusion: incident.conclusion,
            creator: incident.creator,
            tasks: records.tasks_of(&[id]).await?.remove(&id).unwrap_or_default(),
            fields: records.fields_of(&[id]).await?.remove(&id).unwrap_or_default(),
            cases: visible(records.cases_of(&[id]).await?.remove(&id)),
            linked_incidents: visible(records.links_of(&[id]).await?.remove(&id)),
            finding_count: records.count_incident_findings(id).await?.0,
            findings: records.incident_findings(id, MOST_FINDINGS).await?,
        })
    }
}

/// A filter of incidents. An incident must match all given fields.
#[derive(Debug, Clone, Default)]
pub struct IncidentFilter {
    /// The status.
    pub status: Option<Status>,
    /// The severity.
    pub severity: Option<Severity>,
    /// The owner.
    pub owner: Option<String>,
    /// A text in the title. Upper and lower case do not matter.
    pub title: Option<String>,
    /// Words, each of which begins a word of the number, the title, the type or a dynamic field. Case and diacritics do
    /// not matter.
    pub text: Option<String>,
}

impl IncidentFilter {
    /// The conditions for [`soar_store::Search::groups`].
    #[must_use]
    pub fn groups(self) -> Vec<Vec<Condition>> {
        let condition = |field, comparison, text: Option<String>| {
            text.map(|text| Condition {
                subject: ConditionField::Static(field),
                comparison,
                operand: Operand::Text(text),
            })
        };
        let conditions: Vec<Condition> = [
            condition(SearchField::Status, Comparison::Equal, self.status.map(|status| status.to_string())),
            condition(SearchField::Severity, Comparison::Equal, self.severity.map(|severity| severity.to_string())),
            condition(SearchField::Owner, Comparison::Equal, self.owner),
            condition(SearchField::Title, Comparison::Like, self.title.map(|text| format!("%{text}%"))),
        ]
        .into_iter()
        .flatten()
        .collect();
        if conditions.is_empty() { Vec::new() } else { vec![conditions] }
    }
}
