//! `footprint tenant key create`: makes a one-time key and shows it, once.

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use soar_store::Records;
use soar_store::model::TenantKey;

use crate::exit::{Exit, WrongUse};
use crate::instance::{Action, OperatorSession, tenants};
use crate::printer::{Form, Printer, moment};
use crate::when;

const EXAMPLES: &str = "\
Examples:
  footprint tenant key create
  footprint tenant key create --expires 1h > tenant.key

The key alone goes to standard output, so that it can be put where it is needed without being seen.";

/// Make a one-time key for a master, and show it this once
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// When it ends: so long from now, or a time; at most 30 days
    #[arg(long, value_name = "WHEN", default_value = "24h")]
    expires: String,

    /// How to write what was made
    #[arg(long, short, value_enum, default_value_t = Form::Table)]
    output: Form,
}

/// A key as a program gets it, this once.
#[derive(Debug, Serialize)]
struct Issued<'a> {
    #[serde(flatten)]
    shown: &'a TenantKey,
    key: &'a str,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let expires_at = when::later(&arguments.expires, session.now());
    let expires_at = expires_at.map_err(|problem| WrongUse(format!("--expires: {problem}.")))?;
    let tenants = tenants(session)?;
    let caller = session.any_caller().await?;
    let action = Action { command: "tenant key create", site: "", about: "" };
    let make = async |records: &mut Records<'_>| tenants.make_key_in(records, &caller, expires_at).await;
    let issued = session.change(&action, make).await?;
    if arguments.output == Form::Json {
        printer.secret_line(&serde_json::to_string(&Issued { shown: &issued.key, key: &issued.text })?)?;
        return Ok(Exit::Successful);
    }
    printer.secret_line(&issued.text)?;
    printer.note(&format!(
        "The one-time key {}, good until {} and for one master. Give it to whoever runs the master: `footprint tenant \
         add … --key-file PATH` there. It is not shown again.",
        issued.key.name,
        moment(issued.key.expires_at)
    ));
    Ok(Exit::Successful)
}
