//! `footprint incident task`: marks a task of an incident as done or pending.

use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};
use soar_connector::name::quoted;
use soar_store::StoreError;
use soar_store::model::{Right, Site};

use crate::exit::Exit;
use crate::instance::{Action, OperatorSession, advised};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  footprint incident task 20210127-198 \"Notify the customer\" done";

/// Mark a task of an incident as done or pending
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The incident's number
    incident: String,

    /// The task's name
    task: String,

    /// What it is from now on
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    /// It is done
    Done,
    /// It is still to be done
    Pending,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let Arguments { incident, task, state } = arguments;
    let done = *state == State::Done;
    let site = site_of(incident, session).await?;
    let state = if done { "done" } else { "pending" };
    let about = format!("{incident}: {task} {state}");
    let action = Action { command: "incident task", site: &site.name.clone(), about: &about };
    if !session.caller(site.clone()).may(Right::ChangeIncidents, site.id) {
        let reason = format!("It takes the right to {} on {}.", Right::ChangeIncidents, quoted(&site.name));
        session.note(&action, Some(&reason)).await?;
        return Err(anyhow!("{reason} Ask an administrator for a role that has it."));
    }
    let mut transaction = session.store.transaction().await.map_err(advised)?;
    let mut records = transaction.records();
    let now = session.now();
    let changed = async {
        let found = records.incident_for_change(incident).await?;
        // It may have gone elsewhere meanwhile, where the user has other rights.
        if found.site_id != site.id {
            return Err(StoreError::NotFound { what: "incident", name: incident.clone() });
        }
        records.set_task_done(found.id, task, done, now).await?;
        records.append_audit(&[session.entry(&action, now, None)]).await
    };
    let changed = changed.await;
    match changed {
        Ok(()) => transaction.commit().await.map_err(advised)?,
        Err(error) => {
            drop(transaction);
            session.note(&action, Some(&error.to_string())).await?;
            return Err(advised(error));
        }
    }
    printer.done(&format!("The task {} of {incident} is {state}.", quoted(task)))?;
    Ok(Exit::Successful)
}

/// The site of an incident that the user may see.
pub(super) async fn site_of(number: &str, session: &OperatorSession) -> Result<Site> {
    let found = session.store.reader().await.map_err(advised)?.records().incident(number).await.map_err(advised)?;
    let sites = session.sites().await?;
    let site = sites.into_iter().find(|site| site.id == found.site_id);
    let site = site.filter(|site| session.caller(site.clone()).may(Right::SeeIncidents, site.id));
    site.ok_or_else(|| advised(StoreError::NotFound { what: "incident", name: number.to_owned() }))
}
