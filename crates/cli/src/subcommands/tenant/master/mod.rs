//! `footprint tenant master`: on a tenant, the masters that send it connections.

mod list;
mod remove;
mod revoke;
mod show;

use anyhow::Result;
use clap::{Args, Subcommand};
use soar_store::model::Master;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{ListRow, Printer, moment_if_any};

/// On a tenant: the masters that send it connections
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::Arguments),
    Show(show::Arguments),
    Revoke(revoke::Arguments),
    Remove(remove::Arguments),
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    match &arguments.action {
        Action::List(arguments) => list::run(arguments, session, printer).await,
        Action::Show(arguments) => show::run(arguments, session, printer).await,
        Action::Revoke(arguments) => revoke::run(arguments, session, printer).await,
        Action::Remove(arguments) => remove::run(arguments, session, printer).await,
    }
}

impl ListRow for Master {
    const HEADINGS: &[&str] = &["Master", "Region", "State", "Connections", "Last Message", "Calls This"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.region.clone(),
            self.state.to_string().to_lowercase(),
            self.connections.to_string(),
            moment_if_any(self.seen_at),
            self.tenant_name.clone(),
        ]
    }
}
