//! `footprint schedule`: commands that run by themselves.

mod add;
mod change;
mod list;
mod log;
mod remove;
mod run;
mod show;

use anyhow::Result;
use clap::{Args, Subcommand};
use soar_host::scheduler::{ScheduleShown, Schedules};
use soar_store::model::{Caller, Right, ScheduleId};

use super::simulate::runtime;
use crate::exit::Exit;
use crate::instance::{InstanceFlags, OperatorSession, advised, connections, refused};
use crate::printer::{Form, ListRow, Printer, moment_if_any};

const EXAMPLES: &str = "\
Examples:
  footprint schedule add Nightly \"List Device Vulnerabilities\" --cron \"30 2 * * *\" \\
      --param \"Device ID=7\" --alert-to soc@example.com
  footprint schedule list
  footprint schedule log Nightly
  footprint schedule change Nightly --active false

They run on the hosts that serve the instance, in the name of whoever made them and with the rights that this user has
at that moment.";

/// See and manage commands that run by themselves
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
        let schedules = Schedules::new(connections(&session)?);
        match &arguments.action {
            Action::List(arguments) => list::run(arguments, &session, &schedules, printer).await,
            Action::Show(arguments) => show::run(arguments, &session, &schedules, printer).await,
            Action::Add(arguments) => add::run(arguments, &session, &schedules, printer).await,
            Action::Change(arguments) => change::run(arguments, &session, &schedules, printer).await,
            Action::Run(arguments) => run::run(arguments, &session, &schedules, printer).await,
            Action::Log(arguments) => log::run(arguments, &session, &schedules, printer).await,
            Action::Remove(arguments) => remove::run(arguments, &session, &schedules, printer).await,
        }
    })
}

/// Names a schedule.
#[derive(Debug, Args)]
struct Named {
    /// The schedule's name
    schedule: String,

    /// Its site [default: the only one there is]
    #[arg(long)]
    site: Option<String>,
}

impl Named {
    /// The schedule's number, and the user as a caller on its site.
    async fn find(&self, session: &OperatorSession, schedules: &Schedules) -> Result<(ScheduleId, Caller)> {
        let site = match &self.site {
            Some(name) => session.site(Some(name)).await?,
            None => self.only_site(session).await?,
        };
        let caller = session.caller(site);
        let mut reader = session.store.reader().await.map_err(advised)?;
        let id = schedules.named(&mut reader.records(), &caller, &self.schedule).await.map_err(refused)?;
        Ok((id, caller))
    }

    /// Of several sites, the one with a schedule of that name.
    async fn only_site(&self, session: &OperatorSession) -> Result<soar_store::model::Site> {
        let mut sites = session.sites_with(Right::UseConnections).await?;
        if sites.len() > 1 {
            let mut reader = session.store.reader().await.map_err(advised)?;
            let mut having = Vec::new();
            for site in sites {
                if reader.records().schedule_by_name(site.id, self.schedule.trim()).await.is_ok() {
                    having.push(site);
                }
            }
            sites = having;
        }
        match <[_; 1]>::try_from(sites) {
            Ok([site]) => Ok(site),
            Err(_) => session.site(None).await,
        }
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

/// When it runs, in words.
fn times(schedule: &ScheduleShown) -> String {
    match (schedule.every_minutes, &schedule.cron, &schedule.time_zone) {
        (Some(minutes), ..) => format!("every {minutes} min"),
        (None, Some(cron), Some(zone)) => format!("{cron} ({zone})"),
        _ => String::new(),
    }
}

/// How it ended last.
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

fn show_one(schedule: &ScheduleShown, form: Form, printer: &mut Printer) -> Result<()> {
    let labels = [
        ("Schedule", schedule.name.clone()),
        ("Site", schedule.site.clone()),
        ("Command", schedule.command.clone()),
        ("Connection", format!("{} ({})", schedule.connection, schedule.integration)),
        ("Parameters", serde_json::to_string(&schedule.parameters)?),
        ("When", times(schedule)),
        ("User", schedule.user.clone()),
        ("Alerts", schedule.alert_to.join(", ")),
        ("Alert after", format!("{} in a row that failed", schedule.alert_after)),
        ("Next run", next(schedule)),
        ("Last run", moment_if_any(schedule.last_run_at)),
        ("Result", result(schedule).to_owned()),
        ("Error", schedule.last_error.clone().unwrap_or_default()),
    ];
    Ok(printer.details(schedule, form, &labels)?)
}
