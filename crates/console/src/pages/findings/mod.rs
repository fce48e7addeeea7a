//! The findings of all tenants: the list, the groups, the changes of a day, and one finding with its history.

mod changes;
mod collect;
mod content;
mod groups;
mod list;
mod news;
mod one;
mod remove;
mod rules;
mod tenants;

pub(super) use news::{News, news};
pub(in crate::pages) use rules::hindered;

use axum::Router;
use jiff::Timestamp;
use soar_connector::Finding;
use soar_host::findings::formats::OcsfSeverity;
use soar_store::model::{FindingChangeKind, HeldStatus, Moment};

use crate::parts::{Badge, Cell, Meaning, Tabs, When};
use crate::visit::{Page, segment};

pub(super) fn routes() -> Router {
    let routes = [
        list::routes(),
        groups::routes(),
        tenants::routes(),
        remove::routes(),
        changes::routes(),
        collect::routes(),
        one::routes(),
        rules::routes(),
    ];
    routes.into_iter().fold(Router::new(), Router::merge)
}

/// The address of a finding below the console.
pub(super) fn address(id: &str) -> String {
    format!("/findings/items/{}", segment(id))
}

/// The views of the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FindingsView {
    All,
    Devices,
    Cves,
    Tenants,
    Changes,
    Rules,
}

impl FindingsView {
    const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::All, "All", "/findings"),
        (Self::Changes, "Changes", "/findings/changes"),
        (Self::Devices, "By device", "/findings/devices"),
        (Self::Cves, "By CVE", "/findings/cves"),
        (Self::Tenants, "By tenant", "/findings/tenants"),
        (Self::Rules, "Rules", "/findings/rules"),
    ];

    /// The tabs of all views.
    fn tabs(self, page: &Page) -> Tabs {
        let tabs = Tabs::new("Views of the findings", "main");
        Self::ALL.into_iter().fold(tabs, |tabs, (view, title, path)| tabs.tab(title, page.href(path), view == self))
    }
}

/// The state of a finding. A finding that the last whole reading did not have is gone.
fn status(finding: &Finding, is_listed: bool) -> Badge {
    use soar_connector::FindingStatus as Status;
    let (text, meaning) = match finding.status {
        _ if !is_listed => ("Gone", Meaning::Neutral),
        Status::Open => ("Open", Meaning::Warning),
        Status::Reopened => ("Reopened", Meaning::Bad),
        Status::Suppressed => ("Suppressed", Meaning::Neutral),
        Status::Fixed => ("Fixed", Meaning::Good),
    };
    Badge::new(text, meaning)
}

/// The state of a finding in an incident.
pub(super) fn held(status: HeldStatus) -> Badge {
    let (text, meaning) = match status {
        HeldStatus::Open => ("Open", Meaning::Warning),
        HeldStatus::Reopened => ("Reopened", Meaning::Bad),
        HeldStatus::Fixed => ("Fixed", Meaning::Good),
        HeldStatus::Gone => ("Gone", Meaning::Neutral),
    };
    Badge::new(text, meaning)
}

/// A time of the product. What is no moment, such as a day, stays as it is.
pub(super) fn time(page: &Page, given: &str) -> Cell {
    match given.parse::<Timestamp>() {
        Ok(time) => Cell::when(When::new(Moment(time.as_millisecond()), page.zone(), page.now())),
        Err(_) => Cell::text_or_unknown(given),
    }
}

/// The kind of a change.
fn kind(kind: FindingChangeKind) -> Badge {
    let (text, meaning) = match kind {
        FindingChangeKind::Opened => ("New", Meaning::Warning),
        FindingChangeKind::Reopened => ("Reopened", Meaning::Bad),
        FindingChangeKind::Changed => ("Changed", Meaning::Active),
        FindingChangeKind::Fixed => ("Fixed", Meaning::Good),
        FindingChangeKind::Gone => ("Gone", Meaning::Neutral),
    };
    Badge::new(text, meaning)
}

/// The severity by the CVSS score, else by the product's word.
fn severity(finding: &Finding) -> Cell {
    match OcsfSeverity::of(finding) {
        OcsfSeverity::Unknown => Cell::unknown(),
        severity => Cell::badge(Badge::of_severity(severity.word())),
    }
}

/// A CVSS score. Below 0 it is not known.
fn score(score: Option<f64>) -> Cell {
    score.filter(|score| *score >= 0.0).map_or_else(Cell::unknown, |score| Cell::number(format!("{score:.1}")))
}

/// The text that names a finding: its first CVE, else its title.
fn name(finding: &Finding) -> String {
    match (finding.cve.as_slice(), finding.title.as_deref()) {
        ([], Some(title)) => title.to_owned(),
        ([], None) => "Without a CVE".to_owned(),
        ([cve], _) => cve.clone(),
        ([cve, more @ ..], _) => format!("{cve} and {} more", more.len()),
    }
}

/// The subject of the finding: its title, else its software.
fn about(finding: &Finding) -> Cell {
    Cell::text_or_unknown(finding.title.as_deref().or(finding.software.as_deref()).unwrap_or_default())
}

/// The device of a finding, by its name, else by its address or the product's id.
fn device(finding: &Finding) -> &str {
    finding.device_name.as_deref().or(finding.device_address.as_deref()).unwrap_or(&finding.device_id)
}
