//! `footprint user`: the users of an instance and their roles.

mod activate;
mod add;
mod change;
mod list;
mod role;
mod show;

use std::collections::BTreeMap;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde::Serialize;
use soar_connector::name::{quoted, suggestion};
use soar_store::model::name::named;
use soar_store::model::{Role, SiteId, User};

use super::run::single_threaded_runtime;
use crate::exit::{Exit, WrongUse};
use crate::instance::{InstanceFlags, OperatorSession, advised};
use crate::printer::{Form, ListRow, Printer};

const EXAMPLES: &str = "\
Examples:
  footprint user list
  footprint user add alice --email alice@example.com --role Analyst --site \"Security Operations\"
  footprint user role alice Manager --site \"Security Operations\"
  footprint user deactivate alice";

/// See and manage users, and their roles on sites
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: InstanceFlags,

    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::Arguments),
    Show(show::Arguments),
    Add(add::Arguments),
    Change(change::Arguments),
    /// Let a user back in
    Activate(activate::Arguments),
    /// Let a user do nothing any more; its keys stop working at once
    Deactivate(activate::Arguments),
    Role(role::Set),
    RemoveRole(role::Remove),
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    single_threaded_runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        match &arguments.action {
            Action::List(arguments) => list::run(arguments, &session, printer).await,
            Action::Show(arguments) => show::run(arguments, &session, printer).await,
            Action::Add(arguments) => add::run(arguments, &session, printer).await,
            Action::Change(arguments) => change::run(arguments, &session, printer).await,
            Action::Activate(arguments) => activate::run(arguments, true, &session, printer).await,
            Action::Deactivate(arguments) => activate::run(arguments, false, &session, printer).await,
            Action::Role(arguments) => role::set(arguments, &session, printer).await,
            Action::RemoveRole(arguments) => role::remove(arguments, &session, printer).await,
        }
    })
}

/// A user and its roles by the name of the site.
#[derive(Debug, Clone, Serialize)]
struct Shown {
    #[serde(flatten)]
    user: User,
    roles: BTreeMap<String, Role>,
}

impl Shown {
    fn state(&self) -> &'static str {
        if self.user.active { "active" } else { "deactivated" }
    }

    fn roles(&self, between: &str) -> String {
        let roles: Vec<_> = self.roles.iter().map(|(site, role)| format!("{role} on {site}")).collect();
        match (self.user.is_administrator, roles.is_empty()) {
            (false, _) => roles.join(between),
            (true, true) => "Administrator".to_owned(),
            (true, false) => format!("Administrator{between}{}", roles.join(between)),
        }
    }
}

impl ListRow for Shown {
    const HEADINGS: &[&str] = &["User", "State", "Roles", "E-mail"];

    fn cells(&self) -> Vec<String> {
        let email = self.user.email.clone().unwrap_or_default();
        vec![self.user.name.clone(), self.state().to_owned(), self.roles(", "), email]
    }
}

/// All users with their roles, by name.
async fn all(session: &OperatorSession) -> Result<Vec<Shown>> {
    let mut reader = session.store.reader().await.map_err(advised)?;
    let mut records = reader.records();
    let sites = records.sites().await.map_err(advised)?;
    let mut roles = records.all_roles().await.map_err(advised)?;
    let users = records.users().await.map_err(advised)?;
    let named = |roles: BTreeMap<SiteId, Role>| {
        sites.iter().filter_map(|site| Some((site.name.clone(), *roles.get(&site.id)?))).collect()
    };
    let shown = |user: User| Shown { roles: named(roles.remove(&user.id).unwrap_or_default()), user };
    Ok(users.into_iter().map(shown).collect())
}

/// The user of that name with its roles.
async fn one(name: &str, session: &OperatorSession) -> Result<Shown> {
    let all = all(session).await?;
    let found = named(&all, name, |shown| &shown.user.name).first().map(|shown| (*shown).clone());
    found.ok_or_else(|| {
        let near = suggestion(name, all.iter().map(|shown| shown.user.name.as_str()));
        WrongUse(format!("There is no user {}.{near}\n`footprint user list` shows what there is.", quoted(name))).into()
    })
}

fn show_one(shown: &Shown, form: Form, printer: &mut Printer) -> Result<()> {
    let labels = [
        ("User", shown.user.name.clone()),
        ("State", shown.state().to_owned()),
        ("Roles", shown.roles("\n")),
        ("E-mail", shown.user.email.clone().unwrap_or_default()),
    ];
    Ok(printer.details(shown, form, &labels)?)
}
