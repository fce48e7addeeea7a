//! `footprint connection show`: a connection without its secrets.

use anyhow::Result;
use clap::Args;
use soar_connector::is_pem;
use soar_store::model::{Connection, ConnectionSites, NamedSite, ParameterState};

use super::find::ConnectionArguments;
use super::health_check::in_full;
use super::list::users;
use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer, counted, moment};

/// Show a connection without its secrets
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: ConnectionArguments,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let connection = arguments.named.find(&session.connected_operations()?, session).await?;
    show_one(&connection, arguments.output, printer)?;
    Ok(Exit::Successful)
}

pub(super) fn show_one(connection: &Connection, form: OutputFormat, printer: &mut Printer) -> Result<()> {
    let mut labels = vec![
        ("Connection", connection.name.clone()),
        ("Integration", connection.integration.clone()),
        ("Site", connection.place.name().to_owned()),
    ];
    if let ConnectionSites::SharedToInternalSites { recipient } = &connection.place {
        let described = |site: &NamedSite| format!("{} (the site of incidents that rules make)", site.name);
        labels.push(("Recipient site", recipient.as_ref().map(described).unwrap_or_default()));
    }
    if let Some(owner) = &connection.owner {
        labels.push(("Owner", format!("master {owner}; only that master can change it")));
    }
    labels.extend([
        ("Active", if connection.active { "yes" } else { "no" }.to_owned()),
        ("Users", users(connection)),
        ("Health check", in_full(connection)),
        ("Agent", connection.agent_name.clone().unwrap_or_default()),
        ("Tenant", connection.tenant.clone().unwrap_or_default()),
        ("Description", connection.description.clone()),
        ("Changed", moment(connection.modified_at)),
    ]);
    labels.extend(connection.parameters.iter().map(|one| {
        let value = match &one.value {
            ParameterState::Plain(value) if is_pem(value) => certificates(value),
            ParameterState::Plain(value) => value.clone(),
            ParameterState::Sealed => "(a secret, sealed)".to_owned(),
            ParameterState::Reference(reference) => format!("(a secret, at {reference})"),
        };
        (one.name.as_str(), value)
    }));
    Ok(printer.details(connection, form, &labels)?)
}

/// A short text for PEM text. `--output json` shows all of it.
fn certificates(pem: &str) -> String {
    let count = pem.matches("-----BEGIN CERTIFICATE-----").count();
    format!("({}, PEM)", counted(count as u64, "certificate"))
}
