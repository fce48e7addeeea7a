//! `footprint user reset-totp`: removes a user's authenticator app.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;

use crate::exit::{Exit, WrongUse};
use crate::instance::OperatorSession;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  footprint user reset-totp alice";

/// Remove a user's authenticator app and recovery codes, such as after the loss of a telephone
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The user's name
    user: String,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let user = &arguments.user;
    let context = session.context("user reset-totp");
    let reset = session.operations().reset_totp(&context, user).await;
    if !session.changed(context, reset).await?.removed {
        let text = format!("The user {} has no authenticator app, so nothing was changed.", quoted(user));
        return Err(WrongUse(text).into());
    }
    printer.done(&format!("The user {} signs in without a code from now on.", quoted(user)))?;
    Ok(Exit::Successful)
}
