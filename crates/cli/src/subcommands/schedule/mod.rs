//! `footprint schedule`: commands that run at set times.

mod add;
mod change;
mod list;
mod log;
mod remove;
mod run;
mod show;

use anyhow::Result;
use clap::{Args, Subcommand};
use soar_connector::name::{quoted, suggestion};
use soar_host::operations::Operations;
use soar_host::scheduler::ScheduleShown;

use super::simulate::runtime;
use crate::exit::{Exit, WrongUse};
use crate::instance::{InstanceFlags, OperatorSession, not_done};
use crate::printer::{ListRow, OutputFormat, Printer, moment_if_any};

const EXAMPLES: &str = "\
Examples:
  footprint schedule add Nightly \"List Device Vulnerabilities\" --cron \"30 2 * * *\" \\
      --param \"Device ID=7\" --alert-to soc@example.com
  footprint schedule list
  footprint schedule log Nightly
  footprint schedule change Nightly --active false

Schedules run on the hosts that serve the instance, in the name of the user who created them. They have the rights that
this user has when they run.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: InstanceFlags,

    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::Arguments),
    Show(show::Arguments),
    #[command(visible_alias = "create")]
    Add(add::Arguments),
    #[command(visible_alias = "update")]
    Change(change::Arguments),
    Run(run::Arguments),
    Log(log::Arguments),
    #[command(visible_alias = "delete")]
    Remove(remove::Arguments),
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        match &arguments.action {
            Action::List(arguments) => list::run(arguments, &session, printer).await,
            Action::Show(arguments) => show::run(arguments, &session, printer).await,
            Action::Add(arguments) => add::run(arguments, &session, printer).await,
            Action::Change(arguments) => change::run(arguments, &session, printer).await,
            Action::Run(arguments) => run::run(arguments, &session, printer).await,
            Action::Log(arguments) => log::run(arguments, &session, printer).await,
            Action::Remove(arguments) => remove::run(arguments, &session, printer).await,
        }
    })
}

// Names a schedule.
#[derive(Debug, Args)]
struct ScheduleArguments {
    /// The schedule's name
    schedule: String,

    /// Its site [default: the only site]
    #[arg(long)]
    site: Option<String>,
}

impl ScheduleArguments {
    /// The schedule.
    ///
    /// # Errors
    /// [`WrongUse`] with the nearest name, or with the sites that have a schedule of that name.
    async fn find(&self, operations: &Operations, session: &OperatorSession) -> Result<ScheduleShown> {
        let site = session.site_if_named(self.site.as_deref()).await?;
        let context = session.context("schedule show");
        let all = operations.list_schedules(&context, site.as_deref()).await.map_err(not_done)?;
        let near = suggestion(&self.schedule, all.iter().map(|one| one.name.as_str()));
        let is_meant = |one: &ScheduleShown| one.name.to_lowercase() == self.schedule.trim().to_lowercase();
        let mut found: Vec<ScheduleShown> = all.into_iter().filter(is_meant).collect();
        let name = quoted(&self.schedule);
        if found.len() > 1 {
            let sites: Vec<_> = found.iter().map(|one| one.site.as_str()).collect();
            let text = format!("Several schedules are called {name}. Choose one with --site: {}.", sites.join(", "));
            return Err(WrongUse(text).into());
        }
        found.pop().ok_or_else(|| {
            let place = site.map(|site| format!(" on {}", quoted(&site))).unwrap_or_default();
            WrongUse(format!(
                "There is no schedule {name}{place} that you may see.{near}\n`footprint schedule list` lists the schedules."
            ))
            .into()
        })
    }
}

impl ListRow for ScheduleShown {
    const HEADINGS: &[&str] =
        &["Schedule", "Command", "Connection", "When", "Last Run", "Result", "Next Run", "User", "Site", "Alerts"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.command.clone(),
            self.connection.clone(),
            times(self),
            moment_if_any(self.last_run_at),
            result(self).to_owned(),
            next(self),
            self.user.clone(),
            self.site.clone(),
            self.alert_to.join(", "),
        ]
    }
}

/// The times at which the schedule runs, in words.
fn times(schedule: &ScheduleShown) -> String {
    match (schedule.every_minutes, &schedule.cron, &schedule.time_zone) {
        (Some(minutes), ..) => format!("every {minutes} min"),
        (None, Some(cron), Some(zone)) => format!("{cron} ({zone})"),
        _ => String::new(),
    }
}

/// The result of its last run.
fn result(schedule: &ScheduleShown) -> &'static str {
    match (schedule.last_run_at, schedule.failed) {
        (None, _) => "",
        (Some(_), true) => "Failed",
        (Some(_), false) => "Successful",
    }
}

fn next(schedule: &ScheduleShown) -> String {
    match (schedule.active, &schedule.site_inactive) {
        (true, Some(_)) => "site inactive".to_owned(),
        (true, None) => moment_if_any(schedule.next_due_at),
        (false, _) => "not active".to_owned(),
    }
}

fn show_one(schedule: &ScheduleShown, form: OutputFormat, printer: &mut Printer) -> Result<()> {
    let labels = [
        ("Schedule", schedule.name.clone()),
        ("Site", schedule.site.clone()),
        ("Command", schedule.command.clone()),
        ("Connection", format!("{} ({})", schedule.connection, schedule.integration)),
        ("Parameters", serde_json::to_string(&schedule.parameters)?),
        ("When", times(schedule)),
        ("User", schedule.user.clone()),
        ("Alerts", schedule.alert_to.join(", ")),
        ("Alert after", format!("{} failures in a row", schedule.alert_after)),
        ("Next run", next(schedule)),
        ("Last run", moment_if_any(schedule.last_run_at)),
        ("Result", result(schedule).to_owned()),
        ("Error", schedule.last_error.clone().unwrap_or_default()),
    ];
    Ok(printer.details(schedule, form, &labels)?)
}
