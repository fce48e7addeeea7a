//! Decides what a rule does about changes, in memory. A plan and the real run use the same decisions.

use std::collections::{BTreeMap, HashMap, HashSet};

use soar_store::model::{
    CollectionId, FindingChangeKind, FindingItem, HeldStatus, IncidentFinding, IncidentId, Severity, SiteId,
};
use soar_store::{HeldFinding, OpenIncident};

use super::checked::{CheckedRule, JudgedChange, Met};
use super::evidence::item;
use super::title::cut;

/// The most characters of a line of an incident's description.
pub(super) const LONGEST_LINE: usize = 1_000;

/// An incident of the rule, with what the rule does about it.
#[derive(Debug)]
pub(super) struct Draft {
    /// The incident, if there was one before.
    pub(super) known: Option<(IncidentId, String)>,
    pub(super) subject: String,
    pub(super) site: SiteId,
    pub(super) title: String,
    pub(super) severity: Severity,
    pub(super) owner: String,
    /// The findings that were added or changed, by id.
    pub(super) findings: BTreeMap<String, IncidentFinding>,
    /// The status of each finding that the desk knows.
    statuses: HashMap<String, HeldStatus>,
    /// The number of findings that are not fixed.
    unfixed: i64,
    /// The lines for the description.
    pub(super) notes: Vec<String>,
    /// Whether all findings are fixed, and the incident is to be closed.
    pub(super) ripe: bool,
}

/// What a rule did about a collection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct DeskCounts {
    pub(super) made: i64,
    pub(super) left_out: i64,
}

/// The open incidents of a rule, and what it does.
#[derive(Debug)]
pub(super) struct Desk<'r> {
    rule: &'r CheckedRule,
    pub(super) drafts: Vec<Draft>,
    by_subject: HashMap<String, usize>,
    by_finding: HashMap<String, Vec<usize>>,
    /// Findings that an incident of the rule holds, open or closed. A further change of one makes no incident.
    pub(super) held: HashSet<String>,
    pub(super) counts: HashMap<Option<CollectionId>, DeskCounts>,
    /// The findings of an alert.
    pub(super) alerts: Vec<FindingItem>,
    /// Findings that met the rule.
    pub(super) met: i64,
    /// Findings that were appended to an open incident.
    pub(super) appended: i64,
    /// Why something was not done.
    pub(super) problem: Option<String>,
}

impl<'r> Desk<'r> {
    pub(super) fn new(rule: &'r CheckedRule) -> Self {
        Self {
            rule,
            drafts: Vec::new(),
            by_subject: HashMap::new(),
            by_finding: HashMap::new(),
            held: HashSet::new(),
            counts: HashMap::new(),
            alerts: Vec::new(),
            met: 0,
            appended: 0,
            problem: None,
        }
    }

    /// Adds incidents that are open, and those of their findings that the changes are about.
    pub(super) fn open(&mut self, incidents: Vec<OpenIncident>, held: Vec<HeldFinding>) {
        let mut places = HashMap::new();
        for incident in incidents {
            places.insert(incident.id, self.drafts.len());
            self.by_subject.insert(incident.subject.clone(), self.drafts.len());
            self.drafts.push(Draft {
                known: Some((incident.id, incident.number)),
                subject: incident.subject,
                site: incident.site_id,
                title: String::new(),
                severity: Severity::Low,
                owner: String::new(),
                findings: BTreeMap::new(),
                statuses: HashMap::new(),
                unfixed: incident.unfixed,
                notes: Vec::new(),
                ripe: incident.ripe,
            });
        }
        for HeldFinding { incident_id, finding } in held {
            let Some(place) = places.get(&incident_id) else { continue };
            self.by_finding.entry(finding.finding_id.clone()).or_default().push(*place);
            if let Some(draft) = self.drafts.get_mut(*place) {
                draft.statuses.insert(finding.finding_id, finding.status);
            }
        }
    }

    /// Decides about a change.
    pub(super) fn take(&mut self, judged: JudgedChange) {
        let holding = self.by_finding.get(&judged.entry.finding_id).cloned().unwrap_or_default();
        for place in &holding {
            if let Some(draft) = self.drafts.get_mut(*place) {
                draft.put(&judged, self.rule);
            }
        }
        let is_open = matches!(judged.kind(), FindingChangeKind::Opened | FindingChangeKind::Reopened);
        if !holding.is_empty() {
            self.appended += i64::from(is_open);
            return;
        }
        if let Some(problem) = &judged.problem {
            self.problem = Some(problem.clone());
        }
        let is_known = judged.kind() == FindingChangeKind::Changed && self.held.contains(&judged.entry.finding_id);
        if let Some(met) = judged.met.clone().filter(|_| !is_known) {
            self.met += 1;
            self.act(&judged, met);
        }
    }

