//! Create An Incident: a new, open incident on the caller's site.

use async_trait::async_trait;
use jiff::tz::TimeZone;
use serde_json::json;
use soar_connector::Parameters;
use soar_store::model::{Caller, Moment, Right, Severity, limits};
use soar_store::{NewIncident, NumberKind, Records};

use super::access::{self, SYSTEM, owner_on};
use super::dates::{context_date, day_of, parse_date_time, parse_zone};
use super::{Answer, CommandResult, UtilityCommand};
use crate::Refusal;

#[derive(Debug)]
pub(super) struct CreateAnIncident;

/// The title to store. Longer titles are cut, as D3 documents.
pub(crate) fn cut_title(title: &str) -> String {
    title.chars().take(limits::TITLE.characters).collect()
}

#[async_trait]
impl UtilityCommand for CreateAnIncident {
    fn name(&self) -> &'static str {
        "Create An Incident"
    }

    fn endpoint(&self) -> &'static str {
        "CreateAnIncident"
    }

    async fn run(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
        now: Moment,
    ) -> Result<Answer, Refusal> {
        access::may(caller, Right::ChangeIncidents, &caller.site)?;
        let text = |name: &str| parameters.text(name).unwrap_or_default().to_owned();
        let owner = match parameters.text("Owner") {
            Some(name) => owner_on(records, name, &caller.site).await?,
            None => SYSTEM.to_owned(),
        };
        let zone = parameters.text("TimeZone").map(parse_zone).transpose();
        let zone = zone.map_err(|problem| Refusal::Because(format!("TimeZone: {problem}.")))?;
        let due = parameters.text("DueDate").map(|date| parse_date_time(date, &zone.unwrap_or(TimeZone::UTC)));
        let due_at = due.transpose().map_err(|problem| Refusal::Because(format!("DueDate: {problem}.")))?;
        if due_at.is_some_and(|due| due < now) {
            return Err(Refusal::Because("DueDate is in the past: expected a date in the future.".to_owned()));
        }
        let severity = parameters.text("Severity").map(str::parse::<Severity>).transpose();
        let severity = severity.map_err(|problem| Refusal::Because(format!("Severity: {problem}.")))?;
        let site = &caller.site;
        let number = records.next_number(NumberKind::Incident, &day_of(now, site)).await?;
        let incident = NewIncident {
            title: cut_title(&text("Title")),
            description: text("Description"),
            incident_type: text("IncidentType"),
            owner: Some(owner),
            severity: severity.unwrap_or(Severity::Low),
            raw_data: parameters.json("RawData").map(ToString::to_string),
            due_at,
            ..NewIncident::open(number, site.id, &caller.user.name, now)
        };
        records.insert_incidents(std::slice::from_ref(&incident)).await?;
        let row = json!({
            "Incident Number": incident.number, "Incident Type": incident.incident_type, "Title": incident.title,
            "Severity": incident.severity, "Status": "Open", "Owner": incident.owner, "Site": site.name,
            "Date Created": context_date(now, site), "Creator": incident.creator, "Result": CommandResult::Successful,
        });
        Ok(Answer { context_data: Some(vec![row].into()), ..Answer::ended(CommandResult::Successful) })
    }
}
