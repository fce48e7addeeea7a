//! Set Incident Field: sets one field of one incident.

use async_trait::async_trait;
use jiff::tz::TimeZone;
use serde_json::json;
use soar_connector::Parameters;
use soar_connector::name::quoted;
use soar_store::model::{Caller, DynamicField, Incident, Moment, Right, Site, Status, limits};
use soar_store::{Records, StoreError};

use super::access::{self, Actor, owner_on, site_for_change};
use super::bulk::BulkCommand as _;
use super::close_incident_in_bulk::{self, CloseIncidentInBulk, Closing};
use super::create_an_incident::cut_title;
use super::dates::{context_date, parse_date_time};
use super::static_field::StaticField;
use super::{Answer, CommandResult, UtilityCommand};
use crate::Refusal;

#[derive(Debug)]
pub(super) struct SetIncidentField;

/// The static fields that can be set.
const SETTABLE: &[&str] = &[
    "Title",
    "Description",
    "Incident Type",
    "Severity",
    "Status",
    "Disposition",
    "Conclusion",
    "Owner",
    "Assignee",
    "Site",
    "Due Date",
];

fn not_a(field: &str) -> impl Fn(String) -> Refusal {
    move |problem| Refusal::Because(format!("Field Value: {field}: {problem}."))
}

/// The dynamic field with this name: `Section.Name`, or the name alone where only one section has it.
fn dynamic<'f>(fields: &'f [DynamicField], name: &str) -> Option<&'f DynamicField> {
    let full = fields.iter().find(|field| format!("{}.{}", field.section, field.name) == name);
    let mut alone = fields.iter().filter(|field| field.name == name);
    full.or_else(|| alone.next().filter(|_| alone.next().is_none()))
}

/// Sets the field of `incident`, if the caller may.
async fn set(
    records: &mut Records<'_>,
    caller: &Caller,
    site: &Site,
    incident: &mut Incident,
    field: &str,
    value: &str,
) -> Result<(), Refusal> {
    let limit = match field {
        "Description" => Some(limits::DESCRIPTION),
        "Incident Type" => Some(limits::KIND),
        "Disposition" => Some(limits::DISPOSITION),
        "Conclusion" => Some(limits::CONCLUSION),
        _ => None,
    };
    limit.map_or(Ok(()), |limit| limit.check(value)).map_err(|error| Refusal::Because(error.to_string()))?;
    match field {
        "Title" => incident.title = cut_title(value),
        "Description" => incident.description = value.to_owned(),
        "Incident Type" => incident.incident_type = value.to_owned(),
        "Severity" => incident.severity = value.parse().map_err(not_a(field))?,
        "Disposition" => incident.disposition = value.to_owned(),
        "Conclusion" => incident.conclusion = value.to_owned(),
        "Owner" => incident.owner = Some(owner_on(records, value, site).await?),
        "Assignee" => incident.assignee = Some(owner_on(records, value, site).await?),
        "Site" => incident.site_id = site_for_change(records, caller, value).await?.id,
        "Due Date" => incident.due_at = Some(parse_date_time(value, &TimeZone::UTC).map_err(not_a(field))?),
        // Closing uses the bulk command's decision. Here the status can only become Open.
        _ => {
            incident.status = Status::Open;
            incident.closed_at = None;
            incident.closed_by = None;
        }
    }
    Ok(())
}

#[async_trait]
impl UtilityCommand for SetIncidentField {
    fn name(&self) -> &'static str {
        "Set Incident Field"
    }

    fn endpoint(&self) -> &'static str {
        "SetIncidentField"
    }

    async fn run(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
        now: Moment,
    ) -> Result<Answer, Refusal> {
        let text = |name: &str| parameters.text(name).unwrap_or_default();
        let (number, name, value) = (text("Incident Number"), text("Field Name"), text("Field Value"));
        let mut incident = records.incident_for_change(number).await?;
        if !caller.may(Right::SeeIncidents, incident.site_id) {
            return Err(StoreError::not_found("incident", number).into());
        }
        let sites = access::Sites::load(records).await?;
        let site = sites.get(incident.site_id).cloned();
        let site =
            site.ok_or_else(|| Refusal::Store(StoreError::Unreadable("an incident without a site".to_owned())))?;
        access::may(caller, Right::ChangeIncidents, &site)?;
        let field = StaticField::named(name).map(StaticField::name).filter(|name| SETTABLE.contains(name));
        match field {
            Some("Status") if value.parse::<Status>().map_err(not_a("Status"))? == Status::Closed => {
                let actor = Actor::find(records, caller, parameters).await?;
                let numbers = vec![incident.number.clone()];
                let closing = Closing { numbers, bypass_tasks: false, bypass_fields: false, conclusion: String::new() };
                let decision = close_incident_in_bulk::decide(records, caller, actor, closing).await?;
                if let Some(refusal) = decision.refusal() {
                    return Err(Refusal::Because(refusal.to_owned()));
                }
                CloseIncidentInBulk.carry_out(records, decision, now).await?;
            }
            Some(field) => {
                set(records, caller, &site, &mut incident, field, value).await?;
                incident.modified_at = now;
                records.update_incident(&incident).await?;
            }
            None => {
                let fields = records.fields_of(&[incident.id]).await?.remove(&incident.id).unwrap_or_default();
                let field = dynamic(&fields, name).ok_or_else(|| {
                    let dynamic = fields.iter().map(|field| format!("{}.{}", field.section, field.name));
                    let valid: Vec<_> = SETTABLE.iter().map(|name| (*name).to_owned()).chain(dynamic).collect();
                    let (name, valid) = (quoted(name), valid.join(", "));
                    Refusal::Because(format!("Field Name: there is no field {name} to set. Valid: {valid}."))
                })?;
                records.set_field_value(incident.id, &field.section, &field.name, Some(value), now).await?;
            }
        }
        // A title may have been cut.
        let value = if field == Some("Title") { incident.title.as_str() } else { value };
        let row = json!({
            "Incident Number": incident.number, "Field Name": field.unwrap_or(name), "Field Value": value,
            "Modified Date": context_date(now, &site), "Modified By": caller.user.name, "Result": CommandResult::Successful,
        });
        Ok(Answer { context_data: Some(vec![row].into()), ..Answer::ended(CommandResult::Successful) })
    }
}
