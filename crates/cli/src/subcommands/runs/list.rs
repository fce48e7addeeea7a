//! `footprint runs list`: the latest runs.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_store::RunFilter;
use soar_store::model::name::named;
use soar_store::model::{ConnectionId, Run, RunId, RunStatus};

use crate::exit::{Exit, WrongUse};
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, Printer};
use crate::subcommands::connection::{all_named, near};
use crate::values::within;

/// List the latest runs that you may see
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only on this site [default: all your sites]
    #[arg(long)]
    site: Option<String>,

    /// Only on the connection of this name
    #[arg(long)]
    connection: Option<String>,

    /// Only of this command, such as "List Devices"
    #[arg(long)]
    command: Option<String>,

    /// Only in this user's name
    #[arg(long)]
    user: Option<String>,

    /// Only runs with this status: Running, Successful, Failed, Cancelled or Interrupted
    #[arg(long)]
    status: Option<RunStatus>,

    /// Only runs before the run with this number
    #[arg(long, value_name = "RUN")]
    before: Option<RunId>,

    /// The most runs to show, from 1 to 1000
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = within::<i64>(1..=1000))]
    limit: i64,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let site = session.site_if_named(arguments.site.as_deref()).await?;
    let context = session.context("runs list");
    let mut runs: Vec<Run> = Vec::new();
    let mut has_more = false;
    for connection in connections(arguments, session).await? {
        let filter = RunFilter {
            connection,
            command: arguments.command.clone(),
            user: arguments.user.clone(),
            status: arguments.status,
            before: arguments.before,
            limit: Some(arguments.limit),
        };
        let page = session.operations().list_runs(&context, site.as_deref(), &filter).await.map_err(not_done)?;
        has_more |= page.next.is_some();
        runs.extend(page.runs);
    }
    runs.sort_by_key(|run| std::cmp::Reverse(run.id));
    let limit = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    has_more |= runs.len() > limit;
    runs.truncate(limit);
    printer.list(&runs, &arguments.list, "No such runs that you may see.")?;
    if let Some(last) = runs.last().filter(|_| has_more) {
        printer.note(&format!("There may be more: --before {}, or a larger --limit.", last.id));
    }
    Ok(Exit::Successful)
}

/// The ids of the connections of this name. One `None` for any connection.
async fn connections(arguments: &Arguments, session: &OperatorSession) -> Result<Vec<Option<ConnectionId>>> {
    let Some(name) = &arguments.connection else { return Ok(vec![None]) };
    let context = session.context("connection list");
    let operations = session.connected_operations()?;
    let all = all_named(&operations, &context, name).await?;
    let named = named(&all, name, |one| &one.name).into_iter();
    let found: Vec<_> = named.map(|one| Some(one.id)).collect();
    if found.is_empty() {
        let near = near(&operations, &context, name).await?;
        let name = quoted(name);
        return Err(WrongUse(format!(
            "There is no connection {name} that you may see.{near}\n`footprint connection list` lists the connections."
        ))
        .into());
    }
    Ok(found)
}
