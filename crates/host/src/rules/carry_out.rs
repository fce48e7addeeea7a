//! Makes, extends and closes incidents, by the operations that users have.

use serde_json::{Value, json};
use soar_connector::name::quoted;
use soar_connector::{Parameters, RawParameters};
use soar_store::model::{AuditEntry, Caller, IncidentFinding, IncidentId, Moment, Surface};
use soar_store::{Records, StoreError, StoredRule};
use uuid::Uuid;

use super::acting::Acting;
use super::checked::CheckedRule;
use super::describe::{MOST_FINDINGS, SECTION, appended, fields, raw_data};
use super::desk::{Draft, LONGEST_LINE, minute};
use super::title::cut;
use crate::Refusal;
use crate::connections::Connections;
use crate::utility::{self, Answer};

/// What a step of a rule works with.
pub(super) struct RuleStep<'a> {
    pub(super) stored: &'a StoredRule,
    pub(super) checked: &'a CheckedRule,
    pub(super) acting: &'a Acting,
    pub(super) now: Moment,
}

/// What a step did.
#[derive(Debug, Default)]
pub(super) struct StepResult {
    made: Vec<String>,
    extended: Vec<String>,
    closed: Vec<String>,
    refused: Vec<String>,
    pub(super) alerts: i64,
}

