//! Operations on incidents: list, show, create, change and link. Bulk commands change many incidents at once.

mod shapes;

use serde::Serialize;
use serde_json::json;
use soar_connector::name::quoted;
use soar_connector::{Parameters, RawParameters};
use soar_store::model::{Caller, IncidentId, Moment, Right, limits};
use soar_store::{LongTexts, Records, Search, SearchOrder, StoreError};
use utoipa::ToSchema;

pub use shapes::{IncidentToChange, IncidentToMake, IncidentsLinked, IncidentsToLink, TaskToChange};

use super::cases::sites_with_incidents;
use super::{Done, OperationError, Operations, RequestContext, Required, boxed};
use crate::Refusal;
use crate::parameter_texts::check_texts;
use crate::utility::{self, Answer};
use crate::views::{IncidentFilter, IncidentShown, WholeIncident};

/// A page of incidents.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentPage {
    /// The incidents.
    pub incidents: Vec<IncidentShown>,
    /// The value of `offset` for the next page; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
    /// The id of the last incident, if there is a next page: [`IncidentSearch::after`] for it.
    #[serde(skip)]
    pub last: Option<IncidentId>,
}

/// A filter and a page of incidents.
#[derive(Debug, Clone, Default)]
pub struct IncidentSearch {
    /// The name of the site; all sites unless given.
    pub site: Option<String>,
    /// The filter of fields.
    pub filter: IncidentFilter,
    /// Only incidents created at this time or later.
    pub since: Option<Moment>,
    /// Only incidents created before this time.
    pub until: Option<Moment>,
    /// The order of the incidents.
    pub order: SearchOrder,
    /// Only incidents after this one in the order, which is the last one of the page before.
    pub after: Option<IncidentId>,
    /// The number of incidents to skip.
    pub offset: i64,
    /// The most incidents on the page.
    pub limit: i64,
}