    /// Does something about a finding that meets the rule and is in no open incident.
    fn act(&mut self, judged: &JudgedChange, met: Met) {
        let most = i64::from(self.rule.rule.most_per_collection);
        let counts = self.counts.entry(judged.logged.collection_id).or_default();
        let open = self.by_subject.get(&met.subject).copied().filter(|_| met.site.is_some());
        if open.is_none() && counts.made >= most {
            counts.left_out += 1;
            return;
        }
        counts.made += i64::from(open.is_none());
        let Some(site) = met.site else {
            self.alerts.push(item(judged.kind(), &judged.entry));
            return;
        };
        let place = open.unwrap_or(self.drafts.len());
        if open.is_some() {
            self.appended += 1;
        } else {
            self.by_subject.insert(met.subject.clone(), place);
            self.drafts.push(Draft {
                known: None,
                subject: met.subject,
                site,
                title: met.title,
                severity: met.severity,
                owner: met.owner,
                findings: BTreeMap::new(),
                statuses: HashMap::new(),
                unfixed: 0,
                notes: Vec::new(),
                ripe: false,
            });
        }
        if let Some(draft) = self.drafts.get_mut(place) {
            draft.put(judged, self.rule);
        }
        self.by_finding.entry(judged.entry.finding_id.clone()).or_default().push(place);
        self.held.insert(judged.entry.finding_id.clone());
    }

    /// Forgets the incidents that are ripe, as if they had been closed. Returns their number.
    pub(super) fn close_fixed(&mut self) -> i64 {
        let Self { drafts, by_subject, by_finding, .. } = self;
        let mut closed = 0;
        for (place, draft) in drafts.iter_mut().enumerate().filter(|(_, draft)| draft.ripe) {
            draft.ripe = false;
            closed += 1;
            by_subject.remove(&draft.subject);
            for finding in draft.statuses.keys() {
                if let Some(places) = by_finding.get_mut(finding) {
                    places.retain(|other| *other != place);
                }
            }
        }
        closed
    }
}

impl Draft {
    /// Adds a finding, or notes its change.
    fn put(&mut self, judged: &JudgedChange, rule: &CheckedRule) {
        let (change, mut entry) = (&judged.logged.change, judged.entry.clone());
        let before = self.statuses.get(&entry.finding_id).copied();
        let is_changed = change.kind == FindingChangeKind::Changed;
        match before {
            // A finding that is fixed stays so when the product no longer lists it.
            Some(HeldStatus::Fixed) if entry.status == HeldStatus::Gone => entry.status = HeldStatus::Fixed,
            // One that is gone and changed is listed again.
            Some(status) if is_changed && status != HeldStatus::Gone => entry.status = status,
            _ => {}
        }
        if let Some(earlier) = self.findings.get(&entry.finding_id) {
            entry.first_seen.clone_from(&earlier.first_seen);
        }
        let is_unfixed = |status: HeldStatus| i64::from(status != HeldStatus::Fixed);
        self.unfixed += is_unfixed(entry.status) - before.map_or(0, is_unfixed);
        // A rule that could not close an incident tries again when a finding is fixed, not when one is changed.
        if !is_changed || self.unfixed > 0 {
            self.ripe = self.unfixed == 0 && rule.incident().is_some_and(|incident| incident.close_when_fixed);
        }
        let reason = change.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let line = format!(
            "{} UTC: {} on {} {}{reason}: {}",
            minute(change.at),
            entry.cve,
            entry.device,
            change.kind,
            entry.evidence
        );
        self.notes.push(cut(&line, LONGEST_LINE));
        self.statuses.insert(entry.finding_id.clone(), entry.status);
        self.findings.insert(entry.finding_id.clone(), entry);
    }
}

/// A time in UTC, to the minute.
pub(super) fn minute(at: soar_store::model::Moment) -> String {
    let time = jiff::Timestamp::from_millisecond(at.0);
    time.map_or_else(|_| at.to_string(), |time| time.strftime("%Y-%m-%d %H:%M").to_string())
}
