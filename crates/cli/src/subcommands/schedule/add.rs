//! `footprint schedule add`: makes a schedule.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_host::scheduler::{ScheduleDraft, Schedules};
use soar_store::Records;

use super::{show_one, times};
use crate::exit::Exit;
use crate::instance::{Action, OperatorSession};
use crate::parameters::{ParameterFlags, read};
use crate::printer::{Form, Printer, moment_if_any};
use crate::subcommands::connection::only_integration;

const EXAMPLES: &str = "\
Examples:
  footprint schedule add Nightly \"List Device Vulnerabilities\" --cron \"30 2 * * *\" --param \"Device ID=7\"
  footprint schedule add Devices list-devices --connection production --every-minutes 60 \\
      --params-json '{\"Footprint Tenant ID\": 1}' --alert-to soc@example.com --alert-to webhook:operations

A cron expression has five fields: minute, hour, day of month, month, day of week. It counts in the site's time zone.";

/// Make a schedule: a command that runs by itself, in your name
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[command(group = clap::ArgGroup::new("times").args(["every_minutes", "cron"]).required(true))]
pub(super) struct Arguments {
    /// Its name
    name: String,

    /// The command's name, as documented ("List Devices") or as list-devices
    command: String,

    /// The connection that it runs on [default: the only one there is]
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,

    /// The connection's integration, such as coda-footprint [default: the only one there is]
    #[arg(long)]
    integration: Option<String>,

    /// Its site [default: the only one there is, or its connection's]
    #[arg(long)]
    site: Option<String>,

    /// Run it every so many minutes
    #[arg(long, value_name = "MINUTES")]
    every_minutes: Option<i64>,

    /// Run it at the times of a cron expression, in the site's time zone
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,

    #[command(flatten)]
    parameters: ParameterFlags,

    /// Who is told when it fails: a mail address, or webhook:NAME for one that host.toml names; repeatable
    #[arg(long, value_name = "ADDRESS")]
    alert_to: Vec<String>,

    /// After how many failures in a row they are told
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    alert_after: i64,

    /// Make it inactive: it does not run yet
    #[arg(long)]
    inactive: bool,

    /// How to write what was made
    #[arg(long, short, value_enum, default_value_t = Form::Table)]
    output: Form,
}

pub(super) async fn run(
    arguments: &Arguments,
    session: &OperatorSession,
    schedules: &Schedules,
    printer: &mut Printer,
) -> Result<Exit> {
    let site = session.site_of(arguments.site.as_deref(), arguments.connection.as_deref()).await?;
    session.settings.warn_of_alerts(arguments.alert_to.iter().map(String::as_str), printer);
    let draft = ScheduleDraft {
        name: arguments.name.clone(),
        site: site.name.clone(),
        integration: only_integration(arguments.integration.as_deref())?,
        connection: arguments.connection.clone(),
        command: arguments.command.clone(),
        parameters: read(&arguments.parameters)?,
        every_minutes: arguments.every_minutes,
        cron: arguments.cron.clone(),
        active: !arguments.inactive,
        alert_to: arguments.alert_to.clone(),
        alert_after: arguments.alert_after,
    };
    let place = site.name.clone();
    let action = Action { command: "schedule add", site: &place, about: &arguments.name };
    let caller = session.caller(site);
    let make = async |records: &mut Records<'_>| schedules.create_in(records, &caller, draft).await;
    let made = session.change(&action, make).await?;
    if arguments.output == Form::Json {
        show_one(&made, Form::Json, printer)?;
        return Ok(Exit::Successful);
    }
    let first = match made.next_due_at {
        Some(at) => format!("first at {}", moment_if_any(Some(at))),
        None => "not active".to_owned(),
    };
    printer.done(&format!(
        "The schedule {} is there now: {} on {}, {}, {first}.",
        quoted(&made.name),
        made.command,
        quoted(&made.connection),
        times(&made)
    ))?;
    Ok(Exit::Successful)
}
