//! A rule that was checked, and its judgement of a change.

use soar_connector::name::quoted;
use soar_connector::{Finding, FindingStatus};
use soar_store::model::name::checked_name;
use soar_store::model::{Caller, Destination, FindingChangeKind, IncidentFinding, Severity, SiteId, limits};
use soar_store::{LoggedChange, Records, StoreError};

use super::acting::Acting;
use super::conditions::{CheckedConditions, FindingFacts};
use super::evidence::{device_of, entry, name_of};
use super::rule::{IncidentAction, OnePer, Rule, RuleAction, RuleEvent};
use super::title::{TitleMember, TitleTemplate, one_line};
use crate::Refusal;
use crate::alerts::WebhookNames;
use crate::connections::Connections;
use crate::findings::{Enrichment, severity_of};

/// The most destinations of a rule.
const MOST_DESTINATIONS: usize = 20;

/// The severity of an incident about a finding whose severity is not known: as of incidents that are made without one.
const UNKNOWN_SEVERITY: Severity = Severity::Low;

/// A rule that was checked.
#[derive(Debug)]
pub(crate) struct CheckedRule {
    pub(super) rule: Rule,
    pub(super) destinations: Vec<Destination>,
    conditions: CheckedConditions,
    /// The template of titles, of a rule that makes incidents.
    title: Option<TitleTemplate>,
}

/// A change, and what a rule says about it.
#[derive(Debug)]
pub(super) struct JudgedChange {
    pub(super) logged: LoggedChange,
    pub(super) entry: IncidentFinding,
    /// What the incident or alert is about, if the finding meets the rule.
    pub(super) met: Option<Met>,
    /// Why nothing can be done about a finding that meets the rule.
    pub(super) problem: Option<String>,
}

/// A finding that meets a rule.
#[derive(Debug, Clone)]
pub(super) struct Met {
    /// The site of the incident. `None` for a rule that sends alerts.
    pub(super) site: Option<SiteId>,
    /// What the incident is about.
    pub(super) subject: String,
    pub(super) title: String,
    pub(super) severity: Severity,
    pub(super) owner: String,
}

impl CheckedRule {
    /// Checks a rule by itself.
    ///
    /// # Errors
    /// A sentence with the field, what was expected, and what to do.
    pub(crate) fn new(mut rule: Rule) -> Result<Self, String> {
        rule.name = checked_name("rule", &rule.name).map_err(|error| error.to_string())?;
        if rule.on.is_empty() {
            return Err("on: expected opened, reopened or changed, or several. Leave it out for opened and reopened."
                .to_owned());
        }
        if !(1..=1_000).contains(&rule.most_per_collection) {
            let got = rule.most_per_collection;
            return Err(format!("mostPerCollection: expected 1 to 1000, got {got}. Leave it out for 100."));
        }
        let conditions = CheckedConditions::new(&rule.when)?;
        let title = match &rule.then {
            RuleAction::Incident(incident) => {
                check_texts(incident)?;
                Some(TitleTemplate::parse(incident.title.as_deref().unwrap_or(default_title(incident.one_per)))?)
            }
            RuleAction::Alert(alert) if alert.to.is_empty() => {
                return Err(
                    "then.alert.to: expected at least one destination, such as soc@example.com. Add one.".to_owned()
                );
            }
            RuleAction::Alert(_) => None,
        };
        let (field, destinations) = rule.then.destinations();
        if destinations.len() > MOST_DESTINATIONS {
            return Err(format!("{field}: expected at most {MOST_DESTINATIONS} destinations. Leave some out."));
        }
        let mut parsed = Vec::new();
        for text in destinations {
            let destination: Destination = text.parse().map_err(|problem| format!("{field}: {problem}"))?;
            if !parsed.contains(&destination) {
                parsed.push(destination);
            }
        }
        Ok(Self { rule, destinations: parsed, conditions, title })
    }

