//! `GET /findings/items/{id}`: one finding with its fields, the values about its CVEs, its incidents, and its history.

use askama::Template;
use axum::Router;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use soar_connector::Finding;
use soar_host::operations::FindingShown;
use soar_host::views::IncidentShown;
use soar_store::model::FindingChange;

use super::changes::what_changed;
use super::content::finding;
use super::{device, kind, name, score, severity, status, time};
use crate::pages::connections::address;
use crate::pages::incident_parts;
use crate::parts::{Badge, Cell, Column, Empty, Facts, Meaning, Row, Table, When};
use crate::routing::get;
use crate::visit::{Frame, Page, PageError, PageResult, Path};

#[derive(Debug, Template)]
#[template(path = "findings/one.html")]
struct OnePage {
    frame: Frame,
    finding: Facts,
    device: Facts,
    exploitation: Facts,
    incidents: Table,
    history: Table,
}

pub(super) fn routes() -> Router {
    Router::new().route("/findings/items/{id}", get(show))
}

async fn show(page: Page, Path(id): Path<String>) -> PageResult {
    let shown = page.operations().finding(page.context()?, &id).await?;
    let fields = finding(&shown.finding.known.finding)?;
    page.show(&OnePage {
        frame: page.frame(name(&fields)).below("Findings", "/findings"),
        finding: about_finding(&page, &shown, &fields),
        device: about_device(&page, &shown, &fields).await?,
        exploitation: exploitation(&shown, &fields),
        incidents: held_by(&page, &shown.incidents),
        history: history(&page, &shown.changes)?,
    })
}

fn about_finding(page: &Page, shown: &FindingShown, fields: &Finding) -> Facts {
    let known = &shown.finding.known;
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let text = |text: &Option<String>| Cell::text_or_unknown(text.as_deref().unwrap_or_default());
    let moment = |given: &Option<String>| time(page, given.as_deref().unwrap_or_default());
    let port = match (&fields.port, &fields.protocol) {
        (Some(port), Some(protocol)) => format!("{port}/{protocol}"),
        (port, protocol) => port.clone().or_else(|| protocol.clone()).unwrap_or_default(),
    };
    let mut facts = Facts::new("finding", "Finding")
        .fact("Status", Cell::badge(status(fields, known.listed)))
        .fact("The product's state", text(&fields.state))
        .fact("Title", text(&fields.title))
        .fact("CVE", Cell::text_or_unknown(&fields.cve.join(", ")))
        .fact("CWE", Cell::text_or_unknown(&fields.cwe.join(", ")))
        .fact("Severity", severity(fields))
        .fact("CVSS", score(fields.cvss))
        .fact("CVSS vector", text(&fields.cvss_vector))
        .fact("Risk level", text(&fields.risk_level))
        .fact("Software", text(&fields.software))
        .fact("Port", Cell::text_or_unknown(&port))
        .fact("First found by the product", moment(&fields.first_found))
        .fact("First read by this host", when(known.first_at))
        .fact("State changed", moment(&fields.state_changed))
        .fact("Last change in this host", when(known.changed_at))
        .fact("CVE published", moment(&fields.published));
    for (label, value) in [
        ("Fixed because", &fields.fixed_reason),
        ("Remediation", &fields.remediation),
        ("Description", &fields.description),
    ] {
        if let Some(value) = value {
            facts = facts.fact(label, Cell::text(value));
        }
    }
    if !fields.references.is_empty() {
        facts = facts.fact("References", Cell::text(&fields.references.join("\n")));
    }
    facts
}

async fn about_device(page: &Page, shown: &FindingShown, fields: &Finding) -> Result<Facts, PageError> {
    let known = &shown.finding.known;
    let connection = page.operations().connection(page.context()?, known.connection_id).await?;
    let findings = utf8_percent_encode(&fields.device_id, NON_ALPHANUMERIC);
    let link = page.href(&address(&connection.integration, connection.id));
    Ok(Facts::new("device", "Device")
        .fact("Device", Cell::link(page.href(&format!("/findings?device={findings}")), device(fields)))
        .fact("Address", Cell::text_or_unknown(fields.device_address.as_deref().unwrap_or_default()))
        .fact("The product's id", Cell::text(&fields.device_id))
        .fact("Tags", Cell::text_or_unknown(&fields.device_tags.join(", ")))
        .fact("Tenant", Cell::text_or_unknown(&known.tenant_name))
        .fact("Connection", Cell::link(link, &connection.name)))
}