impl Operations {
    /// The incidents that the caller may see.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn list_incidents(
        &self,
        context: &RequestContext,
        wanted: IncidentSearch,
    ) -> Result<IncidentPage, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let sites = sites_with_incidents(context, &mut records, wanted.site.as_deref()).await?;
        let search = Search {
            sites: sites.keys().copied().collect(),
            from: wanted.since.unwrap_or(Moment::MIN),
            until: wanted.until.unwrap_or(Moment::MAX),
            text: wanted.filter.text.clone(),
            groups: wanted.filter.groups(),
            order: wanted.order,
            after: wanted.after,
            offset: wanted.offset,
            // One more than the page shows tells whether there is a next page.
            limit: wanted.limit.saturating_add(1),
            texts: LongTexts::NONE,
        };
        let mut found = records.search_incidents(&search).await?.rows;
        let shown = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
        let next = (found.len() > shown).then(|| wanted.offset.saturating_add(wanted.limit));
        found.truncate(shown);
        let last = next.and_then(|_| found.last().map(|incident| incident.id));
        let name = |id| sites.get(&id).map(String::as_str).unwrap_or_default();
        let incidents = found.iter().map(|incident| IncidentShown::of(incident, name(incident.site_id))).collect();
        Ok(IncidentPage { incidents, next, last })
    }

    /// One incident, with its tasks, fields and links.
    ///
    /// # Errors
    /// [`OperationError`] when the caller may see no such incident.
    #[boxed]
    pub async fn incident(&self, context: &RequestContext, number: &str) -> Result<WholeIncident, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(whole(&mut records, &caller, number).await?)
    }

    /// Creates an incident, as the command CreateAnIncident does.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn create_incident(
        &self,
        context: &RequestContext,
        incident: IncidentToMake,
    ) -> Result<WholeIncident, OperationError> {
        let site = &incident.site.clone();
        let parameters = &RawParameters::from_iter(incident.parameters()?);
        self.changes
            .run(context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let caller = context.caller(change.records.site(site).await?);
                    let records = &mut change.records;
                    let running = call(records, "CreateAnIncident", &caller, parameters, change.now);
                    let answer = self.guarded(context, running).await?;
                    let rows = answer.context_data.map(|rows| rows.values()).unwrap_or_default();
                    let number = rows.first().and_then(|row| row["Incident Number"].as_str());
                    let number =
                        number.ok_or_else(|| StoreError::Unreadable("an incident without a number".to_owned()))?;
                    done(records, &caller, number, number.to_owned()).await
                })
            })
            .await
    }

    /// Changes an incident, as the command SetIncidentField does: all given fields, or none.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn change_incident(
        &self,
        context: &RequestContext,
        number: &str,
        given: IncidentToChange,
    ) -> Result<WholeIncident, OperationError> {
        let version = given.version;
        let fields = &given.fields()?;
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move {
                    let records = &mut change.records;
                    let incident = records.incident_for_change(number).await?;
                    if version.is_some_and(|version| version != incident.version) {
                        let error = format!(
                            "The incident {} has been changed since you read it: it is at version {} now. Read it again.",
                            quoted(number),
                            incident.version
                        );
                        return Err(StoreError::Conflict(error).into());
                    }
                    let mut names = Vec::new();
                    for (name, value) in fields {
                        let parameters = RawParameters::from_iter([
                            ("Incident Number".to_owned(), json!(number)),
                            ("Field Name".to_owned(), json!(name)),
                            ("Field Value".to_owned(), value.clone()),
                        ]);
                        let setting = call(records, "SetIncidentField", &caller, &parameters, change.now);
                        self.guarded(context, setting).await.map_err(|refusal| match refusal {
                            refusal @ (Refusal::Because(_) | Refusal::Parameters(_)) => {
                                // A text that is too long for a name is shown in part.
                                let is_name = name.len() <= limits::DETAIL_NAME_BYTES;
                                let name = if is_name { name.clone() } else { quoted(name) };
                                Refusal::Because(format!("{name}: {refusal}"))
                            }
                            refusal => refusal,
                        })?;
                        names.push(name.as_str());
                    }
                    done(records, &caller, number, format!("{number}: {}", names.join(", "))).await
                })
            })
            .await
    }

    /// Links an incident with other incidents: with all of them, or with none if one cannot be linked.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn link_incidents(
        &self,
        context: &RequestContext,
        number: &str,
        others: &[String],
    ) -> Result<IncidentsLinked, OperationError> {
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move {
                    let records = &mut change.records;
                    let linking = utility::link_incidents(records, &caller, number, others, change.now);
                    let added = self.guarded(context, linking).await?;
                    let site = whole(records, &caller, number).await?.incident.site;
                    let about = format!("{number}: linked with {}", others.join(", "));
                    Ok(Done::new(IncidentsLinked { added }, about).on(&site))
                })
            })
            .await
    }

    /// Marks a task of an incident as done or pending.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn change_task(
        &self,
        context: &RequestContext,
        number: &str,
        task: &str,
        is_done: bool,
    ) -> Result<WholeIncident, OperationError> {
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move {
                    let records = &mut change.records;
                    let incident = records.incident_for_change(number).await?;
                    if !caller.may(Right::SeeIncidents, incident.site_id) {
                        return Err(StoreError::not_found("incident", number).into());
                    }
                    if !caller.may(Right::ChangeIncidents, incident.site_id) {
                        return Err(Refusal::Unable(format!(
                            "This needs the right to {} on the incident's site. Ask an administrator for it.",
                            Right::ChangeIncidents
                        )));
                    }
                    records.set_task_done(incident.id, task, is_done, change.now).await?;
                    let state = if is_done { "done" } else { "pending" };
                    done(records, &caller, number, format!("{number}: {task} {state}")).await
                })
            })
            .await
    }
}

/// Runs one of the host's own commands in the transaction of `records`. The caller must not commit if the command
/// refuses.
async fn call(
    records: &mut Records<'_>,
    endpoint: &str,
    caller: &Caller,
    raw: &RawParameters,
    now: Moment,
) -> Result<Answer, Refusal> {
    let missing = || Refusal::Because(format!("This host does not have the command {endpoint}."));
    let (command, manifest) = utility::command(endpoint).ok_or_else(missing)?;
    let parameters = Parameters::parse(manifest, raw).map_err(Refusal::Parameters)?;
    check_texts(&parameters)?;
    command.run(records, caller, &parameters, now).await
}

async fn whole(records: &mut Records<'_>, caller: &Caller, number: &str) -> Result<WholeIncident, Refusal> {
    let sees = |site| caller.may(Right::SeeIncidents, site);
    Ok(WholeIncident::read(records, number, sees).await?)
}

async fn done(
    records: &mut Records<'_>,
    caller: &Caller,
    number: &str,
    about: String,
) -> Result<Done<WholeIncident>, Refusal> {
    let whole = whole(records, caller, number).await?;
    let site = whole.incident.site.clone();
    Ok(Done::new(whole, about).on(&site))
}
