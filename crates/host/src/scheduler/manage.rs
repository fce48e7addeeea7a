//! What people do with schedules: make, change, see and delete them, and read their log.

use serde::Deserialize;
use soar_connector::manifest::Effect;
use soar_connector::name::{quoted, steers};
use soar_connector::{Parameters, RawParameters};

use super::{Cadence, NewSchedule, Schedule, ScheduleKind, ScheduleRun};
use crate::alerts::Destination;
use crate::connections::Connections;
use crate::model::{Caller, Right};
use crate::moment::milliseconds;
use crate::store::{Records, ScheduleFilter, StoreError};
use crate::utility::Refusal;

/// The longest name of a schedule, in characters.
const LONGEST_NAME: usize = 100;

/// The longest interval, in minutes: a year.
const MOST_MINUTES: i64 = 366 * 24 * 60;

/// How many destinations one schedule tells at the most.
const MOST_DESTINATIONS: usize = 20;

/// The most that a page of a log holds.
const LARGEST_PAGE: i64 = 1000;

/// From when on a run is a slow one, unless it is said.
const SLOW_MS: i64 = 60_000;

/// A schedule of a command, as it is asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ScheduleDraft {
    /// Its name, unique on the caller's site; compared without regard to case.
    pub name: String,
    /// The connection's integration.
    pub integration: String,
    /// The connection's name, where the site has several of the integration.
    #[serde(default)]
    pub connection: Option<String>,
    /// The command.
    pub command: String,
    /// Its parameters.
    #[serde(default)]
    pub parameters: RawParameters,
    /// Every so many minutes; or else `cron`.
    #[serde(default)]
    pub every_minutes: Option<i64>,
    /// By a cron expression, in the site's time zone.
    #[serde(default)]
    pub cron: Option<String>,
    /// Whether it runs at all.
    #[serde(default = "yes")]
    pub active: bool,
    /// Who is told when it fails: mail addresses, and `webhook:NAME` for those in the configuration.
    #[serde(default)]
    pub alert_to: Vec<Destination>,
    /// After how many failures in a row; 1 unless given.
    #[serde(default = "one")]
    pub alert_after: i64,
}

/// When something runs: one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timing {
    /// Every so many minutes.
    pub every_minutes: Option<i64>,
    /// A cron expression, in the site's time zone.
    pub cron: Option<String>,
}

fn yes() -> bool {
    true
}

fn one() -> i64 {
    1
}

/// What is to be changed of a schedule; what is not given stays.
#[derive(Debug, Clone, Default)]
pub struct ScheduleChange {
    /// Another name.
    pub name: Option<String>,
    /// Other parameters, all of them.
    pub parameters: Option<RawParameters>,
    /// Other times.
    pub timing: Option<Timing>,
    /// Whether it runs at all.
    pub active: Option<bool>,
    /// Who is told.
    pub alert_to: Option<Vec<Destination>>,
    /// After how many failures in a row.
    pub alert_after: Option<i64>,
}

/// Schedules of commands: seen and changed in the name of a caller, on the caller's site. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Schedules {
    connections: Connections,
}

impl Schedules {
    /// Schedules on these connections.
    #[must_use]
    pub fn new(connections: Connections) -> Self {
        Self { connections }
    }

