//! `footprint tenant runs`: on a master, the runs of Sync Connection and their results.

mod list;
mod show;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde::Serialize;
use soar_store::model::SyncResult;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{ListRow, Printer};

/// On a master: the runs of Sync Connection
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
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    match &arguments.action {
        Action::List(arguments) => list::run(arguments, session, printer).await,
        Action::Show(arguments) => show::run(arguments, session, printer).await,
    }
}

/// A result as a list shows it.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(in crate::subcommands) struct ResultRow(pub(in crate::subcommands) SyncResult);

impl ListRow for ResultRow {
    const HEADINGS: &[&str] = &["Tenant", "Region", "Connection", "Change", "Code", "Cause", "Cure"];

    fn cells(&self) -> Vec<String> {
        let result = &self.0;
        let why = result.failure.as_ref();
        let connection = match (result.connection_id, result.connection.as_str()) {
            (Some(id), "") => id.to_string(),
            (None, "") if result.withdrawal => "(connections that are no longer shared)".to_owned(),
            (_, name) => name.to_owned(),
        };
        vec![
            result.tenant.clone(),
            result.region.clone(),
            connection,
            result.change.to_string().to_lowercase(),
            why.map(|why| why.code.clone()).unwrap_or_default(),
            why.map(|why| why.cause.clone()).unwrap_or_default(),
            why.map(|why| why.cure.clone()).unwrap_or_default(),
        ]
    }
}
