//! Lists, creates, changes, deletes and runs schedules in the name of a caller.

use std::collections::HashMap;

use soar_connector::manifest::Effect;
use soar_connector::name::{quoted, same_word};
use soar_connector::{Command, Manifest, Parameters};
use soar_store::model::name::checked_name;
use soar_store::model::{
    Cadence, Caller, Destination, NewSchedule, Right, Schedule, ScheduleId, ScheduleKind, ScheduleRun, ScheduleRunId,
    Site, SiteId, limits,
};
use soar_store::{Records, StoreError};

use super::{ScheduleChange, ScheduleDraft, ScheduleShown};
use crate::Refusal;
use crate::alerts::WebhookNames;
use crate::connections::Connections;
use crate::findings::collect_manifest;

/// The longest interval, in minutes: a year.
const MOST_MINUTES: i64 = 366 * 24 * 60;

/// The most destinations for the alerts of one schedule.
const MOST_DESTINATIONS: usize = 20;

/// The most entries on a page of a log.
const LARGEST_PAGE: i64 = 1000;

/// The default latency in milliseconds from which a run counts as slow.
const SLOW_MS: i64 = 60_000;

/// Schedules of commands. Cheap to clone.
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

    /// The names of the commands of an integration that can be scheduled.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such integration.
    pub fn commands(&self, integration: &str) -> Result<Vec<String>, Refusal> {
        let plugin = self.connections.registry.named(integration)?;
        let manifest = plugin.manifest();
        let own = manifest.commands.iter().map(|command| command.name.clone());
        Ok(own.chain(collection_of(manifest).map(|command| command.name.clone())).collect())
    }

    /// The schedules that the caller may see, by name. With `site`, only the schedules on that site.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn list(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        site: Option<SiteId>,
    ) -> Result<Vec<ScheduleShown>, Refusal> {
        let sites: HashMap<_, _> = records.sites().await?.into_iter().map(|site| (site.id, site)).collect();
        let users: HashMap<_, _> = records.users().await?.into_iter().map(|user| (user.id, user)).collect();
        let mut connections = HashMap::new();
        let mut shown = Vec::new();
        for (schedule, health) in records.health_table(ScheduleKind::Command).await? {
            let Some(its) = schedule.what.site_id.and_then(|id| sites.get(&id)) else { continue };
            if site.is_some_and(|wanted| wanted != its.id) || !caller.may(Right::UseConnections, its.id) {
                continue;
            }
            let id = schedule.what.connection_id;
            let connection = match connections.entry(id) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::hash_map::Entry::Vacant(place) => place.insert(records.connection(id).await?),
            };
            let user = schedule.what.user_id.and_then(|id| users.get(&id));
            shown.push(ScheduleShown::of(schedule, its, connection, user, health));
        }
        Ok(shown)
    }

    /// The schedule with this id.
    ///
    /// # Errors
    /// [`Refusal`] when the caller may see no such schedule.
    pub async fn see(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: ScheduleId,
    ) -> Result<ScheduleShown, Refusal> {
        let (schedule, site) = seen(records, caller, id).await?;
        self.shown(records, schedule, &site).await
    }

    /// Creates a schedule, which runs in the caller's name, within the transaction of `records`.
    ///
    /// # Errors
    /// [`Refusal`] for invalid fields or a missing right.
    pub async fn create_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        draft: ScheduleDraft,
    ) -> Result<ScheduleShown, Refusal> {
        let site = records.site(draft.site.trim()).await?;
        let caller = Caller { site, ..caller.clone() };
        let plugin = self.connections.registry.named(&draft.integration)?;
        let manifest = plugin.manifest();
        let connection = self
            .connections
            .choose_in(records, &caller, &[manifest.connector.id.as_str()], draft.connection.as_deref())
            .await?;
        let command = command_of(manifest, &draft.command)?;
        let check = records.health_check(connection.id).await?;
        let server = check.map_or_else(|| connection.integration.clone(), |check| check.what.server);
        let new = NewSchedule {
            kind: ScheduleKind::Command,
            name: checked_name("schedule", &draft.name)?,
            site_id: Some(caller.site.id),
            connection_id: connection.id,
            server,
            user_id: Some(caller.user.id),
            command: command.name.clone(),
            parameters: draft.parameters,
            repeatable: command.effect == Effect::Read,
            cadence: cadence(draft.every_minutes, draft.cron.as_deref(), &caller.site.time_zone)?,
            active: draft.active,
            alert_to: destinations(&draft.alert_to, &self.connections.webhooks, &[], &caller)?,
            alert_after: draft.alert_after,
            // The next run may be a day away, so one success counts as recovered.
            recover_after: 1,
            slow_ms: SLOW_MS,
        };
        check_new(&new, command)?;
        let made = records.create_schedule(&new).await?;
        self.shown(records, made, &caller.site).await
    }

    /// Changes a schedule within the transaction of `records`. The change applies to due times from now on.
    ///
    /// # Errors
    /// As [`Schedules::create_in`].
    pub async fn update_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: ScheduleId,
        change: ScheduleChange,
    ) -> Result<ScheduleShown, Refusal> {
        let (Schedule { mut what, .. }, site) = managed(records, caller, id).await?;
        let connection = records.connection(what.connection_id).await?;
        let plugin = self.connections.registry.named(&connection.integration)?;
        let command = command_of(plugin.manifest(), &what.command)?;
        // A stored name that breaks the current rule stays valid until it is changed.
        if let Some(name) = change.name.filter(|name| *name != what.name) {
            what.name = checked_name("schedule", &name)?;
        }
        if change.every_minutes.is_some() || change.cron.is_some() {
            what.cadence = cadence(change.every_minutes, change.cron.as_deref(), &site.time_zone)?;
        }
        what.parameters = change.parameters.unwrap_or(what.parameters);
        what.active = change.active.unwrap_or(what.active);
        if let Some(given) = change.alert_to {
            what.alert_to = destinations(&given, &self.connections.webhooks, &what.alert_to, caller)?;
        }
        what.alert_after = change.alert_after.unwrap_or(what.alert_after);
        check_new(&what, command)?;
        let changed = records.change_schedule(id, &what).await?;
        self.shown(records, changed, &site).await
    }

    /// Makes a schedule run once now, in addition to its due times, within the transaction of `records`.
    ///
    /// # Errors
    /// [`Refusal`] when the schedule does not exist or is not active, or the right is missing.
    pub async fn run_soon_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: ScheduleId,
    ) -> Result<ScheduleShown, Refusal> {
        let (schedule, site) = managed(records, caller, id).await?;
        if !schedule.what.active {
            let name = quoted(&schedule.what.name);
            return Err(Refusal::Unable(format!(
                "The schedule {name} is not active, so it does not run. Activate it."
            )));
        }
        if let Some(why) = site.inactive() {
            return Err(Refusal::Unable(why));
        }
        records.run_soon(id).await?;
        let schedule = records.schedule(id).await?;
        self.shown(records, schedule, &site).await
    }

    /// Deletes a schedule within the transaction of `records`, and returns the deleted schedule. Its log stays for its
    /// retention time.
    ///
    /// # Errors
    /// [`Refusal`] when the schedule does not exist, or the right is missing.
    pub async fn delete_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: ScheduleId,
    ) -> Result<ScheduleShown, Refusal> {
        let (schedule, site) = managed(records, caller, id).await?;
        let shown = self.shown(records, schedule, &site).await?;
        records.delete_schedule(id).await?;
        Ok(shown)
    }

    /// At most `limit` entries (1 to 1,000) of the log of a schedule before the entry `before`, the latest first.
    ///
    /// # Errors
    /// [`Refusal`] when the schedule does not exist, or the right is missing.
    pub async fn log(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: ScheduleId,
        before: Option<ScheduleRunId>,
        limit: i64,
    ) -> Result<Vec<ScheduleRun>, Refusal> {
        let (schedule, site) = seen(records, caller, id).await?;
        demand(caller, Right::SeeRuns, &site)?;
        let limit = limit.clamp(1, LARGEST_PAGE);
        Ok(records.schedule_runs(schedule.id, before, limit).await?)
    }

    async fn shown(
        &self,
        records: &mut Records<'_>,
        schedule: Schedule,
        site: &Site,
    ) -> Result<ScheduleShown, Refusal> {
        let connection = records.connection(schedule.what.connection_id).await?;
        let users = records.users().await?;
        let user = users.iter().find(|user| Some(user.id) == schedule.what.user_id);
        let health = records.health_now(&schedule).await?;
        Ok(ScheduleShown::of(schedule, site, &connection, user, health))
    }
}

