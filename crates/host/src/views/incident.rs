//! Incidents as they are shown, and what a list of them is narrowed down to.

use serde::Serialize;
use serde_json::value::RawValue;
use soar_store::model::{DynamicField, Incident, Link, Moment, Severity, SiteId, Status, Task, Version};
use soar_store::{Comparison, Condition, Operand, Records, SearchField, StoreError, Subject};
use utoipa::ToSchema;

/// An incident as lists show it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentShown {
    /// Its number, such as `20210127-198`.
    pub number: String,
    /// Its title.
    pub title: String,
    /// Such as `Phishing`.
    pub incident_type: String,
    /// How bad it is.
    pub severity: Severity,
    /// Whether it is done.
    pub status: Status,
    /// The name of its site.
    pub site: String,
    /// The user who answers for it.
    pub owner: Option<String>,
    /// The user who works on it.
    pub assignee: Option<String>,
    /// When it was made.
    #[schema(value_type = i64)]
    pub created_at: Moment,
    /// When it was last changed.
    #[schema(value_type = i64)]
    pub modified_at: Moment,
    /// When it ought to be closed.
    #[schema(value_type = Option<i64>)]
    pub due_at: Option<Moment>,
    /// When it was closed.
    #[schema(value_type = Option<i64>)]
    pub closed_at: Option<Moment>,
    /// Who closed it.
    pub closed_by: Option<String>,
    /// Rises with every change of the incident, its tasks, its fields and its links.
    #[schema(value_type = i64)]
    pub version: Version,
}

impl IncidentShown {
    /// The incident, which is of the site of that name.
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

/// All that is kept of an incident.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WholeIncident {
    /// What lists show, too.
    #[serde(flatten)]
    pub incident: IncidentShown,
    /// What happened.
    pub description: String,
    /// Such as `False Positive`.
    pub disposition: String,
    /// What came of it, one line per addition.
    pub conclusion: String,
    /// Who made it.
    pub creator: String,
    /// What it was made from.
    #[schema(value_type = serde_json::Value)]
    pub raw_data: Option<Box<RawValue>>,
    /// Its tasks, in their order.
    pub tasks: Vec<Task>,
    /// Its dynamic fields, in their order.
    pub fields: Vec<DynamicField>,
    /// The cases that it is linked to.
    pub cases: Vec<Link>,
    /// The incidents that it is linked with.
    pub linked_incidents: Vec<Link>,
}

impl WholeIncident {
    /// Reads the incident of that number; `may_see` says of which sites incidents may be seen, and what may not be seen
    /// is not there.
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
        })
    }
}

/// What a list of incidents is narrowed down to; what is not given does not matter.
#[derive(Debug, Clone, Default)]
pub struct IncidentFilter {
    /// Done or not.
    pub status: Option<Status>,
    /// So bad.
    pub severity: Option<Severity>,
    /// With this owner.
    pub owner: Option<String>,
    /// With this text in the title, in any case.
    pub title: Option<String>,
}

impl IncidentFilter {
    /// For [`soar_store::Search::groups`].
    #[must_use]
    pub fn groups(self) -> Vec<Vec<Condition>> {
        let condition = |field, comparison, text: Option<String>| {
            text.map(|text| Condition { subject: Subject::Static(field), comparison, operand: Operand::Text(text) })
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
