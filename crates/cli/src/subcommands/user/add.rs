//! `footprint user add`: creates a user, with a role if a flag names one.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_host::operations::UserToMake;
use soar_store::model::Role;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer};
use crate::shell;

const EXAMPLES: &str = "\
Examples:
  footprint user add alice --email alice@example.com --role Analyst --site \"Security Operations\"
  footprint user add bob --administrator";

/// Create a user
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Its name, in which calls are made
    name: String,

    /// The address for its mail
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,

    /// Make it an administrator, with every right on every site and the management of the instance
    #[arg(long)]
    administrator: bool,

    /// Its role on a site: Viewer, Analyst or Manager
    #[arg(long)]
    role: Option<Role>,

    /// The site of the role [default: the only site]
    #[arg(long, requires = "role")]
    site: Option<String>,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let Arguments { name, email, administrator, role, .. } = arguments;
    let mut user = UserToMake {
        name: name.clone(),
        email: email.clone(),
        is_administrator: *administrator,
        roles: BTreeMap::new(),
    };
    let mut context = session.context("user add");
    if let Some(role) = role {
        let site = session.site(arguments.site.as_deref()).await?.name;
        context = context.about_site(&site);
        user.roles.insert(site, *role);
    }
    let made = session.operations().create_user(&context, user).await;
    let made = session.changed(context, made).await?;
    if arguments.output == OutputFormat::Json {
        printer.json(&made)?;
        return Ok(Exit::Successful);
    }
    let user = made.user;
    printer.done(&format!("The user {} was created.", quoted(&user.name)))?;
    let context = session.context("user password-link");
    let link = session.operations().create_password_link(&context, &user.name).await;
    super::password_link::show(&session.changed(context, link).await?, printer)?;
    if role.is_none() && !administrator {
        let name = shell::quoted(&user.name);
        printer.note(&format!("It has no rights yet. Give it a role: footprint user role {name} Analyst --site SITE"));
    }
    Ok(Exit::Successful)
}
