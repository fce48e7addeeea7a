//! `footprint key`: the keys with which callers of the host authenticate.

mod add;
mod list;
mod revoke;
mod show;

use anyhow::Result;
use clap::{Args, Subcommand};
use soar_host::operations::KeyShown;
use soar_store::model::KeyState;

use super::run::single_threaded_runtime;
use crate::exit::Exit;
use crate::instance::{InstanceFlags, OperatorSession};
use crate::printer::{ListRow, Printer, moment_if_any};

const EXAMPLES: &str = "\
Examples:
  footprint key list
  footprint key add playbooks --owner alice --site \"Security Operations\" --expires 90d
  footprint key add portal --jwt --user alice --user bob
  footprint key show playbooks
  footprint key revoke playbooks";

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
    Revoke(revoke::Arguments),
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    single_threaded_runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        match &arguments.action {
            Action::List(arguments) => list::run(arguments, &session, printer).await,
            Action::Show(arguments) => show::run(arguments, &session, printer).await,
            Action::Add(arguments) => add::run(arguments, &session, printer).await,
            Action::Revoke(arguments) => revoke::run(arguments, &session, printer).await,
        }
    })
}

impl ListRow for KeyShown {
    const HEADINGS: &[&str] =
        &["Key", "Kind", "State", "Owner", "Sites", "Commands", "Manages", "Expires", "Last Used", "Other Users"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.kind.to_string(),
            state(self.state).to_owned(),
            self.owner.clone(),
            all_or(self.sites.as_deref()),
            all_or(self.commands.as_deref()),
            if self.may_manage { "yes" } else { "no" }.to_owned(),
            moment_if_any(self.expires_at),
            moment_if_any(self.last_used_at),
            self.users.join(", "),
        ]
    }
}

fn state(state: KeyState) -> &'static str {
    match state {
        KeyState::Active => "active",
        KeyState::Expired => "expired",
        KeyState::Revoked => "revoked",
    }
}

fn all_or(names: Option<&[String]>) -> String {
    match names {
        None => "all".to_owned(),
        Some([]) => "none".to_owned(),
        Some(names) => names.join(", "),
    }
}
