//! `footprint user sessions`: lists a user's sessions of the console, or ends them.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_store::model::Session;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, ListRow, Printer, moment};

const EXAMPLES: &str = "\
Examples:
  footprint user sessions alice
  footprint user sessions alice --end";

/// List a user's sessions of the console, or end them
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The user's name
    user: String,

    /// End all of its sessions
    #[arg(long)]
    end: bool,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let user = &arguments.user;
    let context = session.context("user sessions");
    if arguments.end {
        let ended = session.operations().end_sessions(&context, user).await;
        let ended = session.changed(context, ended).await?.ended;
        printer.done(&format!("Sessions of {} that were ended: {ended}.", quoted(user)))?;
        return Ok(Exit::Successful);
    }
    let sessions = session.operations().list_sessions(&context, user).await.map_err(not_done)?;
    printer.list(&sessions, &arguments.list, "No sessions.")?;
    Ok(Exit::Successful)
}

impl ListRow for Session {
    const HEADINGS: &[&str] = &["Signed In", "Last Request", "Ends", "Address", "Method"];

    fn cells(&self) -> Vec<String> {
        let Self { created_at, seen_at, ends_at, address, method, .. } = self;
        vec![moment(*created_at), moment(*seen_at), moment(*ends_at), address.clone(), method.to_string()]
    }
}
