//! `footprint key show`: a key, without its secret.

use anyhow::Result;
use clap::Args;

use super::{all_or, state};
use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{OutputFormat, Printer, moment, moment_if_any};

/// Show a key without its secret
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    key: String,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let key = session.operations().key(&session.context("key show"), &arguments.key).await.map_err(not_done)?;
    let labels = [
        ("Key", key.name.clone()),
        ("Kind", key.kind.to_string()),
        ("Public part", key.public_part.clone()),
        ("State", state(key.state).to_owned()),
        ("Owner", key.owner.clone()),
        ("Other users", key.users.join(", ")),
        ("Sites", all_or(key.sites.as_deref())),
        ("Commands", all_or(key.commands.as_deref())),
        ("Manages", if key.may_manage { "yes" } else { "no" }.to_owned()),
        ("Created", moment(key.created_at)),
        ("Expires", moment_if_any(key.expires_at)),
        ("Revoked", moment_if_any(key.revoked_at)),
        ("Last used", moment_if_any(key.last_used_at)),
    ];
    printer.details(&key, arguments.output, &labels)?;
    Ok(Exit::Successful)
}
