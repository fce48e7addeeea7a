//! `footprint user activate` and `deactivate`: whether a user may do anything at all.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_store::UserChange;

use crate::exit::Exit;
use crate::instance::{Action, OperatorSession};
use crate::printer::Printer;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    user: String,
}

pub(super) async fn run(
    arguments: &Arguments,
    active: bool,
    session: &OperatorSession,
    printer: &mut Printer,
) -> Result<Exit> {
    let (command, state) = if active { ("user activate", "active again") } else { ("user deactivate", "deactivated") };
    let user = &arguments.user;
    let change = UserChange { active: Some(active), ..UserChange::default() };
    let action = Action { command, site: "", about: user };
    let changed = session.manage(&action, async |records, now| records.update_user(user, &change, now).await);
    let name = changed.await?.name;
    printer.done(&format!("The user {} is {state}.", quoted(&name)))?;
    Ok(Exit::Successful)
}
