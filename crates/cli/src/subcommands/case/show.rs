//! `footprint case show`: shows a case.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{OutputFormat, Printer, moment, moment_if_any};

/// Show a case
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its number
    case: String,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let whole = session.operations().case(&session.context("case show"), &arguments.case).await.map_err(not_done)?;
    let case = &whole.case;
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
        ("Incidents", whole.incidents.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    ];
    printer.details(&whole, arguments.output, &labels)?;
    Ok(Exit::Successful)
}
