//! `footprint agent add`: creates an agent.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_host::agents::AgentDraft;

use super::secret::SecretFlags;
use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer};
use crate::shell;

const EXAMPLES: &str = "\
Examples:
  footprint agent add branch --address http://proxy.example.com:3128
  footprint agent add branch --address socks5h://proxy.example.com:1080 --user-name soar --ask
  footprint agent add branch --all-sites --address https://proxy.example.com --user-name soar \\
      --secret-ref command:hashicorp";

/// Create a proxy agent
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Its name
    name: String,

    /// The only site whose connections may use it [default: the only site]
    #[arg(long)]
    site: Option<String>,

    /// Let the connections of all sites use it; only an administrator may
    #[arg(long, conflicts_with = "site")]
    all_sites: bool,

    /// The address of the proxy: an http, https, socks5 or socks5h address
    #[arg(long, value_name = "URL")]
    address: String,

    /// The user name for the proxy
    #[arg(long, value_name = "TEXT")]
    user_name: Option<String>,

    /// Its description
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,

    #[command(flatten)]
    secret: SecretFlags,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table, help_heading = "Options")]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let site = if arguments.all_sites { None } else { Some(session.site(arguments.site.as_deref()).await?.name) };
    let draft = AgentDraft {
        name: arguments.name.clone(),
        address: arguments.address.clone(),
        user_name: arguments.user_name.clone(),
        secret: arguments.secret.read()?,
        description: arguments.description.clone(),
        site,
    };
    let context = session.context("agent add").about_site(draft.site.as_deref().unwrap_or_default());
    let made = session.connected_operations()?.create_agent(&context, draft).await;
    let agent = session.changed(context, made).await?;
    match arguments.output {
        OutputFormat::Json => printer.json(&agent)?,
        OutputFormat::Table => {
            printer.done(&format!("The agent {} was created: {}.", quoted(&agent.name), agent.place()))?;
            let folder = session.folder.flag();
            printer
                .note(&format!("Test it: footprint agent{folder} test {} --to HOST:PORT", shell::quoted(&agent.name)));
        }
    }
    Ok(Exit::Successful)
}