/// The schedule of a command with this id, and its site, if the caller may see it.
async fn seen(records: &mut Records<'_>, caller: &Caller, id: ScheduleId) -> Result<(Schedule, Site), Refusal> {
    // The error is the same as for a schedule that does not exist.
    let missing = || StoreError::not_found("schedule", id.to_string());
    let schedule = records.schedule(id).await?;
    let site = records.sites().await?.into_iter().find(|site| Some(site.id) == schedule.what.site_id);
    let site = site.ok_or_else(missing)?;
    if schedule.what.kind != ScheduleKind::Command || !caller.may(Right::UseConnections, site.id) {
        return Err(missing().into());
    }
    Ok((schedule, site))
}

/// As [`seen`], if the schedule belongs to the caller or the caller manages connections on the site.
async fn managed(records: &mut Records<'_>, caller: &Caller, id: ScheduleId) -> Result<(Schedule, Site), Refusal> {
    let (schedule, site) = seen(records, caller, id).await?;
    if schedule.what.user_id != Some(caller.user.id) {
        demand(caller, Right::ManageConnections, &site)?;
    }
    Ok((schedule, site))
}

fn demand(caller: &Caller, right: Right, site: &Site) -> Result<(), Refusal> {
    if caller.may(right, site.id) {
        return Ok(());
    }
    let site = quoted(&site.name);
    Err(Refusal::Forbidden(format!("This needs the right to {right} on {site}. Ask an administrator for it.")))
}

