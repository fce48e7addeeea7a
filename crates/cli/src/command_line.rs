//! The command line: its flags and subcommands, in part from the manifest.

use anyhow::{Context as _, Result};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use coda_footprint::FootprintPlugin;
use soar_connector::Plugin as _;
use soar_connector::manifest::ConnectorManifest;

use crate::completing;
use crate::connection::flags::{self, ConnectionFlags};
use crate::exit::Exit;
use crate::logging::{self, LogLevel, LogSubject};
use crate::printer::Printer;
use crate::shell;
use crate::subcommands::{
    agent, alert, audit, backup, case, commands, completions, connection, demo, diagnose, doctor, exec, findings,
    health, incident, init, integration, key, mcp, package, restore, run, runs, schedule, serve, simulate, site,
    tenant, test, user, utility,
};

const ABOUT: &str = "The CODA Footprint connector, its simulator, and a SOAR host that runs it, from the terminal";

const EXAMPLES: &str = "\
Examples:
  footprint demo                      Run every command against a simulated instance
  footprint commands                  List the commands
  footprint commands list-devices     A command's parameters, results and errors
  footprint test                      Test a connection
  footprint diagnose                  Diagnose a connection
  footprint run \"List Devices\"        Run a command
  footprint init                      Create an instance of the host
  footprint serve                     Serve the instance

Exit codes: 0 Successful, 1 Failed, 2 wrong use.";

/// The subcommands that connect to a Footprint instance.
const CONNECTING: [&str; 5] = ["run", "exec", "mcp", "test", "diagnose"];

#[derive(Debug, Parser)]
#[command(name = "footprint", version, about = ABOUT, after_help = EXAMPLES)]
#[command(arg_required_else_help = true, max_term_width = 100)]
struct CommandLine {
    /// Log to standard error: requests with method, path, status and time, never with secrets or values
    #[arg(long, global = true, value_enum, value_name = "LEVEL", env = "FOOTPRINT_LOG_LEVEL")]
    log_level: Option<LogLevel>,

    #[command(subcommand)]
    subcommand: ChosenSubcommand,
}

// The subcommands. clap builds the flags of a subcommand only once it is chosen: all of them take 6 MiB of memory.
//
// This enum has no doc comment, nor has a struct of flags that subcommands share: clap would take it for the description of
// the command.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
enum ChosenSubcommand {
    /// Run every command against a simulated Footprint instance, one with a failure, and start a host
    Demo(demo::Arguments),
    /// Run a command
    Run(run::Arguments),
    /// Run requests from standard input, one JSON object per line
    Exec(exec::Arguments),
    /// Serve the commands as MCP tools over standard input and output
    Mcp(mcp::Arguments),
    /// Test the connection: log in again, and check session and tenant
    Test(test::Arguments),
    /// Diagnose a connection: network, certificate, login, tenant, and each command's permission
    Diagnose(diagnose::Arguments),
    /// List the commands, or show a command's parameters, results and errors
    Commands(commands::Arguments),
    /// Write a package for another SOAR host, with every command of the connector
    Package(package::Arguments),
    /// Start a simulated Footprint instance: the vendor's API over real HTTP, with invented data
    Simulate(simulate::Arguments),
    /// Create an instance of the host, ready to serve: folder, store, site, administrator, API key
    Init(init::Arguments),
    /// Serve the host: the console, the Command API, its management and its documentation
    Serve(serve::Arguments),
    /// Check an instance: show each fault, its place and its cure
    Doctor(doctor::Arguments),
    /// Back up the store to a file, while hosts use it
    Backup(backup::Arguments),
    /// Replace the store by a backup; no host may run
    Restore(restore::Arguments),
    /// See and manage sites, which separate incidents, connections and keys from each other
    Site(site::Arguments),
    /// See and manage users, and their roles on sites
    User(user::Arguments),
    /// See and manage keys, with which callers of the host authenticate
    Key(key::Arguments),
    /// See, manage, test and use connections to integrations
    Connection(connection::Arguments),
    /// See, manage and test proxy agents, the named proxies of connections
    Agent(agent::Arguments),
    /// See the integrations: the products that a connection can use
    Integration(integration::Arguments),
    /// See, create and change incidents; import and export them
    Incident(incident::Arguments),
    /// See cases; import and export them
    Case(case::Arguments),
    /// Run the host's own commands: on incidents and cases, and Sync Connection; bulk commands can be planned first
    Utility(utility::Arguments),
    /// On a master: its tenants. On a tenant: its one-time keys and its masters
    Tenant(tenant::Arguments),
    /// See and cancel runs of integration commands
    Runs(runs::Arguments),
    /// Collect the findings of all tenants, see what changed, send changes on, and make incidents by rules
    Findings(findings::Arguments),
    /// See the health of connections
    Health(health::Arguments),
    /// See the alerts that were not delivered yet
    Alert(alert::Arguments),
    /// See and manage schedules: commands that run at set times
    Schedule(schedule::Arguments),
    /// Show the audit log: the caller, command and result of each call, over HTTP and at the terminal
    Audit(audit::Arguments),
    /// Print a completion script for a shell
    Completions(completions::Arguments),
}

