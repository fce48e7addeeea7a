//! `footprint case show`: all that is kept of a case.

use anyhow::Result;
use clap::Args;
use soar_host::model::Right;
use soar_host::store::StoreError;

use super::list::Shown;
use crate::exit::Exit;
use crate::instance::{Session, advised};
use crate::printer::{Form, Printer, moment, moment_if_any};

/// Show a case
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its number
    case: String,

    /// How to write it
    #[arg(long, short, value_enum, default_value_t = Form::Table)]
    output: Form,
}

pub(super) async fn run(arguments: &Arguments, session: &Session, printer: &mut Printer) -> Result<Exit> {
    let mut reader = session.store.reader().await.map_err(advised)?;
    let case = reader.records().case(&arguments.case).await.map_err(advised)?;
    let sites = session.sites().await?;
    let site = sites.iter().find(|site| site.id == case.site_id);
    if !site.is_some_and(|site| session.caller(site.clone()).may(Right::SeeIncidents, site.id)) {
        return Err(advised(StoreError::NotFound { what: "case", name: arguments.case.clone() }));
    }
    let case = Shown::of(case, &sites);
    let closed =
        case.closed_at.map(|at| format!("{} by {}", moment(at), case.closed_by.as_deref().unwrap_or_default()));
    let labels = [
        ("Case", case.number.clone()),
        ("Title", case.title.clone()),
        ("Status", case.status.to_string()),
        ("Type", case.case_type.clone()),
        ("Priority", case.priority.clone()),
        ("Site", case.site.clone()),
        ("Owner", case.owner.clone().unwrap_or_default()),
        ("Created", format!("{} by {}", moment(case.created_at), case.creator)),
        ("Reported", moment_if_any(case.reported_at)),
        ("Modified", moment(case.modified_at)),
        ("Closed", closed.unwrap_or_default()),
        ("Time zone", case.time_zone.clone()),
        ("Description", case.description.clone()),
    ];
    printer.details(&case, arguments.output, &labels)?;
    Ok(Exit::Successful)
}
