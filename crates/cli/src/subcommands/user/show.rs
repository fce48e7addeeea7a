//! `footprint user show`: shows a user.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{OutputFormat, Printer};

/// Show a user and its roles; without a name, yourself
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    user: Option<String>,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let name = arguments.user.as_ref().unwrap_or(&session.user.name);
    let user = session.operations().user(&session.context("user show"), name).await.map_err(not_done)?;
    super::show_one(&user, arguments.output, printer)?;
    Ok(Exit::Successful)
}
