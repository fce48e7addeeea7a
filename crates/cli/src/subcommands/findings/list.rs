//! `footprint findings list`: findings as they were last read.

use anyhow::Result;
use clap::Args;
use serde_json::Value;
use soar_host::operations::KnownFindingShown;
use soar_store::{FindingFilter, FindingOrder};

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, ListRow, Printer, moment};
use crate::values::within;

const EXAMPLES: &str = "\
Examples:
  footprint findings list --cve CVE-2024-3094
  footprint findings list --device web-1 --status open --output csv
  footprint findings list --search openssl --order cvss --descending";

/// List findings as they were last read
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Only with this text in the CVE, the title, the software, or the device's name or address
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,

    /// Only with this CVE as the first one
    #[arg(long)]
    cve: Option<String>,

    /// Only of the device with this name, address or id
    #[arg(long)]
    device: Option<String>,

    /// Only of the tenant with this name or id of the product
    #[arg(long)]
    tenant: Option<String>,

    /// Only with this status: open, reopened, suppressed or fixed
    #[arg(long, value_parser = ["open", "reopened", "suppressed", "fixed"])]
    status: Option<String>,

    /// Also findings that are gone
    #[arg(long)]
    with_gone: bool,

    /// The order: device (by tenant and device), cve, cvss, first or changed
    #[arg(long, default_value = "device", value_parser = finding_order)]
    order: FindingOrder,

    /// In descending order
    #[arg(long)]
    descending: bool,

    /// Only findings after the one with this id
    #[arg(long, value_name = "ID")]
    after: Option<String>,

    /// The most findings to show, from 1 to 1000
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = within::<i64>(1..=1000))]
    limit: i64,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let filter = FindingFilter {
        search: arguments.search.clone(),
        tenant: arguments.tenant.clone(),
        order: Some(arguments.order),
        descending: arguments.descending,
        cve: arguments.cve.clone(),
        device: arguments.device.clone(),
        status: arguments.status.clone(),
        with_gone: arguments.with_gone,
        after: arguments.after.clone(),
    };
    let operations = session.connected_operations()?;
    let context = session.context("findings list");
    let page = operations.list_findings(&context, &filter, arguments.limit).await.map_err(not_done)?;
    printer.list(
        &page.findings,
        &arguments.list,
        "No such findings that you may see. `footprint findings tenants` shows which tenants were collected.",
    )?;
    if let Some(next) = page.next {
        printer.note(&format!("There may be more: --after {next}, or a larger --limit."));
    }
    Ok(Exit::Successful)
}

fn finding_order(text: &str) -> Result<FindingOrder, String> {
    text.parse()
}

/// The text of a member of a finding.
pub(super) fn member(finding: &Value, name: &str) -> String {
    match &finding[name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The CVEs of a finding; the title of a finding without one.
pub(super) fn name(finding: &Value) -> String {
    let cve = member(finding, "cve");
    if cve.is_empty() { member(finding, "title") } else { cve }
}

impl ListRow for KnownFindingShown {
    const HEADINGS: &[&str] = &[
        "Finding", "CVE", "Software", "Device", "Address", "Tenant", "CVSS", "Exploit", "KEV", "EPSS", "Status",
        "State", "Since", "Listed",
    ];
    const DISPENSABLE: &[&str] = &["Address", "State", "Software", "Since"];

    fn cells(&self) -> Vec<String> {
        let finding: Value = serde_json::from_str(self.known.finding.get()).unwrap_or_default();
        let text = |name| member(&finding, name);
        let yes = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
        vec![
            self.known.finding_id.clone(),
            name(&finding),
            text("software"),
            text("deviceName"),
            text("deviceAddress"),
            self.known.tenant_name.clone(),
            text("cvss"),
            finding["exploit"].as_bool().map(yes).unwrap_or_default(),
            self.kev.as_ref().map(|kev| yes(kev.listed)).unwrap_or_default(),
            self.epss.as_ref().map(|epss| epss.score.to_string()).unwrap_or_default(),
            text("status"),
            text("state"),
            moment(self.known.first_at),
            yes(self.known.listed),
        ]
    }
}
