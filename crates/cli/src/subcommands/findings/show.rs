//! `footprint findings show`: one finding with its changes and its incidents.

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use super::list::member;
use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{OutputFormat, Printer, moment};

/// Show a finding with its changes and the incidents that hold it
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its id, as `findings list` shows it
    finding: String,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let context = session.context("findings show");
    let shown = operations.finding(&context, &arguments.finding).await.map_err(not_done)?;
    let known = &shown.finding.known;
    let finding: Value = serde_json::from_str(known.finding.get()).unwrap_or_default();
    let text = |name| member(&finding, name);
    let changes = shown.changes.iter().map(|change| {
        let fields: Vec<Value> = serde_json::from_str(change.fields.get()).unwrap_or_default();
        let fields: Vec<_> = fields
            .iter()
            .map(|field| format!("{} {} → {}", member(field, "field"), field["from"], field["to"]))
            .collect();
        let baseline = if change.baseline { " (baseline)" } else { "" };
        let reason = change.reason.as_ref().map(|reason| format!(", {reason}")).unwrap_or_default();
        format!("{}  {}  {}{baseline}{reason}  {}", change.sequence, moment(change.at), change.kind, fields.join(", "))
    });
    let changes: Vec<_> = changes.collect();
    let incidents = shown.incidents.iter();
    let incidents = incidents.map(|one| format!("{}  {}  {}  {}", one.number, one.status, one.site, one.title));
    let incidents: Vec<_> = incidents.collect();
    let kev = shown.finding.kev.as_ref().map(|kev| {
        let listed = if kev.listed { "listed" } else { "not listed" };
        format!("{listed} ({}, {})", kev.source, kev.date)
    });
    let epss = shown
        .finding
        .epss
        .as_ref()
        .map(|epss| format!("{}, percentile {} ({}, {})", epss.score, epss.percentile, epss.source, epss.date));
    let labels = [
        ("Finding", known.finding_id.clone()),
        ("CVE", text("cve")),
        ("CWE", text("cwe")),
        ("Title", text("title")),
        ("Device", format!("{} {}", text("deviceName"), text("deviceAddress"))),
        ("Tenant", known.tenant_name.clone()),
        ("Software", text("software")),
        ("CVSS", text("cvss")),
        ("Severity", text("severity")),
        ("Exploit", text("exploit")),
        ("KEV", kev.unwrap_or_default()),
        ("EPSS", epss.unwrap_or_default()),
        ("Status", text("status")),
        ("State", text("state")),
        ("Listed", if known.listed { "yes" } else { "no" }.to_owned()),
        ("First Read", moment(known.first_at)),
        ("First Found", text("firstFound")),
        ("Remediation", text("remediation")),
        ("Incidents", incidents.join("\n")),
        ("Changes", changes.join("\n")),
    ];
    printer.details(&shown, arguments.output, &labels)?;
    Ok(Exit::Successful)
}
