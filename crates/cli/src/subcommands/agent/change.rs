//! `footprint agent change`: changes an agent.

use anyhow::Result;
use clap::Args;
use soar_host::agents::AgentChange;
use soar_host::connections::GivenValue;
use soar_store::model::Version;

use super::secret::SecretFlags;
use crate::exit::{Exit, WrongUse};
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer};

const EXAMPLES: &str = "\
Examples:
  footprint agent change branch --ask
  footprint agent change branch --address http://new.example.com:3128 --ask

The secret goes only to the address that it was given for: give it again with a new address. The next command on a
connection uses the changed agent.";

/// Change a proxy agent; fields without a flag stay
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Its name
    agent: String,

    /// Its new name; refused while connections use the agent
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// The only site whose connections may use it
    #[arg(long)]
    site: Option<String>,

    /// Let the connections of all sites use it; only an administrator may
    #[arg(long, conflicts_with = "site")]
    all_sites: bool,

    /// The address of the proxy
    #[arg(long, value_name = "URL")]
    address: Option<String>,

    /// The user name for the proxy; an empty text removes it
    #[arg(long, value_name = "TEXT")]
    user_name: Option<String>,

    /// Its description
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// Refuse the change unless the agent is at this version, as `footprint agent show --output json` shows it
    #[arg(long, value_name = "NUMBER")]
    version: Option<Version>,

    /// Remove the secret
    #[arg(long, conflicts_with_all = ["secret_file", "secret_stdin", "secret_ref", "ask"])]
    no_secret: bool,

    #[command(flatten)]
    secret: SecretFlags,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table, help_heading = "Options")]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let Arguments { name, site, all_sites, address, user_name, description, no_secret, secret, .. } = arguments;
    let texts = [name, site, address, user_name, description];
    if texts.iter().all(|text| text.is_none()) && !all_sites && !no_secret && secret.is_empty() {
        let text = "Nothing to change: `footprint agent change --help` lists the flags.";
        return Err(WrongUse(text.to_owned()).into());
    }
    let change = AgentChange {
        version: arguments.version,
        name: name.clone(),
        site: if *all_sites { Some(None) } else { site.clone().map(Some) },
        address: address.clone(),
        user_name: user_name.clone().map(|text| Some(text).filter(|text| !text.trim().is_empty())),
        secret: if *no_secret { GivenValue::Nothing } else { secret.read()? },
        description: description.clone(),
    };
    let context = session.context("agent change");
    let changed = session.connected_operations()?.change_agent(&context, &arguments.agent, change).await;
    super::show_one(&session.changed(context, changed).await?, arguments.output, printer)?;
    Ok(Exit::Successful)
}
