//! `footprint user activate` and `deactivate`: set a user active or inactive.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_host::operations::UserToChange;

use crate::exit::Exit;
use crate::instance::OperatorSession;
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
    let context = session.context(command);
    let change = UserToChange { active: Some(active), ..UserToChange::default() };
    let changed = session.operations().change_user(&context, &arguments.user, change).await;
    let changed = session.changed(context, changed).await?;
    printer.done(&format!("The user {} is {state}.", quoted(&changed.user.name)))?;
    Ok(Exit::Successful)
}
