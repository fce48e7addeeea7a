//! `footprint key add`: makes a key and shows it, once.

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use soar_connector::name::quoted;
use soar_host::access::{KeyRequest, issue_key};
use soar_store::model::{Allowed, KeyKind};

use super::{Names, Shown};
use crate::exit::{Exit, WrongUse};
use crate::instance::{Action, OperatorSession};
use crate::printer::{Form, Printer};
use crate::when;

const EXAMPLES: &str = "\
Examples:
  footprint key add playbooks --owner alice --site \"Security Operations\" --expires 90d
  footprint key add closing --command CloseIncidentInBulk --command GetIncidents
  footprint key add portal --jwt --user alice --user bob
  footprint key add ci --expires 2027-01-01 > ci.key

The key alone goes to standard output, so that it can be put where it is needed without being seen.";

/// Make a key, and show it this once
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Its name, by which it is listed and revoked
    name: String,

    /// The user whose it is, and in whose name calls are made with it [default: you]
    #[arg(long, value_name = "USER")]
    owner: Option<String>,

    /// Another user who may use it; repeatable
    #[arg(long = "user", value_name = "USER")]
    users: Vec<String>,

    /// A site on which it works [default: every site]; repeatable
    #[arg(long = "site", value_name = "SITE")]
    sites: Vec<String>,

    /// A command that it may run, such as CloseIncidentInBulk [default: every command]; repeatable
    #[arg(long = "command", value_name = "COMMAND")]
    commands: Vec<String>,

    /// When it ends: a date, or so long from now [default: never]
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,

    /// Make a secret that signs JSON web tokens (HS256, header d3jwt) instead of a key for the header d3key
    #[arg(long)]
    jwt: bool,

    /// Accept tokens without an expiry (exp)
    #[arg(long, requires = "jwt")]
    without_exp: bool,

    /// Let it manage the instance over HTTP; its owner must be an administrator
    #[arg(long, conflicts_with = "jwt")]
    manage: bool,

    /// How to write what was made
    #[arg(long, short, value_enum, default_value_t = Form::Table)]
    output: Form,
}

/// A key as a program gets it, this once.
#[derive(Debug, Serialize)]
struct Issued {
    #[serde(flatten)]
    shown: Shown,
    key: String,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let request = arguments.request(session)?;
    let seal = session.keyring()?;
    let action = Action { command: "key add", site: "", about: &request.name };
    let made = session.manage(&action, async |records, now| {
        let issued = issue_key(records, &seal, &request, now).await?;
        let names = Names::read(records).await?;
        Ok((names.shown(issued.key, now), issued.text))
    });
    let (shown, text) = made.await?;
    if arguments.output == Form::Json {
        printer.secret_line(&serde_json::to_string(&Issued { shown, key: text.to_string() })?)?;
        return Ok(Exit::Successful);
    }
    printer.secret_line(&text)?;
    let name = quoted(&shown.name);
    printer.note(&match shown.kind {
        KeyKind::Api => format!(
            "The key {name} of {}. Callers show it in the header d3key. Keep it now: it is not shown again.",
            shown.owner
        ),
        KeyKind::Jwt => format!(
            "The secret of the key {name} of {}. Callers sign JSON web tokens with it (HS256, claim Username) and show \
             them in the header d3jwt. Keep it now: it is not shown again.",
            shown.owner
        ),
    });
    Ok(Exit::Successful)
}

impl Arguments {
    fn request(&self, session: &OperatorSession) -> Result<KeyRequest> {
        let expires_at = match &self.expires {
            None => None,
            Some(text) => {
                let read = when::later(text, session.now());
                Some(read.map_err(|problem| WrongUse(format!("--expires: {problem}.")))?)
            }
        };
        let only = |names: &[String]| match names {
            [] => Allowed::All,
            names => Allowed::Only(names.to_vec()),
        };
        Ok(KeyRequest {
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
