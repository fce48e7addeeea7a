//! `footprint schedule add`: creates a schedule.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_host::operations::{ConnectionQuery, Operations};
use soar_host::scheduler::ScheduleDraft;
use soar_store::model::{Connection, ConnectionSites};

use super::{show_one, times};
use crate::exit::Exit;
use crate::instance::{OperatorSession, integration, not_done};
use crate::parameters::{ParameterFlags, read};
use crate::printer::{OutputFormat, Printer, moment_if_any};
use crate::values::number;

const EXAMPLES: &str = "\
Examples:
  footprint schedule add Nightly \"List Device Vulnerabilities\" --cron \"30 2 * * *\" --param \"Device ID=7\"
  footprint schedule add Devices list-devices --connection production --every-minutes 60 \\
      --params-json '{\"Footprint Tenant ID\": 1}' --alert-to soc@example.com --alert-to webhook:operations

A cron expression has five fields: minute, hour, day of month, month, day of week. Its times are in the site's time zone.";

/// Create a schedule: a command that runs at set times, in your name
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[command(group = clap::ArgGroup::new("times").args(["every_minutes", "cron"]).required(true))]
pub(super) struct Arguments {
    /// Its name
    name: String,

    /// The command's name, as documented ("List Devices") or as list-devices
    command: String,

    /// The connection that it runs on [default: the only one]
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,

    /// The connection's integration, such as coda-footprint [default: the only one]
    #[arg(long)]
    integration: Option<String>,

    /// Its site [default: the only site, or the connection's]
    #[arg(long)]
    site: Option<String>,

    /// The minutes between runs
    #[arg(long, value_name = "MINUTES", value_parser = number::<i64>)]
    every_minutes: Option<i64>,

    /// Run it at the times of a cron expression, in the site's time zone
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,

    #[command(flatten)]
    parameters: ParameterFlags,

    /// A destination of alerts about failures: a mail address, or webhook:NAME for a webhook of host.toml; repeatable
    #[arg(long, value_name = "ADDRESS")]
    alert_to: Vec<String>,

    /// The number of failures in a row that sends an alert
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = number::<i64>)]
    alert_after: i64,

    /// Create it inactive: it does not run
    #[arg(long)]
    inactive: bool,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let site = site(arguments, &operations, session).await?;
    session.settings.warn_of_mail(arguments.alert_to.iter().map(String::as_str), printer);
    let draft = ScheduleDraft {
        name: arguments.name.clone(),
        site,
        integration: integration(arguments.integration.as_deref())?.manifest().connector.id.clone(),
        connection: arguments.connection.clone(),
        command: arguments.command.clone(),
        parameters: read(&arguments.parameters)?,
        every_minutes: arguments.every_minutes,
        cron: arguments.cron.clone(),
        active: !arguments.inactive,
        alert_to: arguments.alert_to.clone(),
        alert_after: arguments.alert_after,
    };
    let context = session.context("schedule add").about_site(&draft.site);
    let made = operations.create_schedule(&context, draft).await;
    let made = session.changed(context, made).await?;
    if arguments.output == OutputFormat::Json {
        show_one(&made, OutputFormat::Json, printer)?;
        return Ok(Exit::Successful);
    }
    let first = match made.next_due_at {
        Some(at) => format!("first at {}", moment_if_any(Some(at))),
        None => "not active".to_owned(),
    };
    printer.done(&format!(
        "The schedule {} was created: {} on {}, {}, {first}.",
        quoted(&made.name),
        made.command,
        quoted(&made.connection),
        times(&made)
    ))?;
    Ok(Exit::Successful)
}

/// The schedule's site: the named one, else the only one, else that of the connection.
async fn site(arguments: &Arguments, operations: &Operations, session: &OperatorSession) -> Result<String> {
    if arguments.site.is_none() && session.sites().await?.len() > 1 {
        let context = session.context("schedule add");
        // Two tell that there are several.
        let wanted =
            ConnectionQuery { name: arguments.connection.clone(), limit: Some(2), ..ConnectionQuery::default() };
        let meant = operations.list_connections(&context, &wanted).await.map_err(not_done)?.connections;
        if let [Connection { place: ConnectionSites::Site(site), .. }] = meant.as_slice() {
            return Ok(site.name.clone());
        }
    }
    Ok(session.site(arguments.site.as_deref()).await?.name)
}