/// The command that collects the findings of the connector; `None` if the connector lists no findings.
fn collection_of(manifest: &Manifest) -> Option<&'static Command> {
    collect_manifest().filter(|_| manifest.connector.findings.is_some())
}

/// A command of the connector, or the collection of its findings.
fn command_of<'m>(manifest: &'m Manifest, name: &str) -> Result<&'m Command, Refusal> {
    let collect = collection_of(manifest);
    if let Some(command) = collect.filter(|command| same_word(&command.name) == same_word(name)) {
        return Ok(command);
    }
    manifest.command(name).map_err(|error| Refusal::Because(error.to_string()))
}

/// The given destinations. A webhook that the host's settings do not have is refused, unless it is in `kept`.
fn destinations(
    given: &[String],
    webhooks: &WebhookNames,
    kept: &[Destination],
    caller: &Caller,
) -> Result<Vec<Destination>, Refusal> {
    let refused = |problem: String| Refusal::Because(format!("Alert destinations: {problem}"));
    if given.len() > MOST_DESTINATIONS {
        return Err(refused(format!("expected at most {MOST_DESTINATIONS}.")));
    }
    let mut found = Vec::with_capacity(given.len());
    for text in given {
        let destination: Destination = text.parse().map_err(refused)?;
        if !found.contains(&destination) {
            found.push(destination);
        }
    }
    webhooks.check(&found, kept, caller.administers()).map_err(refused)?;
    Ok(found)
}

fn cadence(every_minutes: Option<i64>, cron: Option<&str>, time_zone: &str) -> Result<Cadence, Refusal> {
    let cadence = match (every_minutes, cron) {
        (Some(minutes), None) if (1..=MOST_MINUTES).contains(&minutes) => {
            Cadence::Every { interval_ms: minutes * 60_000 }
        }
        (Some(_), None) => {
            return Err(Refusal::Because(format!("Interval: expected 1 to {MOST_MINUTES} minutes.")));
        }
        (None, Some(expression)) => {
            Cadence::Cron { expression: expression.trim().to_owned(), time_zone: time_zone.to_owned() }
        }
        _ => {
            return Err(Refusal::Because("Give either an interval in minutes or a cron expression.".to_owned()));
        }
    };
    cadence.check().map_err(Refusal::Because)?;
    Ok(cadence)
}

fn check_new(new: &NewSchedule, command: &Command) -> Result<(), Refusal> {
    let parameters = serde_json::to_string(&new.parameters).unwrap_or_default();
    limits::SCHEDULE_PARAMETERS.check(&parameters).map_err(StoreError::from)?;
    if !(1..=100).contains(&new.alert_after) {
        return Err(Refusal::Because("Failures before an alert: expected 1 to 100.".to_owned()));
    }
    Parameters::parse(command, &new.parameters).map(|_| ()).map_err(Refusal::Parameters)
}
