//! `footprint user show`: all that is known of a user.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{Form, Printer};
use soar_store::model::name::same_name;

/// Show a user and its roles; your own without a name
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    user: Option<String>,

    /// How to write it
    #[arg(long, short, value_enum, default_value_t = Form::Table)]
    output: Form,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let name = arguments.user.as_ref().unwrap_or(&session.user.name);
    if !same_name(name, &session.user.name) {
        session.must_be_administrator()?;
    }
    super::show_one(&super::one(name, session).await?, arguments.output, printer)?;
    Ok(Exit::Successful)
}
