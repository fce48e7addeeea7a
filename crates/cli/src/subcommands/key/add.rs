//! `footprint key add`: creates a key and shows it once.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_host::operations::KeyToMake;
use soar_store::model::KeyKind;

use crate::exit::{Exit, WrongUse};
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer};
use crate::when;

const EXAMPLES: &str = "\
Examples:
  footprint key add playbooks --owner alice --site \"Security Operations\" --expires 90d
  footprint key add closing --command CloseIncidentInBulk --command GetIncidents
  footprint key add portal --jwt --user alice --user bob
  footprint key add ci --expires 2027-01-01 > ci.key

Only the key goes to standard output, so that it can be redirected without being shown.";

/// Create a key, and show it once
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Its name, with which it is listed and revoked
    name: String,

    /// Its owner, in whose name calls are made with it [default: you]
    #[arg(long, value_name = "USER")]
    owner: Option<String>,

    /// Another user who may use it; repeatable
    #[arg(long = "user", value_name = "USER")]
    users: Vec<String>,

    /// A site on which it works [default: every site]; repeatable
    #[arg(long = "site", value_name = "SITE")]
    sites: Vec<String>,

    /// A command that it may run, by its address or its name, such as CloseIncidentInBulk [default: every command];
    /// repeatable
    #[arg(long = "command", value_name = "COMMAND")]
    commands: Vec<String>,

    /// When it expires: a date, or a time from now such as 90d [default: never]
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,

    /// Create a secret that signs JSON web tokens (HS256, header d3jwt), instead of a key for the header d3key
    #[arg(long)]
    jwt: bool,

    /// Accept tokens without an expiry (exp)
    #[arg(long, requires = "jwt")]
    without_exp: bool,

    /// Let it manage the instance over HTTP; its owner must be an administrator, and it has no limit of sites or
    /// commands
    #[arg(long, conflicts_with = "jwt")]
    manage: bool,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let key = arguments.key(session)?;
    let context = session.context("key add");
    let made = session.key_operations()?.create_key(&context, key).await;
    let shown = session.changed(context, made).await?;
    if arguments.output == OutputFormat::Json {
        printer.secret_line(&serde_json::to_string(&shown)?)?;
        return Ok(Exit::Successful);
    }
    printer.secret_line(shown.secret.as_deref().unwrap_or_default())?;
    let name = quoted(&shown.name);
    printer.note(&match shown.kind {
        KeyKind::Api => format!(
            "The key {name} of {}. Callers send it in the header d3key. Keep it now: it is not shown again.",
            shown.owner
        ),
        KeyKind::Jwt => format!(
            "The secret of the key {name} of {}. Callers sign JSON web tokens with it (HS256, claim Username) and send \
             them in the header d3jwt. Keep it now: it is not shown again.",
            shown.owner
        ),
    });
    Ok(Exit::Successful)
}

impl Arguments {
    fn key(&self, session: &OperatorSession) -> Result<KeyToMake> {
        let expires_at = match &self.expires {
            None => None,
            Some(text) => {
                let read = when::later(text, session.now());
                Some(read.map_err(|problem| WrongUse(format!("--expires: {problem}.")))?)
            }
        };
        let only = |names: &[String]| (!names.is_empty()).then(|| names.to_vec());
        Ok(KeyToMake {
            name: self.name.clone(),
            kind: if self.jwt { KeyKind::Jwt } else { KeyKind::Api },
            owner: self.owner.clone().unwrap_or_else(|| session.user.name.clone()),
            users: self.users.clone(),
            sites: only(&self.sites),
            commands: only(&self.commands),
            may_manage: self.manage,
            requires_expiry: !self.without_exp,
            expires_at,
        })
    }
}
