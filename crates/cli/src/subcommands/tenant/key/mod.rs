//! `footprint tenant key`: on a tenant, the one-time keys with which masters register.

mod create;
mod list;
mod revoke;

use anyhow::Result;
use clap::{Args, Subcommand};
use soar_store::model::TenantKey;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{ListRow, Printer, moment};

/// On a tenant: one-time keys, with which masters register
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Create(create::Arguments),
    List(list::Arguments),
    Revoke(revoke::Arguments),
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    match &arguments.action {
        Action::Create(arguments) => create::run(arguments, session, printer).await,
        Action::List(arguments) => list::run(arguments, session, printer).await,
        Action::Revoke(arguments) => revoke::run(arguments, session, printer).await,
    }
}

impl ListRow for TenantKey {
    const HEADINGS: &[&str] = &["Key", "State", "Made by", "Made", "Expires"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.state.to_string().to_lowercase(),
            self.created_by.clone(),
            moment(self.created_at),
            moment(self.expires_at),
        ]
    }
}