/// Parses the arguments and runs the subcommand.
pub(crate) fn run(printer: &mut Printer) -> Result<Exit> {
    let plugin = FootprintPlugin::new().context("this build of footprint has a broken manifest")?;
    let connector = &plugin.manifest().connector;
    completing::answer(|| built(definition(connector)));
    let accepted = || refusing_secrets(definition(connector), connector);
    let matches = accepted().try_get_matches().unwrap_or_else(|_| {
        // Help or an error: the user reads it, so its examples are laid out for the terminal.
        with_whole_examples(built(accepted()), printer.help_width()).get_matches()
    });
    let typed = CommandLine::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let (subject, usual) = match typed.subcommand {
        ChosenSubcommand::Simulate(_) => (LogSubject::Simulator, None),
        // Only the log says why a call was answered with status 500.
        ChosenSubcommand::Serve(_) => (LogSubject::Host, Some(LogLevel::Warn)),
        _ => (LogSubject::Commands, None),
    };
    if let Some(level) = typed.log_level.or(usual) {
        logging::start(level, subject, printer);
    }
    let chosen = typed.subcommand;
    let flags = || {
        let (_, flags) = matches.subcommand().context("no subcommand was given")?;
        ConnectionFlags::read(connector, flags)
    };
    match chosen {
        ChosenSubcommand::Demo(arguments) => demo::run(&arguments, &plugin, printer),
        ChosenSubcommand::Run(arguments) => run::run(&arguments, &flags()?, &plugin, printer),
        ChosenSubcommand::Exec(arguments) => exec::run(&arguments, &flags()?, &plugin, printer),
        ChosenSubcommand::Mcp(arguments) => mcp::run(&arguments, &flags()?, &plugin),
        ChosenSubcommand::Test(arguments) => test::run(&arguments, &flags()?, &plugin, printer),
        ChosenSubcommand::Diagnose(arguments) => diagnose::run(&arguments, &flags()?, &plugin, printer),
        ChosenSubcommand::Commands(arguments) => commands::run(&arguments, plugin.manifest(), printer),
        ChosenSubcommand::Package(arguments) => package::run(&arguments, plugin.manifest(), printer),
        ChosenSubcommand::Simulate(arguments) => simulate::run(&arguments, connector, printer),
        ChosenSubcommand::Site(arguments) => site::run(&arguments, printer),
        ChosenSubcommand::Init(arguments) => init::run(&arguments, printer),
        ChosenSubcommand::Serve(arguments) => serve::run(&arguments, printer),
        ChosenSubcommand::Doctor(arguments) => doctor::run(&arguments, printer),
        ChosenSubcommand::Backup(arguments) => backup::run(&arguments, printer),
        ChosenSubcommand::Restore(arguments) => restore::run(&arguments, printer),
        ChosenSubcommand::Key(arguments) => key::run(&arguments, printer),
        ChosenSubcommand::Connection(arguments) => connection::run(&arguments, printer),
        ChosenSubcommand::Agent(arguments) => agent::run(&arguments, printer),
        ChosenSubcommand::Integration(arguments) => integration::run(&arguments, printer),
        ChosenSubcommand::Incident(arguments) => incident::run(&arguments, printer),
        ChosenSubcommand::Case(arguments) => case::run(&arguments, printer),
        ChosenSubcommand::Utility(arguments) => {
            let (_, matches) = matches.subcommand().context("no subcommand was given")?;
            utility::run(&arguments, matches, printer)
        }
        ChosenSubcommand::Tenant(arguments) => tenant::run(&arguments, printer),
        ChosenSubcommand::Runs(arguments) => runs::run(&arguments, printer),
        ChosenSubcommand::Findings(arguments) => findings::run(&arguments, printer),
        ChosenSubcommand::Health(arguments) => health::run(&arguments, printer),
        ChosenSubcommand::Alert(arguments) => alert::run(&arguments, printer),
        ChosenSubcommand::Schedule(arguments) => schedule::run(&arguments, printer),
        ChosenSubcommand::Audit(arguments) => audit::run(&arguments, printer),
        ChosenSubcommand::User(arguments) => user::run(&arguments, printer),
        ChosenSubcommand::Completions(arguments) => completions::run(&arguments, printer),
    }
}