/// The facts about the exploitation of the CVEs, each with its source and its date.
fn exploitation(shown: &FindingShown, fields: &Finding) -> Facts {
    let facts = Facts::new("exploitation", "Exploitation")
        .fact("Public exploit", fields.exploit.map_or_else(Cell::unknown, Cell::yes_or_no));
    let facts = match &shown.finding.kev {
        None => facts.fact("CISA KEV", Cell::text("Not known: the host has no catalog, or the finding has no CVE.")),
        Some(kev) => {
            let badge = if kev.listed { ("Listed", Meaning::Bad) } else { ("Not listed", Meaning::Neutral) };
            let facts = facts.fact("CISA KEV", Cell::badge(Badge::new(badge.0, badge.1)));
            let facts = match &kev.added {
                Some(added) => facts.fact("Added to the catalog", Cell::text(added)),
                None => facts,
            };
            facts.fact("Source", Cell::text(&format!("{}, catalog of {}", kev.source, day(&kev.date))))
        }
    };
    match &shown.finding.epss {
        None => facts.fact("EPSS", Cell::text("Not known: the host has no scores, or none for the CVE.")),
        Some(epss) => {
            let percent = |share: f64| format!("{:.1} %", share * 100.0);
            let text = format!("{} in the next 30 days", percent(epss.score));
            let rank = format!("As high as or higher than {} of all CVEs", percent(epss.percentile));
            facts
                .fact("EPSS", Cell::text(&text))
                .fact("Percentile", Cell::text(&rank))
                .fact("Source", Cell::text(&format!("{}, scores of {}", epss.source, day(&epss.date))))
        }
    }
}

/// The day of a time in a file of the operator.
fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}

/// The incidents that hold the finding, as far as the user may see them.
fn held_by(page: &Page, found: &[IncidentShown]) -> Table {
    let rows = found.iter().map(|one| {
        Row::new([
            Cell::link(page.href(&incident_parts::address(&one.number)), &one.number),
            Cell::text_or_unknown(&one.title),
            Cell::badge(Badge::of_severity(one.severity.as_str())),
            Cell::badge(incident_parts::status(one.status)),
            Cell::text(&one.site),
            Cell::when(When::new(one.created_at, page.zone(), page.now())),
        ])
    });
    let columns = [
        Column::text("number", "Number").code(),
        Column::text("title", "Title").long(),
        Column::text("severity", "Severity"),
        Column::text("status", "Status"),
        Column::text("site", "Site").wide(),
        Column::text("created", "Created").wide(),
    ];
    let is_full = i64::try_from(found.len()).is_ok_and(|shown| shown == FindingShown::MOST_INCIDENTS);
    let first = if is_full { FindingShown::MOST_INCIDENTS.to_string() } else { "first".to_owned() };
    let none = Empty::new("No incident that you may see holds the finding.");
    Table::new("incidents", format!("Incidents, the latest {first}"), columns).rows(rows).empty(none).live("findings")
}

fn history(page: &Page, changes: &[FindingChange]) -> Result<Table, PageError> {
    let row = |change: &FindingChange| -> Result<Row, PageError> {
        let baseline =
            if change.baseline { Cell::badge(Badge::new("Baseline", Meaning::Neutral)) } else { Cell::unknown() };
        Ok(Row::new([
            Cell::when(When::new(change.at, page.zone(), page.now())),
            Cell::badge(kind(change.kind)),
            baseline,
            Cell::text_or_unknown(change.before.as_deref().unwrap_or_default()),
            Cell::text_or_unknown(&what_changed(change)?),
            Cell::number(change.sequence),
        ]))
    };
    let columns = [
        Column::text("at", "Time"),
        Column::text("kind", "Change"),
        Column::text("baseline", "Baseline").wide(),
        Column::text("before", "Status before").wide(),
        Column::text("what", "What changed").long(),
        Column::number("sequence", "Sequence").wide(),
    ];
    let rows = changes.iter().rev().map(row).collect::<Result<Vec<_>, _>>()?;
    Ok(Table::new("history", "History, the latest change first", columns).rows(rows).live("findings"))
}
