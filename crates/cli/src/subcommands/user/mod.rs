//! `footprint user`: the users of an instance and their roles.

mod activate;
mod add;
mod change;
mod list;
mod password_link;
mod reset_totp;
mod role;
mod sessions;
mod show;

use anyhow::Result;
use clap::{Args, Subcommand};
use soar_host::operations::UserShown;
use soar_store::model::User;

use super::run::single_threaded_runtime;
use crate::exit::Exit;
use crate::instance::{InstanceFlags, OperatorSession};
use crate::printer::{ListRow, OutputFormat, Printer};

const EXAMPLES: &str = "\
Examples:
  footprint user list
  footprint user add alice --email alice@example.com --role Analyst --site \"Security Operations\"
  footprint user role alice Manager --site \"Security Operations\"
  footprint user password-link alice
  footprint user deactivate alice";

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
    /// Set a user active
    Activate(activate::Arguments),
    /// Set a user inactive: it may do nothing, and its keys stop working at once
    Deactivate(activate::Arguments),
    Role(role::Set),
    RemoveRole(role::Remove),
    PasswordLink(password_link::Arguments),
    Sessions(sessions::Arguments),
    ResetTotp(reset_totp::Arguments),
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
            Action::PasswordLink(arguments) => password_link::run(arguments, &session, printer).await,
            Action::Sessions(arguments) => sessions::run(arguments, &session, printer).await,
            Action::ResetTotp(arguments) => reset_totp::run(arguments, &session, printer).await,
        }
    })
}

impl ListRow for UserShown {
    const HEADINGS: &[&str] = &["User", "State", "Roles", "E-mail"];

    fn cells(&self) -> Vec<String> {
        let email = self.user.email.clone().unwrap_or_default();
        vec![self.user.name.clone(), state(&self.user).to_owned(), roles(self, ", "), email]
    }
}

fn state(user: &User) -> &'static str {
    if user.active { "active" } else { "deactivated" }
}

fn roles(shown: &UserShown, between: &str) -> String {
    let roles = shown.roles.iter().map(|(site, role)| format!("{role} on {site}"));
    let administrator = shown.user.is_administrator.then(|| "Administrator".to_owned());
    administrator.into_iter().chain(roles).collect::<Vec<_>>().join(between)
}

fn show_one(shown: &UserShown, form: OutputFormat, printer: &mut Printer) -> Result<()> {
    let labels = [
        ("User", shown.user.name.clone()),
        ("State", state(&shown.user).to_owned()),
        ("Roles", roles(shown, "\n")),
        ("E-mail", shown.user.email.clone().unwrap_or_default()),
    ];
    Ok(printer.details(shown, form, &labels)?)
}
