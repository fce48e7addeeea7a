//! `footprint mcp`: the commands as tools of the Model Context Protocol, over standard input and output.

mod connections;
mod direct;
mod plans;

use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use coda_footprint::FootprintPlugin;
use rmcp::ServiceExt as _;
use rmcp::transport::io::stdio_pipes;
use soar_connector::Plugin as _;
use soar_mcp::{McpServer, Tools, Writes};

use self::connections::ProfileConnections;
use self::direct::DirectBackend;
use super::simulate::{StopSignals, runtime};
use crate::connection::flags::ConnectionFlags;
use crate::exit::{Exit, WrongUse};

const EXAMPLES: &str = "\
Examples:
  footprint mcp
  footprint mcp --profile lab
  footprint mcp --profile lab --allow-writes

A client of the Model Context Protocol starts it, such as an assistant or an editor. Without a connection in flags or the
environment, every profile is a connection. Each call names the connection, the site (always \"local\" here; a host's /mcp has
sites) and the Footprint tenant.

In the client's settings:
  {\"mcpServers\": {\"footprint\": {\"command\": \"footprint\", \"args\": [\"mcp\", \"--profile\", \"lab\"]}}}";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Offer commands that change something. Each answers with a plan first, which a second call carries out
    #[arg(long)]
    allow_writes: bool,
}

pub(crate) fn run(arguments: &Arguments, flags: &ConnectionFlags, plugin: &FootprintPlugin) -> Result<Exit> {
    if flags.use_standard_input() {
        let text = "Standard input has the client's messages: give the secret in a file, a profile or the environment.";
        return Err(WrongUse(text.to_owned()).into());
    }
    let writes = if arguments.allow_writes { Writes::On } else { Writes::Off };
    let tools = Tools::new(&[Arc::new(plugin.manifest().clone())], writes)?;
    let backend = Arc::new(DirectBackend::new(ProfileConnections::new(plugin, flags)?));
    let server = McpServer::new("footprint", Arc::clone(&backend), tools);
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let mut signal = std::pin::pin!(StopSignals::listen()?.wait());
        let running = tokio::select! {
            running = server.serve(stdio_pipes()) => running.context("The client did not begin as MCP clients begin")?,
            () = &mut signal => return Ok(Exit::Successful),
        };
        let is_signalled = tokio::select! {
            _ = running.waiting() => false,
            () = &mut signal => true,
        };
        // A change that has begun is finished although its client is gone. Clients close the input, then send a signal.
        let second = async {
            if !is_signalled {
                signal.as_mut().await;
            }
            match StopSignals::listen() {
                Ok(second) => second.wait().await,
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            () = backend.finish_changes() => Ok(Exit::Successful),
            () = second => Err(anyhow!("A change was under way. Check in the product whether it was made.")),
        }
    });
    // A thread may still wait for standard input.
    runtime.shutdown_background();
    ended
}
