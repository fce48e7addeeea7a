//! `footprint user role` and `remove-role`: a user's role on a site.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_store::model::Role;

use crate::exit::{Exit, WrongUse};
use crate::instance::OperatorSession;
use crate::printer::Printer;

const SET_EXAMPLES: &str = "\
Examples:
  footprint user role alice Analyst --site \"Security Operations\"

A Viewer may see the site. An Analyst may also work on incidents and run commands. A Manager may do everything on the site.";

const REMOVE_EXAMPLES: &str = "\
Examples:
  footprint user remove-role alice --site \"Security Operations\"";

// Set a user's role on a site, in place of an earlier one
#[derive(Debug, Args)]
#[command(after_help = SET_EXAMPLES)]
pub(super) struct Set {
    /// The user's name
    user: String,

    /// Viewer, Analyst or Manager
    role: Role,

    /// The site [default: the only site]
    #[arg(long)]
    site: Option<String>,
}

// Remove a user's role on a site
#[derive(Debug, Args)]
#[command(after_help = REMOVE_EXAMPLES)]
pub(super) struct Remove {
    /// The user's name
    user: String,

    /// The site [default: the only site]
    #[arg(long)]
    site: Option<String>,
}

pub(super) async fn set(arguments: &Set, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let site = session.site(arguments.site.as_deref()).await?.name;
    let Set { user, role, .. } = arguments;
    let context = session.context("user role").about_site(&site);
    let given = session.operations().give_role(&context, user, &site, *role).await;
    session.changed(context, given).await?;
    printer.done(&format!("The user {} is {role} on {} now.", quoted(user), quoted(&site)))?;
    Ok(Exit::Successful)
}

pub(super) async fn remove(arguments: &Remove, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let site = session.site(arguments.site.as_deref()).await?.name;
    let user = &arguments.user;
    let context = session.context("user remove-role").about_site(&site);
    let taken = session.operations().take_role(&context, user, &site).await;
    let (user, site) = (quoted(user), quoted(&site));
    if !session.changed(context, taken).await?.removed {
        return Err(WrongUse(format!("The user {user} has no role on {site}, so nothing was changed.")).into());
    }
    printer.done(&format!("The user {user} has no role on {site} any more."))?;
    Ok(Exit::Successful)
}