    /// The schedules of the caller's site, by name.
    ///
    /// # Errors
    /// [`Refusal`] when the right is missing.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Schedule>, Refusal> {
        demand(caller, Right::UseConnections)?;
        let mut reader = self.connections.store.reader().await?;
        let mut all = reader.records().schedules(ScheduleFilter::Kind(ScheduleKind::Command)).await?;
        all.retain(|schedule| schedule.what.site_id == Some(caller.site.id));
        Ok(all)
    }

    /// Makes a schedule that runs in the caller's name.
    ///
    /// # Errors
    /// [`Refusal`] says what cannot work, or which right is missing.
    pub async fn create(&self, caller: &Caller, draft: ScheduleDraft) -> Result<Schedule, Refusal> {
        let plugin = self.connections.registry.named(&draft.integration)?;
        let manifest = plugin.manifest();
        let connection =
            self.connections.choose(caller, &[manifest.connector.id.as_str()], draft.connection.as_deref()).await?;
        let command = manifest.command(&draft.command).map_err(|error| Refusal::Because(error.to_string()))?;
        let server = self.server_of(connection.id).await?.unwrap_or_else(|| connection.integration.clone());
        let timing = Timing { every_minutes: draft.every_minutes, cron: draft.cron };
        let new = NewSchedule {
            kind: ScheduleKind::Command,
            name: draft.name.trim().to_owned(),
            site_id: Some(caller.site.id),
            connection_id: connection.id,
            server,
            user_id: Some(caller.user.id),
            command: command.name.clone(),
            parameters: draft.parameters,
            repeatable: command.effect == Effect::Read,
            cadence: cadence(&timing, &caller.site.time_zone)?,
            active: draft.active,
            alert_to: draft.alert_to,
            alert_after: draft.alert_after,
            slow_ms: SLOW_MS,
        };
        check(&new, command)?;
        let mut transaction = self.connections.store.transaction().await?;
        let made = transaction.records().create_schedule(&new, self.now()).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// Changes a schedule, from now on.
    ///
    /// # Errors
    /// As [`Schedules::create`].
    pub async fn update(&self, caller: &Caller, name: &str, change: ScheduleChange) -> Result<Schedule, Refusal> {
        let mut transaction = self.connections.store.transaction().await?;
        let mut records = transaction.records();
        let Schedule { id, mut what, .. } = managed(&mut records, caller, name).await?;
        let connection = records.connection(what.connection_id).await?;
        let plugin = self.connections.registry.named(&connection.integration)?;
        let command = plugin.manifest().command(&what.command).map_err(|error| Refusal::Because(error.to_string()))?;
        if let Some(name) = change.name {
            what.name = name.trim().to_owned();
        }
        if let Some(timing) = change.timing {
            what.cadence = cadence(&timing, &caller.site.time_zone)?;
        }
        what.parameters = change.parameters.unwrap_or(what.parameters);
        what.active = change.active.unwrap_or(what.active);
        what.alert_to = change.alert_to.unwrap_or(what.alert_to);
        what.alert_after = change.alert_after.unwrap_or(what.alert_after);
        check(&what, command)?;
        let changed = records.change_schedule(id, &what, self.now()).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// Deletes a schedule; its log stays until it is too old.
    ///
    /// # Errors
    /// [`Refusal`] when there is none, or the right is missing.
    pub async fn delete(&self, caller: &Caller, name: &str) -> Result<(), Refusal> {
        let mut transaction = self.connections.store.transaction().await?;
        let mut records = transaction.records();
        let schedule = managed(&mut records, caller, name).await?;
        records.delete_schedule(schedule.id).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The log of a schedule before entry number `before`, the latest first, at most `limit` (1 to 1,000).
    ///
    /// # Errors
    /// [`Refusal`] when there is none, or the right is missing.
    pub async fn log(
        &self,
        caller: &Caller,
        name: &str,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<ScheduleRun>, Refusal> {
        demand(caller, Right::SeeRuns)?;
        let mut reader = self.connections.store.reader().await?;
        let schedule = reader.records().schedule_by_name(caller.site.id, name).await?;
        let limit = limit.clamp(1, LARGEST_PAGE);
        Ok(reader.records().schedule_runs(schedule.id, before.unwrap_or(i64::MAX), limit).await?)
    }

    async fn server_of(&self, connection: i64) -> Result<Option<String>, StoreError> {
        let check = self.connections.store.reader().await?.records().health_check(connection).await?;
        Ok(check.map(|check| check.what.server))
    }

    fn now(&self) -> i64 {
        milliseconds(self.connections.clock.now())
    }
}

/// The schedule of that name on the caller's site, if it is the caller's own or the caller manages connections there.
async fn managed(records: &mut Records<'_>, caller: &Caller, name: &str) -> Result<Schedule, Refusal> {
    demand(caller, Right::UseConnections)?;
    let schedule = records.schedule_by_name(caller.site.id, name).await?;
    if schedule.what.user_id != Some(caller.user.id) {
        demand(caller, Right::ManageConnections)?;
    }
    Ok(schedule)
}

fn demand(caller: &Caller, right: Right) -> Result<(), Refusal> {
    if caller.may(right, caller.site.id) {
        return Ok(());
    }
    let site = quoted(&caller.site.name);
    Err(Refusal::Because(format!("It takes the right to {right} on {site}. Ask an administrator for it.")))
}

fn cadence(timing: &Timing, time_zone: &str) -> Result<Cadence, Refusal> {
    let cadence = match (timing.every_minutes, &timing.cron) {
        (Some(minutes), None) if (1..=MOST_MINUTES).contains(&minutes) => {
            Cadence::Every { interval_ms: minutes * 60_000 }
        }
        (Some(_), None) => {
            return Err(Refusal::Because(format!("The interval: expected 1 to {MOST_MINUTES} minutes.")));
        }
        (None, Some(expression)) => {
            Cadence::Cron { expression: expression.trim().to_owned(), time_zone: time_zone.to_owned() }
        }
        _ => {
            return Err(Refusal::Because(
                "Say when it runs: either every how many minutes, or a cron expression.".to_owned(),
            ));
        }
    };
    cadence.check().map_err(Refusal::Because)?;
    Ok(cadence)
}

fn check(new: &NewSchedule, command: &soar_connector::Command) -> Result<(), Refusal> {
    let length = new.name.chars().count();
    if length == 0 || length > LONGEST_NAME || new.name.chars().any(steers) {
        return Err(Refusal::Because(format!("The schedule's name: expected 1 to {LONGEST_NAME} visible characters.")));
    }
    if !(1..=100).contains(&new.alert_after) {
        return Err(Refusal::Because("Failures before somebody is told: expected 1 to 100.".to_owned()));
    }
    if new.alert_to.len() > MOST_DESTINATIONS {
        return Err(Refusal::Because(format!("Who is told: expected at most {MOST_DESTINATIONS} destinations.")));
    }
    Parameters::parse(command, &new.parameters).map(|_| ()).map_err(|problems| {
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        Refusal::Because(problems.join(" "))
    })
}