    /// Refuses a webhook that the host's settings do not have, unless the rule named it `before` a change.
    ///
    /// # Errors
    /// [`Refusal::Because`] with the field, and what to do.
    pub(crate) fn check_webhooks(
        &self,
        webhooks: &WebhookNames,
        before: Option<&Rule>,
        caller: &Caller,
    ) -> Result<(), Refusal> {
        let (field, _) = self.rule.then.destinations();
        let kept = before.map(|rule| rule.then.destinations().1).unwrap_or_default();
        let kept: Vec<Destination> = kept.iter().filter_map(|text| text.parse().ok()).collect();
        let checked = webhooks.check(&self.destinations, &kept, caller.administers());
        checked.map_err(|problem| Refusal::Because(format!("{field}: {problem}")))
    }

    /// The rule, with its name as it is kept.
    pub(crate) fn rule(&self) -> &Rule {
        &self.rule
    }

    /// The owner that the rule names.
    pub(super) fn owner(&self) -> Option<&str> {
        match &self.rule.then {
            RuleAction::Incident(incident) => incident.owner.as_deref(),
            RuleAction::Alert(_) => None,
        }
    }

    /// How the rule makes incidents. `None` for a rule that sends alerts.
    pub(super) fn incident(&self) -> Option<&IncidentAction> {
        match &self.rule.then {
            RuleAction::Incident(incident) => Some(incident),
            RuleAction::Alert(_) => None,
        }
    }

    /// Whether the rule needs the files with values about CVEs.
    pub(super) fn needs_values(&self) -> bool {
        self.conditions.needs_values()
    }

    /// What the rule says about a change.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] when this version cannot read the finding.
    pub(super) fn judge(
        &self,
        logged: LoggedChange,
        acting: &Acting,
        enrichment: &Enrichment,
    ) -> Result<JudgedChange, StoreError> {
        let change = &logged.change;
        let finding: Finding = serde_json::from_str(change.finding.get())?;
        let connection = acting.connection(change.connection_id);
        let name = connection.map_or("", |connection| connection.name.as_str());
        let (kev, epss) = (enrichment.kev(&finding.cve), enrichment.epss(&finding.cve));
        let entry = entry(&logged, &finding, name, (kev.as_ref(), epss.as_ref()));
        // The product may list a new finding whose risk a user has accepted already.
        let is_open = matches!(finding.status, FindingStatus::Open | FindingStatus::Reopened);
        let is_meant = RuleEvent::of(change.kind).is_some_and(|event| self.rule.on.contains(&event))
            && (self.rule.baseline || !change.baseline)
            && is_open;
        let known = FindingFacts {
            finding: &finding,
            tenant: &change.tenant,
            tenant_name: &change.tenant_name,
            connection: name,
            kev,
            epss,
        };
        let Some(connection) = connection.filter(|_| is_meant && self.conditions.hold(&known)) else {
            return Ok(JudgedChange { logged, entry, met: None, problem: None });
        };
        let severity = severity_of(&finding);
        let Some(incident) = self.incident() else {
            let (site, severity) = (None, severity.unwrap_or(UNKNOWN_SEVERITY));
            let met = Met { site, subject: String::new(), title: String::new(), severity, owner: String::new() };
            return Ok(JudgedChange { logged, entry, met: Some(met), problem: None });
        };
        let site = match &incident.site {
            Some(name) => acting.site_named(name),
            None => acting.site_of(connection),
        };
        let site = match site {
            Ok(site) => site,
            Err(problem) => return Ok(JudgedChange { logged, entry, met: None, problem: Some(problem) }),
        };
        let (owner, problem) = acting.owner_on(site);
        let subject = match incident.one_per {
            OnePer::Finding => format!("finding {}", change.finding_id),
            OnePer::Device => format!("device {}.{}", logged.feed_id, logged.device),
            OnePer::Cve => format!("cve {} {}", site.id, finding.cve.first().unwrap_or(&logged.hash)),
        };
        let title = self.title.as_ref().map(|title| {
            title.render(|member| match member {
                TitleMember::Cve => finding.cve.first().cloned().unwrap_or_else(|| name_of(&finding)),
                TitleMember::Device => device_of(&finding),
                TitleMember::Address => finding.device_address.clone().unwrap_or_default(),
                TitleMember::Tenant => change.tenant_name.clone(),
                TitleMember::Connection => connection.name.clone(),
                TitleMember::Title => {
                    let title = finding.title.clone().filter(|title| !title.trim().is_empty());
                    title.or_else(|| finding.description.clone()).unwrap_or_default()
                }
                TitleMember::Severity => severity.map(|severity| severity.to_string()).unwrap_or_default(),
                TitleMember::Cvss => finding.cvss.map(|score| score.to_string()).unwrap_or_default(),
                TitleMember::Change => change.kind.to_string(),
                TitleMember::Rule => self.rule.name.clone(),
            })
        });
        let met = Met {
            site: Some(site.id),
            subject,
            title: title.unwrap_or_default(),
            severity: incident.severity.or(severity).unwrap_or(UNKNOWN_SEVERITY),
            owner,
        };
        Ok(JudgedChange { logged, entry, met: Some(met), problem })
    }
}

