//! `footprint runs list`: the latest runs.

use anyhow::Result;
use clap::Args;
use soar_connector::name::{quoted, suggestion};
use soar_host::executor::Executor;
use soar_store::RunFilter;
use soar_store::model::name::named;
use soar_store::model::{Caller, ConnectionId, Right, Run, RunStatus};

use crate::exit::{Exit, WrongUse};
use crate::instance::{OperatorSession, refused};
use crate::printer::{ListOutput, Printer};

/// List the latest runs that you may see
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only on this site [default: on all of yours]
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

    /// Only those: Running, Successful, Failed, Cancelled or Interrupted
    #[arg(long)]
    status: Option<RunStatus>,

    /// At most so many, from 1 to 1000
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1000))]
    limit: i64,

    /// How to write the list
    #[arg(long, short, value_enum, default_value_t = ListOutput::Table)]
    output: ListOutput,
}

pub(super) async fn run(
    arguments: &Arguments,
    session: &OperatorSession,
    executor: &Executor,
    printer: &mut Printer,
) -> Result<Exit> {
    let sites = match &arguments.site {
        Some(name) => vec![session.site(Some(name)).await?],
        None => session.sites().await?,
    };
    let mut runs: Vec<Run> = Vec::new();
    for site in sites {
        let caller = session.caller(site);
        // Of the sites that nobody named, those count on which runs may be seen.
        if arguments.site.is_none() && !caller.may(Right::SeeRuns, caller.site.id) {
            continue;
        }
        for connection in connections(arguments, executor, &caller).await? {
            let filter = RunFilter {
                connection,
                command: arguments.command.clone(),
                user: arguments.user.clone(),
                status: arguments.status,
                before: None,
                limit: Some(arguments.limit),
            };
            runs.extend(executor.runs(&caller, &filter).await.map_err(refused)?);
        }
    }
    runs.sort_by_key(|run| std::cmp::Reverse(run.id));
    runs.truncate(usize::try_from(arguments.limit).unwrap_or(usize::MAX));
    printer.list(&runs, arguments.output, "No runs that fit and that you may see.")?;
    Ok(Exit::Successful)
}

/// The numbers of the connections that are meant; no number for any.
async fn connections(arguments: &Arguments, executor: &Executor, caller: &Caller) -> Result<Vec<Option<ConnectionId>>> {
    let Some(name) = &arguments.connection else { return Ok(vec![None]) };
    let all = executor.connections().list(caller).await.map_err(refused)?;
    let named = named(&all, name, |one| &one.name).into_iter();
    let found: Vec<_> = named.map(|one| Some(one.id)).collect();
    if found.is_empty() {
        let near = suggestion(name, all.iter().map(|one| one.name.as_str()));
        let name = quoted(name);
        return Err(WrongUse(format!(
            "There is no connection {name} that you may see.{near}\n`footprint connection list` shows what there is."
        ))
        .into());
    }
    Ok(found)
}
