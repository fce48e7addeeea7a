//! `footprint schedule change`: changes a schedule.

use anyhow::Result;
use clap::{ArgAction, Args};
use soar_host::scheduler::ScheduleChange;

use super::{ScheduleArguments, show_one};
use crate::exit::{Exit, WrongUse};
use crate::instance::OperatorSession;
use crate::parameters::{ParameterFlags, read};
use crate::printer::{OutputFormat, Printer};
use crate::values::number;

const EXAMPLES: &str = "\
Examples:
  footprint schedule change Nightly --active false
  footprint schedule change Nightly --every-minutes 30
  footprint schedule change Nightly --param \"Device ID=8\" --alert-to soc@example.com";

/// Change a schedule; fields without a flag stay
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: ScheduleArguments,

    /// Its new name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// The minutes between runs
    #[arg(long, value_name = "MINUTES", conflicts_with = "cron", value_parser = number::<i64>)]
    every_minutes: Option<i64>,

    /// Run it at the times of a cron expression, in the site's time zone
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,

    /// All its parameters, in place of the present ones
    #[command(flatten)]
    parameters: ParameterFlags,

    /// Whether it runs
    #[arg(long, value_name = "TRUE/FALSE", action = ArgAction::Set)]
    active: Option<bool>,

    /// A destination of alerts about failures, in place of the present ones; repeatable
    #[arg(long, value_name = "ADDRESS")]
    alert_to: Vec<String>,

    /// Send no alerts
    #[arg(long, conflicts_with = "alert_to")]
    no_alerts: bool,

    /// The number of failures in a row that sends an alert
    #[arg(long, value_name = "NUMBER", value_parser = number::<i64>)]
    alert_after: Option<i64>,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    session.settings.warn_of_mail(arguments.alert_to.iter().map(String::as_str), printer);
    let gives_parameters = !arguments.parameters.pairs.is_empty() || arguments.parameters.json.is_some();
    let change = ScheduleChange {
        name: arguments.name.clone(),
        parameters: gives_parameters.then(|| read(&arguments.parameters)).transpose()?,
        every_minutes: arguments.every_minutes,
        cron: arguments.cron.clone(),
        active: arguments.active,
        alert_to: (!arguments.alert_to.is_empty() || arguments.no_alerts).then(|| arguments.alert_to.clone()),
        alert_after: arguments.alert_after,
    };
    if change == ScheduleChange::default() {
        let text = "Nothing to change: `footprint schedule change --help` lists the flags.";
        return Err(WrongUse(text.to_owned()).into());
    }
    let operations = session.connected_operations()?;
    let schedule = arguments.named.find(&operations, session).await?;
    let context = session.context("schedule change").about_site(&schedule.site);
    let changed = operations.change_schedule(&context, schedule.id, change).await;
    show_one(&session.changed(context, changed).await?, arguments.output, printer)?;
    Ok(Exit::Successful)
}