/// The command line, without the flags that clap adds once a subcommand is chosen: see [`built`]. The connection's flags
/// come from the manifest's settings.
fn definition(connector: &ConnectorManifest) -> clap::Command {
    let definition = CommandLine::command().mut_subcommand("utility", utility::with_commands);
    CONNECTING.iter().fold(definition, |definition, name| {
        definition.mut_subcommand(name, |command| flags::with_connection(command, connector))
    })
}

/// The same with the flags of all subcommands.
fn built(mut definition: clap::Command) -> clap::Command {
    definition.build();
    definition
}

/// The whole command line.
#[cfg(test)]
pub(crate) fn whole_definition(connector: &ConnectorManifest) -> clap::Command {
    built(definition(connector))
}

/// The same, with examples that can be pasted as shown: help breaks no command line inside quotes.
fn with_whole_examples(command: clap::Command, width: usize) -> clap::Command {
    let folded = |help: Option<&clap::builder::StyledStr>| help.map(|help| shell::folded(&help.to_string(), width));
    let (short, long) = (folded(command.get_after_help()), folded(command.get_after_long_help()));
    let command = match short {
        Some(help) => command.after_help(help),
        None => command,
    };
    let command = match long {
        Some(help) => command.after_long_help(help),
        None => command,
    };
    command.mut_subcommands(|command| with_whole_examples(command, width))
}

/// The same, with the flags for secrets that exist only to be refused. Help and completions do not offer them.
fn refusing_secrets(definition: clap::Command, connector: &ConnectorManifest) -> clap::Command {
    CONNECTING.iter().fold(definition, |definition, name| {
        definition.mut_subcommand(name, |command| flags::with_refused_secrets(command, connector))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        let plugin = FootprintPlugin::new().unwrap();
        let connector = &plugin.manifest().connector;
        refusing_secrets(definition(connector), connector).debug_assert();
        built(refusing_secrets(definition(connector), connector)).debug_assert();
    }

    #[test]
    fn a_subcommand_describes_itself_as_in_the_list() {
        let plugin = FootprintPlugin::new().unwrap();
        let connector = &plugin.manifest().connector;
        let (list, whole) = (definition(connector), whole_definition(connector));
        assert_eq!(whole.get_about().unwrap().to_string(), ABOUT);
        assert!(whole.get_long_about().is_none());
        for subcommand in list.get_subcommands() {
            let about = |command: &clap::Command| command.get_about().map(ToString::to_string);
            let chosen = whole.find_subcommand(subcommand.get_name()).unwrap();
            assert_eq!(about(chosen), about(subcommand), "{}", subcommand.get_name());
            assert!(about(chosen).is_some(), "{}", subcommand.get_name());
        }
    }
}
