//! `footprint tenant key create`: creates a one-time key and shows it once.

use anyhow::Result;
use clap::Args;
use soar_host::operations::TenantKeyToMake;

use crate::exit::{Exit, WrongUse};
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer, moment};
use crate::when;

const EXAMPLES: &str = "\
Examples:
  footprint tenant key create
  footprint tenant key create --expires 1h > tenant.key

Only the key goes to standard output, so that it can be redirected without being shown.";

/// Create a one-time key for a master, and show it once
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// When it expires: a date, or a time from now such as 2d; at most 30 days
    #[arg(long, value_name = "WHEN", default_value = "24h")]
    expires: String,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let expires_at = when::later(&arguments.expires, session.now());
    let expires_at = expires_at.map_err(|problem| WrongUse(format!("--expires: {problem}.")))?;
    let wanted = TenantKeyToMake { expires_at: Some(expires_at), ..TenantKeyToMake::default() };
    let context = session.context("tenant key create");
    let made = session.connected_operations()?.create_tenant_key(&context, &wanted).await;
    let made = session.changed(context, made).await?;
    if arguments.output == OutputFormat::Json {
        printer.secret_line(&serde_json::to_string(&made)?)?;
        return Ok(Exit::Successful);
    }
    printer.secret_line(made.key.as_deref().unwrap_or_default())?;
    printer.note(&format!(
        "The one-time key {}. It expires at {} and is for one master. Give it to the administrator of the master: `footprint \
         tenant add … --key-file PATH` there. It is not shown again.",
        made.shown.name,
        moment(made.shown.expires_at)
    ));
    Ok(Exit::Successful)
}
