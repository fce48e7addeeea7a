//! The command line: its flags and subcommands, in part from the manifest.

use anyhow::{Context as _, Result};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use coda_footprint::FootprintPlugin;
use soar_connector::Plugin as _;
use soar_connector::manifest::Connector;

use crate::completing;
use crate::connection::flags::{self, Flags};
use crate::exit::Exit;
use crate::logging::{self, LogLevel, Subject};
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
    subcommand: Chosen,
}

#[derive(Debug, Subcommand)]
enum Chosen {
    Demo(demo::Arguments),
    Run(run::Arguments),
    Exec(exec::Arguments),
    Mcp(mcp::Arguments),
    Test(test::Arguments),
    Diagnose(diagnose::Arguments),
    Commands(commands::Arguments),
    Package(package::Arguments),
    Simulate(simulate::Arguments),
    Init(init::Arguments),
    Serve(serve::Arguments),
    Doctor(doctor::Arguments),
    Backup(backup::Arguments),
    Restore(restore::Arguments),
    Site(site::Arguments),
    User(user::Arguments),
    Key(key::Arguments),
    Connection(connection::Arguments),
    Agent(agent::Arguments),
    Integration(integration::Arguments),
    Incident(incident::Arguments),
    Case(case::Arguments),
    Utility(utility::Arguments),
    Tenant(tenant::Arguments),
    Runs(runs::Arguments),
    Findings(findings::Arguments),
    Health(health::Arguments),
    Alert(alert::Arguments),
    Schedule(schedule::Arguments),
    Audit(audit::Arguments),
    Completions(completions::Arguments),
}

/// Parses the arguments and runs the subcommand.
pub(crate) fn run(printer: &mut Printer) -> Result<Exit> {
    let plugin = FootprintPlugin::new().context("this build of footprint has a broken manifest")?;
    let connector = &plugin.manifest().connector;
    completing::answer(|| definition(connector));
    let definition = with_whole_examples(definition(connector), printer.help_width());
    let matches = refusing_secrets(definition, connector).get_matches();
    let typed = CommandLine::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let (subject, usual) = match typed.subcommand {
        Chosen::Simulate(_) => (Subject::Simulator, None),
        // Only the log says why a call was answered with status 500.
        Chosen::Serve(_) => (Subject::Host, Some(LogLevel::Warn)),
        _ => (Subject::Commands, None),
    };
    if let Some(level) = typed.log_level.or(usual) {
        logging::start(level, subject, printer);
    }
    let chosen = typed.subcommand;
    let flags = || {
        let (_, flags) = matches.subcommand().context("no subcommand was given")?;
        Flags::read(connector, flags)
    };
    match chosen {
        Chosen::Demo(arguments) => demo::run(&arguments, &plugin, printer),
        Chosen::Run(arguments) => run::run(&arguments, &flags()?, &plugin, printer),
        Chosen::Exec(arguments) => exec::run(&arguments, &flags()?, &plugin, printer),
        Chosen::Mcp(arguments) => mcp::run(&arguments, &flags()?, &plugin),
        Chosen::Test(arguments) => test::run(&arguments, &flags()?, &plugin, printer),
        Chosen::Diagnose(arguments) => diagnose::run(&arguments, &flags()?, &plugin, printer),
        Chosen::Commands(arguments) => commands::run(&arguments, plugin.manifest(), printer),
        Chosen::Package(arguments) => package::run(&arguments, plugin.manifest(), printer),
        Chosen::Simulate(arguments) => simulate::run(&arguments, connector, printer),
        Chosen::Site(arguments) => site::run(&arguments, printer),
        Chosen::Init(arguments) => init::run(&arguments, printer),
        Chosen::Serve(arguments) => serve::run(&arguments, printer),
        Chosen::Doctor(arguments) => doctor::run(&arguments, printer),
        Chosen::Backup(arguments) => backup::run(&arguments, printer),
        Chosen::Restore(arguments) => restore::run(&arguments, printer),
        Chosen::Key(arguments) => key::run(&arguments, printer),
        Chosen::Connection(arguments) => connection::run(&arguments, printer),
        Chosen::Agent(arguments) => agent::run(&arguments, printer),
        Chosen::Integration(arguments) => integration::run(&arguments, printer),
        Chosen::Incident(arguments) => incident::run(&arguments, printer),
        Chosen::Case(arguments) => case::run(&arguments, printer),
        Chosen::Utility(arguments) => {
            let (_, matches) = matches.subcommand().context("no subcommand was given")?;
            utility::run(&arguments, matches, printer)
        }
        Chosen::Tenant(arguments) => tenant::run(&arguments, printer),
        Chosen::Runs(arguments) => runs::run(&arguments, printer),
        Chosen::Findings(arguments) => findings::run(&arguments, printer),
        Chosen::Health(arguments) => health::run(&arguments, printer),
        Chosen::Alert(arguments) => alert::run(&arguments, printer),
        Chosen::Schedule(arguments) => schedule::run(&arguments, printer),
        Chosen::Audit(arguments) => audit::run(&arguments, printer),
        Chosen::User(arguments) => user::run(&arguments, printer),
        Chosen::Completions(arguments) => completions::run(&arguments, printer),
    }
}

/// The whole command line. The connection's flags come from the manifest's settings.
pub(crate) fn definition(connector: &Connector) -> clap::Command {
    let definition = CommandLine::command().mut_subcommand("utility", utility::with_commands);
    CONNECTING.iter().fold(definition, |definition, name| {
        definition.mut_subcommand(name, |command| flags::with_connection(command, connector))
    })
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
fn refusing_secrets(definition: clap::Command, connector: &Connector) -> clap::Command {
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
    }
}
