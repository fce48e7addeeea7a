//! `footprint user password-link`: makes a link with which a user sets its password for the console.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_host::operations::PasswordLinkMade;

use crate::exit::Exit;
use crate::instance::{OperatorSession, about_port};
use crate::printer::{OutputFormat, Printer, moment};

const EXAMPLES: &str = "\
Examples:
  footprint user password-link alice
  footprint user password-link alice --output json

The link works once, and replaces an earlier link of the user. Its host name is public-address in the part [sign-in] of
host.toml. The user's password stays until the link is used.";

/// Make a one-time link with which a user sets its password for the console
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The user's name
    user: String,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("user password-link");
    let made = session.operations().create_password_link(&context, &arguments.user).await;
    let made = session.changed(context, made).await?;
    match arguments.output {
        OutputFormat::Json => printer.json(&made)?,
        OutputFormat::Table => show(&made, printer)?,
    }
    Ok(Exit::Successful)
}

/// Shows a link once.
pub(super) fn show(made: &PasswordLinkMade, printer: &mut Printer) -> Result<()> {
    let Some(link) = &made.link else { return Ok(()) };
    printer.line(&format!(
        "With this link {} sets a password for the console. It works once, until {}:\n",
        quoted(&made.user),
        moment(made.expires_at)
    ))?;
    printer.line(&format!("  {}\n", printer.bold(link)))?;
    if let Some(remark) = about_port(link) {
        printer.paragraph(remark)?;
    }
    Ok(())
}