impl StepResult {
    /// What was done, for the audit log. `None` for nothing.
    pub(super) fn in_words(&self) -> Option<String> {
        let lists = [
            ("made", &self.made),
            ("appended to", &self.extended),
            ("closed", &self.closed),
            ("not closed", &self.refused),
        ];
        let mut parts: Vec<_> = lists
            .into_iter()
            .filter(|(_, numbers)| !numbers.is_empty())
            .map(|(what, numbers)| {
                let first = numbers.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
                let more = numbers.len().saturating_sub(5);
                if more > 0 { format!("{what} {first} and {more} more") } else { format!("{what} {first}") }
            })
            .collect();
        if self.alerts > 0 {
            parts.push(format!("{} messages", self.alerts));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// Writes what was decided about incidents.
pub(super) async fn write(
    records: &mut Records<'_>,
    step: &RuleStep<'_>,
    drafts: &[Draft],
) -> Result<StepResult, Refusal> {
    let mut done = StepResult::default();
    for draft in drafts.iter().filter(|draft| !draft.findings.is_empty()) {
        let (id, number) = match &draft.known {
            Some(known) => {
                done.extended.push(known.1.clone());
                known.clone()
            }
            None => {
                let made = create(records, step, draft).await?;
                done.made.push(made.1.clone());
                made
            }
        };
        let findings: Vec<&IncidentFinding> = draft.findings.values().collect();
        records.put_incident_findings(id, &findings).await?;
        describe(records, step, &number, &draft.notes).await?;
        records.set_ripe(id, draft.ripe).await?;
    }
    Ok(done)
}

/// The findings that one statement writes.
const BATCH_SIZE: usize = 500;

/// Gives the open incidents of a rule the status that their findings have now. The rule has not handled all changes: it was
/// not active, or they were deleted.
///
/// # Errors
/// [`Refusal::Unable`] when the rule's user is not active.
pub(crate) async fn catch_up(
    records: &mut Records<'_>,
    connections: &Connections,
    stored: &StoredRule,
    checked: &CheckedRule,
) -> Result<(), Refusal> {
    let acting = Acting::load(records, connections, stored.user_id, checked.owner()).await?;
    let step = RuleStep { stored, checked, acting: &acting, now: records.now().await? };
    let closes = checked.incident().is_some_and(|incident| incident.close_when_fixed);
    let mut done = StepResult::default();
    for (id, number, site_id) in records.all_open_rule_incidents(stored.id).await? {
        if !acting.may_change(site_id) {
            continue;
        }
        let mut moved = records.moved_findings(id).await?;
        moved.retain(|finding| acting.feeds.contains(&finding.feed_id));
        if moved.is_empty() {
            continue;
        }
        let findings: Vec<_> = moved.iter().collect();
        for some in findings.chunks(BATCH_SIZE) {
            records.put_incident_findings(id, some).await?;
        }
        let line = |finding: &&IncidentFinding| {
            let IncidentFinding { cve, device, status, .. } = finding;
            cut(&format!("{} UTC: {cve} on {device} is {status}", minute(step.now)), LONGEST_LINE)
        };
        describe(records, &step, &number, &findings.iter().map(line).collect::<Vec<_>>()).await?;
        done.extended.push(number);
        let (_, unfixed) = records.count_incident_findings(id).await?;
        records.set_ripe(id, unfixed == 0 && closes).await?;
    }
    Ok(audit(records, &step, &done).await?)
}

/// Makes an incident, as the command CreateAnIncident does.
async fn create(
    records: &mut Records<'_>,
    step: &RuleStep<'_>,
    draft: &Draft,
) -> Result<(IncidentId, String), Refusal> {
    let site = step.acting.site(draft.site).ok_or_else(|| StoreError::not_found("site", draft.site.to_string()))?;
    let kind = step.checked.incident().map(|incident| incident.incident_type.trim()).unwrap_or_default();
    let parameters = [
        ("IncidentType", json!(kind)),
        ("Title", json!(draft.title)),
        ("Severity", json!(draft.severity)),
        ("Owner", json!(draft.owner)),
        ("Description", json!(format!("The rule {} on findings made this incident.", step.checked.rule.name))),
    ];
    let answer = call(records, "CreateAnIncident", &step.acting.on(site), parameters, step).await?;
    let number = first_row(&answer)["Incident Number"].as_str().unwrap_or_default().to_owned();
    let id = records.incident(&number).await?.id;
    records.add_rule_incident(step.stored.id, id, &draft.subject).await?;
    Ok((id, number))
}

/// Writes the fields and the raw data of an incident anew, and appends lines to its description.
async fn describe(
    records: &mut Records<'_>,
    step: &RuleStep<'_>,
    number: &str,
    lines: &[String],
) -> Result<(), Refusal> {
    let mut incident = records.incident_for_change(number).await?;
    let findings = records.incident_findings(incident.id, MOST_FINDINGS).await?;
    let counts = records.count_incident_findings(incident.id).await?;
    let name = &step.checked.rule.name;
    records.put_fields(incident.id, SECTION, &fields(name, &findings, counts)).await?;
    incident.raw_data = Some(raw_data(name, &findings, counts.0).map_err(StoreError::from)?);
    incident.description = appended(&incident.description, lines);
    incident.modified_at = step.now;
    records.update_incident(&incident).await?;
    Ok(())
}

/// Closes an incident, as the command CloseIncidentInBulk does without bypasses. If it stays open, the reason is appended.
pub(super) async fn close(
    records: &mut Records<'_>,
    step: &RuleStep<'_>,
    number: &str,
    done: &mut StepResult,
) -> Result<(), Refusal> {
    let incident = records.incident(number).await?;
    records.set_ripe(incident.id, false).await?;
    let conclusion = format!("All findings of the incident are fixed. The rule {} closed it.", step.checked.rule.name);
    let parameters = [
        ("Incident Numbers", json!([number])),
        ("Bypass Required Pending Tasks", json!(false)),
        ("Bypass All Required Fields", json!(false)),
        ("Username", json!(step.acting.user())),
        ("Conclusion", json!(conclusion)),
    ];
    let answer = call(records, "CloseIncidentInBulk", step.acting.anywhere(), parameters, step).await?;
    let row = first_row(&answer);
    let Some(why) = row["Error Message"].as_str() else {
        done.closed.push(number.to_owned());
        return Ok(());
    };
    done.refused.push(number.to_owned());
    let line = format!("All findings of the incident are fixed, and the rule did not close it. {why}");
    describe(records, step, number, &[line]).await
}

/// Runs one of the host's own commands in the name of the rule's user.
async fn call<const N: usize>(
    records: &mut Records<'_>,
    endpoint: &str,
    caller: &Caller,
    parameters: [(&str, Value); N],
    step: &RuleStep<'_>,
) -> Result<Answer, Refusal> {
    let missing = || Refusal::Because(format!("This host does not have the command {endpoint}."));
    let (command, manifest) = utility::command(endpoint).ok_or_else(missing)?;
    let raw: RawParameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let parameters = Parameters::parse(manifest, &raw).map_err(Refusal::Parameters)?;
    command.run(records, caller, &parameters, step.now).await
}

fn first_row(answer: &Answer) -> Value {
    let rows = answer.context_data.as_ref().map(utility::Rows::values).unwrap_or_default();
    rows.into_iter().next().unwrap_or_default()
}

/// Writes the audit entry of what a step did.
pub(super) async fn audit(records: &mut Records<'_>, step: &RuleStep<'_>, done: &StepResult) -> Result<(), StoreError> {
    let Some(did) = done.in_words() else { return Ok(()) };
    let entry = AuditEntry {
        username: AuditEntry::kept(step.acting.user()),
        command: AuditEntry::kept(&format!("rule {}", quoted(&step.stored.name))),
        reason: AuditEntry::kept(&did),
        ..AuditEntry::new(step.now, Surface::Rule, Uuid::now_v7().to_string())
    };
    records.append_audit(&[entry]).await
}
