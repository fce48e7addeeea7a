//! `footprint agent test`: checks that a proxy opens connections.

use anyhow::Result;
use clap::Args;
use soar_host::operations::AgentToTest;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer};
use crate::subcommands::connection::ConnectionArguments;

const EXAMPLES: &str = "\
Examples:
  footprint agent test branch --connection production
  footprint agent test branch --to footprint.example.com:443

The proxy opens a connection to the server. Nothing is sent to the server.
Exit codes: 0 Passed, 1 Failed, 2 wrong use.";

/// Test a proxy agent: ask its proxy for a connection to a server
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Its name
    agent: String,

    /// The server, with its port; port 443 is the default
    #[arg(long, value_name = "HOST:PORT", required_unless_present = "connection", conflicts_with = "connection")]
    to: Option<String>,

    /// A connection, whose server is used
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,

    /// The connection's site [default: the only site]
    #[arg(long, requires = "connection")]
    site: Option<String>,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let connection = match &arguments.connection {
        Some(name) => {
            Some(ConnectionArguments::of(name, arguments.site.as_deref()).find(&operations, session).await?.id)
        }
        None => None,
    };
    let given = AgentToTest { to: arguments.to.clone(), connection };
    let context = session.context("agent test");
    let ended = operations.test_agent(&context, &arguments.agent, given).await;
    let tested = session.tried(context, ended).await?;
    match arguments.output {
        OutputFormat::Json => printer.json(&tested)?,
        OutputFormat::Table if tested.passed => printer.done(&format!("Passed. {}", tested.text))?,
        OutputFormat::Table => {
            let mark = printer.red("✘");
            printer.line(&format!("{mark} Failed. {}", tested.text))?;
        }
    }
    if arguments.output == OutputFormat::Table {
        printer.note(&format!("{} ms through the agent {}", tested.elapsed_ms, tested.agent));
    }
    Ok(if tested.passed { Exit::Successful } else { Exit::Failed })
}
