//! `footprint diagnose`: checks each step to the instance, and which commands the account may run.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Args;
use soar_connector::manifest::Effect;
use soar_connector::{Access, CommandAccess, CommandError, Diagnosis, ExecutionContext, Plugin, Stage, StageStatus};

use super::run::single_threaded_runtime;
use crate::connection::{self, flags::ConnectionFlags};
use crate::exit::Exit;
use crate::printer::{Grid, OutputFormat, Printer};

const EXAMPLES: &str = "\
Examples:
  footprint diagnose --profile production
  footprint diagnose --output json

It looks up the name, connects, checks the certificate, logs in and checks the tenant. Then it sends the smallest request
of every command that reads. It never runs commands that write: it infers their permission from the account's role.
Exit codes: 0 no failure (a denied command is not a failure), 1 a failure, 2 wrong use.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(crate) fn run(
    arguments: &Arguments,
    flags: &ConnectionFlags,
    plugin: &dyn Plugin,
    printer: &mut Printer,
) -> Result<Exit> {
    let connector = connection::connect(plugin, flags)?;
    let diagnosis = single_threaded_runtime()?.block_on(connector.diagnose(&ExecutionContext::new()));
    match arguments.output {
        OutputFormat::Json => printer.json(&diagnosis)?,
        OutputFormat::Table => show(&diagnosis, printer)?,
    }
    Ok(if diagnosis.is_healthy() { Exit::Successful } else { Exit::Failed })
}

pub(super) fn show(diagnosis: &Diagnosis, printer: &mut Printer) -> Result<()> {
    let mut stages = Grid::new(["Stage", "Result", "ms", "Detail"]);
    for stage in &diagnosis.stages {
        stages.push([
            stage.name.clone(),
            result(stage).to_owned(),
            stage.elapsed.as_millis().to_string(),
            stage.detail.clone(),
        ]);
    }
    printer.grid(&stages)?;
    for error in diagnosis.stages.iter().filter_map(|stage| stage.error.as_ref()) {
        advise(error, printer)?;
    }
    printer.line("")?;
    let mut commands = Grid::new(["Command", "Effect", "Access", "Status", "ms", "Detail"]);
    for command in &diagnosis.commands {
        commands.push([
            command.command.clone(),
            effect(command.effect).to_owned(),
            access(command),
            command.status_code.to_string(),
            command.latency.map(|latency| latency.as_millis().to_string()).unwrap_or_default(),
            command.detail.clone(),
        ]);
    }
    printer.grid(&commands)?;
    printer.line("")?;
    sum_up(diagnosis, printer)
}

/// The cures of what is denied or failed, or a line that nothing is.
fn sum_up(diagnosis: &Diagnosis, printer: &mut Printer) -> Result<()> {
    let denied: Vec<_> = diagnosis.denied().collect();
    // Commands that need the same roles are named together, since one change of the role is the cure of all.
    let mut by_roles: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for command in &denied {
        by_roles.entry(command.permissions.join(", ")).or_default().push(&command.command);
    }
    for (roles, commands) in by_roles {
        let commands = commands.join(", ");
        printer.paragraph(&format!("Missing permission: one of the roles {roles}, for {commands}."))?;
    }
    let failed: Vec<_> = diagnosis.commands.iter().filter(|command| command.access == Access::Failed).collect();
    for command in &failed {
        if let Some(error) = &command.error {
            printer.paragraph(&format!("{}: {} {}", command.command, error.cause, error.cure))?;
        }
    }
    let allowed = diagnosis.commands.iter().filter(|command| command.access == Access::Allowed).count();
    let all = diagnosis.commands.len();
    let mark = if diagnosis.is_healthy() { printer.green("✔") } else { printer.red("✘") };
    let missing = match diagnosis.commands.iter().filter(|command| command.access == Access::Missing).count() {
        0 => String::new(),
        count => format!(", {count} not there"),
    };
    printer.line(&format!(
        "{mark} {allowed} of {all} commands allowed, {} denied, {} failed{missing}",
        denied.len(),
        failed.len()
    ))?;
    Ok(())
}

fn advise(error: &CommandError, printer: &mut Printer) -> Result<()> {
    printer.paragraph(&format!("Cause: {}", error.cause))?;
    printer.paragraph(&format!("Cure: {}", error.cure))?;
    Ok(())
}

fn result(stage: &Stage) -> &'static str {
    match stage.status {
        StageStatus::Passed => "Passed",
        StageStatus::Warning => "Warning",
        StageStatus::Failed => "Failed",
        StageStatus::Skipped => "Skipped",
    }
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "read",
        Effect::Write => "write",
    }
}

fn access(command: &CommandAccess) -> String {
    let access = match command.access {
        Access::Allowed => "Allowed",
        Access::Denied => "Denied",
        Access::Failed => "Failed",
        Access::Missing => "Not there",
        Access::Skipped => "Not tried",
    };
    if command.inferred { format!("{access} (inferred)") } else { access.to_owned() }
}
