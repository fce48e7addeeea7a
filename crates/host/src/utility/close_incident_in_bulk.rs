//! Close Incident in Bulk: closes incidents whose required tasks and fields are done.

use std::collections::HashMap;

use async_trait::async_trait;
use serde::Serialize;
use soar_connector::Parameters;
use soar_connector::name::quoted;
use soar_store::model::{Caller, IncidentId, Moment, SiteId, Status, limits};
use soar_store::{LockedIncident, Records, StoreError};

use super::access::{Actor, Sites};
use super::bulk::{BulkCommand, Decision};
use super::cc_table::CcTable;
use super::dates::{context_date, table_date};
use super::plan::{FieldChange, PlannedItem};
use super::selection::{Selected, outcome, select};
use super::{Answer, CommandResult, Rows, items};
use crate::Refusal;

#[derive(Debug)]
pub(super) struct CloseIncidentInBulk;

/// The parameters of the command.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) numbers: Vec<String>,
    pub(super) bypass_tasks: bool,
    pub(super) bypass_fields: bool,
    pub(super) conclusion: String,
}

#[derive(Debug)]
pub(super) struct Closed {
    actor: Actor,
    conclusion: String,
    sites: Sites,
    items: Vec<Selected>,
}

/// A row of `contextData`.
#[derive(Debug, Serialize)]
struct ClosedRow<'a> {
    #[serde(rename = "Incident Number")]
    number: &'a str,
    #[serde(rename = "Status")]
    status: &'static str,
    #[serde(rename = "Close Date")]
    date: &'a str,
    #[serde(rename = "Result")]
    result: CommandResult,
    #[serde(rename = "Closed By")]
    by: &'a str,
    #[serde(rename = "Error Message", skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// Decides which incidents to close. All closing of incidents uses this decision.
pub(super) async fn decide(
    records: &mut Records<'_>,
    caller: &Caller,
    actor: Actor,
    closing: Closing,
) -> Result<Closed, Refusal> {
    limits::CONCLUSION.check(&closing.conclusion).map_err(StoreError::from)?;
    if closing.conclusion.len().saturating_mul(closing.numbers.len()) > limits::CONCLUSIONS_AT_ONCE {
        return Err(Refusal::Because(format!(
            "The conclusion has {} bytes and would be added to {} incidents. One call may add at most {} bytes. \
             Shorten the conclusion, or send the incidents in several calls.",
            closing.conclusion.len(),
            closing.numbers.len(),
            limits::CONCLUSIONS_AT_ONCE
        )));
    }
    let added = closing.conclusion.chars().count();
    let sites = Sites::load(records).await?;
    let mut items = select(records, caller, &actor, &sites, closing.numbers).await?;
    let open = items.iter().filter_map(Selected::accepted).filter(|incident| incident.status == Status::Open);
    let open: Vec<IncidentId> = open.map(|incident| incident.id).collect();
    let tasks = if closing.bypass_tasks { HashMap::new() } else { records.pending_tasks(&open).await? };
    let fields = if closing.bypass_fields { HashMap::new() } else { records.missing_fields(&open).await? };
    for item in &mut items {
        let Some(incident) = item.accepted() else { continue };
        if incident.status == Status::Closed {
            item.refusal = Some(closed_already(incident, &sites));
            continue;
        }
        let pending: Vec<_> = tasks.get(&incident.id).into_iter().flatten().map(|name| quoted(name)).collect();
        let missing: Vec<_> = fields.get(&incident.id).into_iter().flatten().map(|name| quoted(name)).collect();
        item.refusal = kept_open(&pending, &missing).or_else(|| too_long(incident.conclusion, added));
    }
    Ok(Closed { actor, conclusion: closing.conclusion, sites, items })
}

fn closed_already(incident: &LockedIncident, sites: &Sites) -> String {
    let by = incident.closed_by.as_deref().map(|name| format!(" by {}", quoted(name))).unwrap_or_default();
    let at = incident.closed_at.zip(sites.get(incident.site_id));
    let at = at.map(|(at, site)| format!(" at {}", context_date(at, site))).unwrap_or_default();
    format!("The incident is already closed{by}{at}. It stays unchanged.")
}

fn kept_open(pending: &[String], missing: &[String]) -> Option<String> {
    let mut reasons = Vec::new();
    if !pending.is_empty() {
        let pending = pending.join(", ");
        reasons.push(format!(
            "Required tasks are pending: {pending}. Finish them, or set Bypass Required Pending Tasks to Yes."
        ));
    }
    if !missing.is_empty() {
        let missing = missing.join(", ");
        reasons.push(format!(
            "Fields that are required on close have no value: {missing}. Fill them in, or set Bypass All Required \
             Fields to Yes."
        ));
    }
    (!reasons.is_empty()).then(|| reasons.join(" "))
}

