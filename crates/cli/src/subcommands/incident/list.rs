//! `footprint incident list`: incidents by what they hold.

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use soar_host::model::{Incident, Right, Severity, Site, Status};
use soar_host::store::{Comparison, Condition, Operand, Search, SearchField, Subject};

use crate::exit::{Exit, WrongUse};
use crate::instance::{Session, advised};
use crate::printer::{Entry, ListOutput, Printer, moment, moment_if_any};
use crate::when;

/// List incidents, the oldest first
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only on this site [default: on all of yours]
    #[arg(long)]
    site: Option<String>,

    /// Only those: Open or Closed
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

    /// Only made since then: a date, or so long ago
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,

    /// Only made until before then: a date, or so long ago
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,

    /// At most so many, from 1 to 10000
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,

    /// Which page of so many, counted from 1
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..=100_000_000))]
    page: i64,

    /// How to write the list
    #[arg(long, short, value_enum, default_value_t = ListOutput::Table)]
    output: ListOutput,
}

pub(super) async fn run(arguments: &Arguments, session: &Session, printer: &mut Printer) -> Result<Exit> {
    let sites = match &arguments.site {
        Some(name) => vec![session.site(Some(name)).await?],
        None => session.sites().await?,
    };
    let sites: Vec<Site> =
        sites.into_iter().filter(|site| session.caller(site.clone()).may(Right::SeeIncidents, site.id)).collect();
    let search = arguments.search(&sites, session.now()).map_err(WrongUse)?;
    let mut reader = session.store.reader().await.map_err(advised)?;
    let mut found = reader.records().search_incidents(&search).await.map_err(advised)?;
    let wanted = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    let has_more = found.len() > wanted;
    found.truncate(wanted);
    let shown: Vec<Shown> = found.into_iter().map(|incident| Shown::of(incident, &sites)).collect();
    printer.list(&shown, arguments.output, "No incidents that fit and that you may see.")?;
    if has_more {
        printer.note(&format!("There are more: --page {}, or a larger --limit.", arguments.page + 1));
    }
    Ok(Exit::Successful)
}

impl Arguments {
    fn search(&self, sites: &[Site], now: i64) -> Result<Search, String> {
        let condition = |field, comparison, text: Option<String>| {
            text.map(|text| Condition { subject: Subject::Static(field), comparison, operand: Operand::Text(text) })
        };
        let time = |flag: &str, text: &Option<String>| {
            text.as_deref()
                .map(|text| when::earlier(text, now).map_err(|problem| format!("{flag}: {problem}.")))
                .transpose()
        };
        let conditions: Vec<Condition> = [
            condition(SearchField::Status, Comparison::Equal, self.status.map(|status| status.to_string())),
            condition(SearchField::Severity, Comparison::Equal, self.severity.map(|severity| severity.to_string())),
            condition(SearchField::Owner, Comparison::Equal, self.owner.clone()),
            condition(SearchField::Title, Comparison::Like, self.title.as_ref().map(|text| format!("%{text}%"))),
        ]
        .into_iter()
        .flatten()
        .collect();
        Ok(Search {
            sites: sites.iter().map(|site| site.id).collect(),
            from: time("--since", &self.since)?.unwrap_or(0),
            until: time("--until", &self.until)?.unwrap_or(i64::MAX),
            groups: if conditions.is_empty() { Vec::new() } else { vec![conditions] },
            offset: (self.page - 1).saturating_mul(self.limit),
            // One more than is shown tells whether there are more.
            limit: self.limit + 1,
        })
    }
}

/// An incident as lists show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    number: String,
    title: String,
    incident_type: String,
    severity: Severity,
    status: Status,
    site: String,
    owner: Option<String>,
    assignee: Option<String>,
    created_at: i64,
    modified_at: i64,
    due_at: Option<i64>,
    closed_at: Option<i64>,
    closed_by: Option<String>,
}

impl Shown {
    fn of(incident: Incident, sites: &[Site]) -> Self {
        let site = sites.iter().find(|site| site.id == incident.site_id);
        Self {
            number: incident.number,
            title: incident.title,
            incident_type: incident.incident_type,
            severity: incident.severity,
            status: incident.status,
            site: site.map(|site| site.name.clone()).unwrap_or_default(),
            owner: incident.owner,
            assignee: incident.assignee,
            created_at: incident.created_at,
            modified_at: incident.modified_at,
            due_at: incident.due_at,
            closed_at: incident.closed_at,
            closed_by: incident.closed_by,
        }
    }
}

impl Entry for Shown {
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
