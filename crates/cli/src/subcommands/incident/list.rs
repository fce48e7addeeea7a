//! `footprint incident list`: lists incidents by their fields.

use anyhow::Result;
use clap::Args;
use soar_host::operations::IncidentSearch;
use soar_host::views::{IncidentFilter, IncidentShown};
use soar_store::SearchOrder;
use soar_store::model::{Moment, Severity, Status};

use crate::exit::{Exit, WrongUse};
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, ListRow, Printer, moment, moment_if_any};
use crate::values::within;
use crate::when;

/// List incidents
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only on this site [default: all your sites]
    #[arg(long)]
    site: Option<String>,

    /// Only incidents with this status: Open or Closed
    #[arg(long)]
    status: Option<Status>,

    /// Only of this severity: Critical, High, Medium, Low or Informational
    #[arg(long)]
    severity: Option<Severity>,

    /// Only with this owner
    #[arg(long, value_name = "USER")]
    owner: Option<String>,

    /// Only with this text in the title, in any case
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// Only with these words, in any case: each begins a word of the number, the title, the type or a field
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,

    /// The order, by the time of creation: Oldest or Latest first
    #[arg(long, value_name = "ORDER", default_value_t = SearchOrder::Oldest)]
    order: SearchOrder,

    /// Only incidents created since this time: a date, or a time before now such as 24h
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,

    /// Only incidents created before this time: a date, or a time before now such as 24h
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,

    /// The most incidents of a page, from 1 to 10000
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = within::<i64>(1..=10_000))]
    limit: i64,

    /// The number of the page, from 1
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = within::<i64>(1..=100_000_000))]
    page: i64,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let site = match &arguments.site {
        Some(name) => Some(session.site(Some(name)).await?.name),
        None => None,
    };
    let wanted = arguments.search(site, session.now()).map_err(WrongUse)?;
    let page = session.operations().list_incidents(&session.context("incident list"), wanted).await;
    let page = page.map_err(not_done)?;
    printer.list(&page.incidents, &arguments.list, "No such incidents that you may see.")?;
    if page.next.is_some() {
        printer.note(&format!("There are more: --page {}, or a larger --limit.", arguments.page + 1));
    }
    Ok(Exit::Successful)
}

impl Arguments {
    fn search(&self, site: Option<String>, now: Moment) -> Result<IncidentSearch, String> {
        let time = |flag: &str, text: &Option<String>| {
            text.as_deref()
                .map(|text| when::earlier(text, now).map_err(|problem| format!("{flag}: {problem}.")))
                .transpose()
        };
        let filter = IncidentFilter {
            status: self.status,
            severity: self.severity,
            owner: self.owner.clone(),
            title: self.title.clone(),
            text: self.text.clone(),
        };
        Ok(IncidentSearch {
            site,
            filter,
            since: time("--since", &self.since)?,
            until: time("--until", &self.until)?,
            order: self.order,
            after: None,
            offset: (self.page - 1).saturating_mul(self.limit),
            limit: self.limit,
        })
    }
}

impl ListRow for IncidentShown {
    const HEADINGS: &[&str] =
        &["Incident", "Title", "Severity", "Status", "Site", "Owner", "Type", "Created", "Closed", "Closed By"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.number.clone(),
            self.title.clone(),
            self.severity.to_string(),
            self.status.to_string(),
            self.site.clone(),
            self.owner.clone().unwrap_or_default(),
            self.incident_type.clone(),
            moment(self.created_at),
            moment_if_any(self.closed_at),
            self.closed_by.clone().unwrap_or_default(),
        ]
    }
}
