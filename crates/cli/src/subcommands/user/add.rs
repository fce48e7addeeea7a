//! `footprint user add`: makes a user, with a role if wanted.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_store::NewUser;
use soar_store::model::Role;

use crate::exit::Exit;
use crate::instance::{Action, OperatorSession};
use crate::printer::{Form, Printer};
use crate::shell;

const EXAMPLES: &str = "\
Examples:
  footprint user add alice --email alice@example.com --role Analyst --site \"Security Operations\"
  footprint user add bob --administrator";

/// Make a user
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Its name, under which calls are made
    name: String,

    /// Where mail goes
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    /// Give it every right on every site, and let it manage the instance
    #[arg(long)]
    administrator: bool,

    /// Its role on a site: Viewer, Analyst or Manager
    #[arg(long)]
    role: Option<Role>,

    /// The site of the role [default: the only one there is]
    #[arg(long, requires = "role")]
    site: Option<String>,

    /// How to write what was made
    #[arg(long, short, value_enum, default_value_t = Form::Table)]
    output: Form,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let site = match arguments.role {
        Some(_) => Some(session.site(arguments.site.as_deref()).await?),
        None => None,
    };
    let Arguments { name, email, administrator, role, .. } = arguments;
    let new = NewUser { name: name.clone(), email: email.clone(), is_administrator: *administrator };
    let place = site.as_ref().map_or("", |site| site.name.as_str());
    let action = Action { command: "user add", site: place, about: name };
    let made = session.manage(&action, async |records, now| {
        let user = records.create_user(&new, now).await?;
        if let Some((role, site)) = role.zip(site.as_ref()) {
            records.set_role(user.id, site.id, role).await?;
        }
        Ok(user)
    });
    let user = made.await?;
    if arguments.output == Form::Json {
        printer.json(&super::one(&user.name, session).await?)?;
        return Ok(Exit::Successful);
    }
    printer.done(&format!("The user {} is there now.", quoted(&user.name)))?;
    if role.is_none() && !administrator {
        let name = shell::quoted(&user.name);
        printer.note(&format!("It may do nothing yet: footprint user role {name} Analyst --site SITE"));
    }
    Ok(Exit::Successful)
}
