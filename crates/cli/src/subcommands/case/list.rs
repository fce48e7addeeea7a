//! `footprint case list`: the cases that the user may see.

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use soar_host::model::{Case, Right, Site, Status};

use crate::exit::Exit;
use crate::instance::{Session, advised};
use crate::printer::{Entry, ListOutput, Printer, moment, moment_if_any};

/// Cases that are read at once.
const PAGE: i64 = 1_000;

/// List cases, the oldest first
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only on this site [default: on all of yours]
    #[arg(long)]
    site: Option<String>,

    /// Only those: Open or Closed
    #[arg(long)]
    status: Option<Status>,

    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,

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
    let ids: Vec<i64> = sites.iter().map(|site| site.id).collect();
    let limit = arguments.limit as usize;
    let mut found: Vec<Case> = Vec::new();
    let mut after = 0;
    let mut reader = session.store.reader().await.map_err(advised)?;
    let mut records = reader.records();
    // One more than is shown tells whether there are more.
    while found.len() <= limit {
        let page = records.cases_after(&ids, after, PAGE).await.map_err(advised)?;
        let Some(last) = page.last() else { break };
        after = last.id;
        found.extend(page.into_iter().filter(|case| arguments.status.is_none_or(|status| case.status == status)));
    }
    let has_more = found.len() > limit;
    found.truncate(limit);
    let shown: Vec<Shown> = found.into_iter().map(|case| Shown::of(case, &sites)).collect();
    printer.list(&shown, arguments.output, "No cases that fit and that you may see.")?;
    if has_more {
        printer.note("There are more: give a larger --limit.");
    }
    Ok(Exit::Successful)
}

/// A case as it is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    pub(super) number: String,
    pub(super) title: String,
    pub(super) case_type: String,
    pub(super) status: Status,
    pub(super) priority: String,
    pub(super) site: String,
    pub(super) owner: Option<String>,
    pub(super) description: String,
    pub(super) time_zone: String,
    pub(super) creator: String,
    pub(super) reported_at: Option<i64>,
    pub(super) created_at: i64,
    pub(super) modified_at: i64,
    pub(super) closed_at: Option<i64>,
    pub(super) closed_by: Option<String>,
}

impl Shown {
    pub(super) fn of(case: Case, sites: &[Site]) -> Self {
        let site = sites.iter().find(|site| site.id == case.site_id);
        Self {
            number: case.number,
            title: case.title,
            case_type: case.case_type,
            status: case.status,
            priority: case.priority,
            site: site.map(|site| site.name.clone()).unwrap_or_default(),
            owner: case.owner,
            description: case.description,
            time_zone: case.time_zone,
            creator: case.creator,
            reported_at: case.reported_at,
            created_at: case.created_at,
            modified_at: case.modified_at,
            closed_at: case.closed_at,
            closed_by: case.closed_by,
        }
    }
}

impl Entry for Shown {
    const HEADINGS: &[&str] = &["Case", "Title", "Status", "Priority", "Site", "Owner", "Type", "Created", "Closed"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.number.clone(),
            self.title.clone(),
            self.status.to_string(),
            self.priority.clone(),
            self.site.clone(),
            self.owner.clone().unwrap_or_default(),
            self.case_type.clone(),
            moment(self.created_at),
            moment_if_any(self.closed_at),
        ]
    }
}