/// The error for a conclusion that would become too long.
fn too_long(has: usize, added: usize) -> Option<String> {
    let most = limits::CONCLUSION.characters;
    // The line break counts too.
    (added > 0 && has + added + 1 > most).then(|| {
        format!(
            "The conclusion has {has} characters and {added} would be added. At most {most} are allowed. Shorten the \
             conclusion, or close the incident without a conclusion."
        )
    })
}

impl Closed {
    /// The reason for which the only incident would not be closed.
    pub(super) fn refusal(&self) -> Option<&str> {
        self.items.first().and_then(|item| item.refusal.as_deref())
    }

    /// The status of an incident after the command, the time of its closing and the user.
    fn became<'a>(&'a self, item: &'a Selected, now: Moment) -> (&'static str, Option<Moment>, &'a str) {
        match (&item.refusal, &item.incident) {
            (None, _) => (Status::Closed.as_str(), Some(now), &self.actor.name),
            (Some(_), Some(incident)) => {
                (incident.status.as_str(), incident.closed_at, incident.closed_by.as_deref().unwrap_or_default())
            }
            (Some(_), None) => ("", None, ""),
        }
    }

    /// The closing dates for `contextData` and the table, by time and site. Formatting a date looks up the time zone,
    /// so each date is formatted once per site.
    fn dates(&self, now: Moment) -> HashMap<(Moment, SiteId), (String, String)> {
        let mut dates = HashMap::new();
        for item in &self.items {
            let (_, Some(at), _) = self.became(item, now) else { continue };
            let Some(site) = item.incident.as_ref().and_then(|incident| self.sites.get(incident.site_id)) else {
                continue;
            };
            dates.entry((at, site.id)).or_insert_with(|| (context_date(at, site), table_date(at, site)));
        }
        dates
    }

    fn answer(&self, now: Moment) -> Answer {
        let mut table = CcTable::new(["Incident Number", "Status", "Close Date", "Closed By", "Result"]);
        let dates = self.dates(now);
        let rows = self.items.iter().map(|item| {
            let (status, at, by) = self.became(item, now);
            let dated = at.zip(item.incident.as_ref().map(|incident| incident.site_id)).and_then(|key| dates.get(&key));
            let (date, shown_date) = dated.map(|(date, shown)| (date.as_str(), shown.as_str())).unwrap_or_default();
            let result = if item.refusal.is_none() { CommandResult::Successful } else { CommandResult::Failed };
            table.row([&*item.number, status, shown_date, by, result.as_str()]);
            let error = item.refusal.as_deref();
            ClosedRow { number: &item.number, status, date, result, by, error }
        });
        let rows: Rows = rows.collect();
        let (done, failed) = outcome(&self.items);
        Answer { result: Some(table.html()), context_data: Some(rows), ..items::answer(done, &failed) }
    }
}

impl Decision for Closed {
    fn surroundings(&self) -> String {
        self.actor.name.clone()
    }

    fn items(&self) -> Vec<(PlannedItem, String)> {
        let planned = self.items.iter().map(|item| {
            item.planned(|_| {
                let mut changes = vec![
                    FieldChange::new("Status", Status::Open.as_str(), Status::Closed.as_str()),
                    FieldChange::new("Closed By", "", &self.actor.name),
                ];
                if !self.conclusion.is_empty() {
                    changes.push(FieldChange::new("Conclusion", "", format!("… {}", self.conclusion)));
                }
                changes
            })
        });
        planned.collect()
    }
}

#[async_trait]
impl BulkCommand for CloseIncidentInBulk {
    const NAME: &'static str = "Close Incident in Bulk";
    const ENDPOINT: &'static str = "CloseIncidentInBulk";
    type Decision = Closed;

    async fn decide(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
        _now: Moment,
    ) -> Result<Closed, Refusal> {
        let closing = Closing {
            numbers: items::numbers(parameters, "Incident Numbers")?,
            bypass_tasks: parameters.boolean("Bypass Required Pending Tasks").unwrap_or(false),
            bypass_fields: parameters.boolean("Bypass All Required Fields").unwrap_or(false),
            conclusion: parameters.text("Conclusion").unwrap_or_default().to_owned(),
        };
        let actor = Actor::find(records, caller, parameters).await?;
        decide(records, caller, actor, closing).await
    }

    async fn carry_out(&self, records: &mut Records<'_>, decision: Closed, now: Moment) -> Result<Answer, Refusal> {
        let ids: Vec<IncidentId> =
            decision.items.iter().filter_map(Selected::accepted).map(|incident| incident.id).collect();
        if !ids.is_empty() {
            records.close_incidents(&ids, &decision.actor.name, &decision.conclusion, now).await?;
        }
        Ok(decision.answer(now))
    }
}