impl JudgedChange {
    pub(super) fn kind(&self) -> FindingChangeKind {
        self.logged.change.kind
    }
}

const fn default_title(one_per: OnePer) -> &'static str {
    match one_per {
        OnePer::Finding => "{cve} on {device}",
        OnePer::Device => "Findings on {device}",
        OnePer::Cve => "{cve}",
    }
}

fn check_texts(incident: &IncidentAction) -> Result<(), String> {
    let kind = incident.incident_type.trim();
    if kind.is_empty() || limits::KIND.check(kind).is_err() || one_line(kind) != kind {
        let most = limits::KIND.characters;
        return Err(format!(
            "then.incident.type: expected 1 to {most} characters without control characters. Leave it out for Vulnerability."
        ));
    }
    for (field, name) in [("owner", &incident.owner), ("site", &incident.site)] {
        if let Some(name) = name
            && (name.trim().is_empty() || limits::NAME.check(name).is_err() || name.contains('\0'))
        {
            let most = limits::NAME.characters;
            return Err(format!(
                "then.incident.{field}: expected a name of 1 to {most} characters. Leave it out for the default."
            ));
        }
    }
    Ok(())
}

/// Checks the names in a rule against what the caller may see and change.
///
/// # Errors
/// [`Refusal::Because`] with the field, what was expected, and what to do.
pub(crate) async fn check_against(
    records: &mut Records<'_>,
    connections: &Connections,
    caller: Caller,
    checked: &CheckedRule,
) -> Result<(), Refusal> {
    let acting = Acting::of(records, connections, caller, checked.owner()).await?;
    if let Some(name) = checked.rule.when.connections.iter().find(|name| !acting.has_connection(name)) {
        return Err(Refusal::Because(format!(
            "when.connections: there is no connection {} that you may see. Name one of the list of connections.",
            quoted(name)
        )));
    }
    let Some(incident) = checked.incident() else { return Ok(()) };
    let site = incident.site.as_deref().map(|name| acting.site_named(name)).transpose();
    let site = site.map_err(|problem| Refusal::Because(format!("then.incident.site: {problem}")))?;
    let problem = match (site, &incident.owner) {
        (Some(site), Some(_)) => acting.owner_on(site).1.map(|_| quoted(&site.name)),
        (None, Some(_)) if !acting.has_owner() => Some("any site".to_owned()),
        _ => None,
    };
    match (problem, &incident.owner) {
        (Some(place), Some(owner)) => Err(Refusal::Because(format!(
            "then.incident.owner: there is no active user {} who may see incidents on {place}. Name one who may.",
            quoted(owner)
        ))),
        _ => Ok(()),
    }
}
