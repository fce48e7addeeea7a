//! `footprint findings collect`: reads the findings of tenants, and logs what changed.

use std::collections::BTreeSet;
use std::sync::Mutex;

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_host::findings::CollectionToMake;
use soar_host::operations::CollectionShown;
use soar_store::model::name::named;
use soar_store::model::{CollectionId, ConnectionId, FindingSnapshot, SnapshotStatus};

use crate::exit::{Exit, WrongUse};
use crate::instance::{Executing, OperatorSession, not_done};
use crate::printer::{ListFlags, ListOutput, Printer, counted};
use crate::subcommands::connection::{all_named, near};

const EXAMPLES: &str = "\
Examples:
  footprint findings collect --all-tenants
  footprint findings collect --connection production --tenant 7 --tenant 9
  footprint findings collect --resume
  footprint findings collect --all-tenants --output json

Hosts that serve the instance share the work. A stopped collection goes on with --resume; tenants that were read stay read.

Exit codes: 0 all tenants read as a whole, 1 a tenant was not, 2 wrong use.";

/// Read the findings of tenants now, and log what changed since the last time
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Only on the connection of this name; repeatable [default: all that list findings]
    #[arg(long, value_name = "NAME")]
    connection: Vec<String>,

    /// Only the tenant with this id of the product; repeatable [default: all tenants]
    #[arg(long, value_name = "ID")]
    tenant: Vec<String>,

    /// All tenants; the same as without --tenant
    #[arg(long, conflicts_with = "tenant")]
    all_tenants: bool,

    /// Go on with the latest collection that has not ended
    #[arg(long, conflicts_with_all = ["connection", "tenant", "all_tenants"])]
    resume: bool,

    /// Record the collection and leave it to the hosts that serve the instance
    #[arg(long, conflicts_with = "resume")]
    no_wait: bool,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let executing = Executing::start(session).await?;
    let collected = collected(arguments, &executing, session, printer).await;
    executing.end().await?;
    let Some(shown) = collected? else {
        printer.note("There is no collection that has not ended.");
        return Ok(Exit::Successful);
    };
    if arguments.list.output == ListOutput::Json {
        printer.json(&shown)?;
    } else {
        printer.list(&shown.tenants, &arguments.list, "No tenants.")?;
    }
    for problem in &shown.problems {
        printer.warning(&format!("The connection {} was left out: {}", quoted(&problem.connection), problem.problem));
    }
    if !shown.ended {
        printer.note(&format!("`footprint findings collection {}` shows how far it has come.", shown.id));
        return Ok(Exit::Successful);
    }
    let incomplete = shown.tenants.iter().filter(|tenant| tenant.status != SnapshotStatus::Whole).count();
    if incomplete > 0 || !shown.problems.is_empty() {
        return Ok(Exit::Failed);
    }
    Ok(Exit::Successful)
}

async fn collected(
    arguments: &Arguments,
    executing: &Executing,
    session: &OperatorSession,
    printer: &mut Printer,
) -> Result<Option<CollectionShown>> {
    let operations = &executing.operations;
    let context = session.context("findings collect");
    let (id, problems) = if arguments.resume {
        match operations.unfinished_collection(&context).await.map_err(not_done)? {
            Some(id) => (id, Vec::new()),
            None => return Ok(None),
        }
    } else {
        let connections = connections(arguments, executing, session).await?;
        let wanted = CollectionToMake { connections, tenants: arguments.tenant.clone() };
        let made = operations.collect_findings(&context, &wanted).await;
        let made = session.changed(context, made).await?;
        if arguments.no_wait {
            return Ok(Some(made));
        }
        (made.id, made.problems)
    };
    let finished = finished(id, executing, printer).await?;
    Ok(Some(CollectionShown { problems, ..finished }))
}

/// Waits for the end of a collection. On a terminal each tenant that has ended is noted.
async fn finished(id: CollectionId, executing: &Executing, printer: &mut Printer) -> Result<CollectionShown> {
    let (ended, mut told) = tokio::sync::mpsc::unbounded_channel::<String>();
    let known = Mutex::new(BTreeSet::new());
    let on_progress = move |tenants: &[FindingSnapshot]| {
        let Ok(mut known) = known.lock() else { return };
        for tenant in tenants.iter().filter(|tenant| tenant.ended_at.is_some()) {
            if known.insert(tenant.id) {
                let rows = counted(u64::try_from(tenant.rows_read).unwrap_or_default(), "row");
                let (name, status) = (quoted(&tenant.tenant_name), tenant.status);
                // The receiver is there until the collection has ended.
                let _ = ended.send(format!("{}/{} {name}: {status}, {rows}", known.len(), tenants.len()));
            }
        }
    };
    let mut finishing = std::pin::pin!(executing.operations.finish_collection(id, &on_progress));
    loop {
        tokio::select! {
            finished = &mut finishing => return finished.map_err(not_done),
            Some(line) = told.recv() => {
                if printer.has_error_terminal() {
                    printer.note(&line);
                }
            }
        }
    }
}

/// The ids of the named connections.
async fn connections(
    arguments: &Arguments,
    executing: &Executing,
    session: &OperatorSession,
) -> Result<Vec<ConnectionId>> {
    if arguments.connection.is_empty() {
        return Ok(Vec::new());
    }
    let context = session.context("connection list");
    let mut found = Vec::new();
    for name in &arguments.connection {
        let all = all_named(&executing.operations, &context, name).await?;
        let of_name: Vec<_> = named(&all, name, |one| &one.name).into_iter().map(|one| one.id).collect();
        if of_name.is_empty() {
            let near = near(&executing.operations, &context, name).await?;
            let name = quoted(name);
            return Err(WrongUse(format!(
                "There is no connection {name} that you may see.{near}\n`footprint connection list` lists the connections."
            ))
            .into());
        }
        found.extend(of_name);
    }
    Ok(found)
}
