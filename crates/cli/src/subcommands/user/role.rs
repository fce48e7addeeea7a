//! `footprint user role` and `remove-role`: what a user may do on a site.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_store::StoreError;
use soar_store::model::Role;

use crate::exit::Exit;
use crate::instance::{Action, OperatorSession};
use crate::printer::Printer;

const SET_EXAMPLES: &str = "\
Examples:
  footprint user role alice Analyst --site \"Security Operations\"

A Viewer sees; an Analyst works on incidents and runs commands; a Manager does everything on the site.";

const REMOVE_EXAMPLES: &str = "\
Examples:
  footprint user remove-role alice --site \"Security Operations\"";

/// Give a user a role on a site, in place of the one it had there
#[derive(Debug, Args)]
#[command(after_help = SET_EXAMPLES)]
pub(super) struct Set {
    /// The user's name
    user: String,

    /// Viewer, Analyst or Manager
    role: Role,

    /// The site [default: the only one there is]
    #[arg(long)]
    site: Option<String>,
}

/// Take a user's role on a site away
#[derive(Debug, Args)]
#[command(after_help = REMOVE_EXAMPLES)]
pub(super) struct Remove {
    /// The user's name
    user: String,

    /// The site [default: the only one there is]
    #[arg(long)]
    site: Option<String>,
}

pub(super) async fn set(arguments: &Set, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let site = session.site(arguments.site.as_deref()).await?;
    let Set { user, role, .. } = arguments;
    let about = format!("{user}: {role}");
    let action = Action { command: "user role", site: &site.name, about: &about };
    let given = session.manage(&action, async |records, _| {
        let user = records.user(user).await?;
        records.set_role(user.id, site.id, *role).await?;
        Ok(user)
    });
    let user = given.await?;
    printer.done(&format!("The user {} is {role} on {} now.", quoted(&user.name), quoted(&site.name)))?;
    Ok(Exit::Successful)
}

pub(super) async fn remove(arguments: &Remove, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let site = session.site(arguments.site.as_deref()).await?;
    let name = &arguments.user;
    let action = Action { command: "user remove-role", site: &site.name, about: name };
    let removed = session.manage(&action, async |records, _| {
        let user = records.user(name).await?;
        if records.remove_role(user.id, site.id).await? {
            return Ok(user);
        }
        let (user, site) = (quoted(&user.name), quoted(&site.name));
        Err(StoreError::Invalid(format!("The user {user} has no role on {site}, so nothing was changed.")))
    });
    let user = removed.await?;
    printer.done(&format!("The user {} has no role on {} any more.", quoted(&user.name), quoted(&site.name)))?;
    Ok(Exit::Successful)
}
