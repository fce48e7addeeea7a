//! The health check of a connection: its checked settings, and the schedule for it.

use soar_connector::Plugin;
use soar_connector::manifest::SettingType;
use soar_store::Records;
use soar_store::model::{
    Cadence, Caller, Connection, ConnectionSites, Destination, HealthCheck, NewSchedule, ParameterState, ScheduleKind,
};

use super::ConnectionDraft;
use super::draft::filled;
use crate::Refusal;
use crate::alerts::WebhookNames;

const MINUTE_MS: i64 = 60_000;

/// The longest interval between two checks: 30 days, in minutes.
const MOST_MINUTES: i64 = 30 * 24 * 60;

/// The longest text of mail addresses, in characters.
const LONGEST_ADDRESSES: usize = 1_000;

/// The most destinations for the alerts of one connection.
const MOST_DESTINATIONS: usize = 20;

/// The health check of a draft; `None` where the draft has no interval.
pub(super) fn read(draft: &ConnectionDraft) -> Result<Option<HealthCheck>, Refusal> {
    let wrong = |problem: String| Err(Refusal::Because(format!("Connection Health Check: {problem}")));
    let email = filled(draft.health_check_email.as_deref());
    let Some(every_minutes) = draft.health_check_minutes else {
        return match email {
            None if draft.health_check_webhooks.is_empty() => Ok(None),
            _ => wrong("give the interval between checks in minutes.".to_owned()),
        };
    };
    if !(1..=MOST_MINUTES).contains(&every_minutes) {
        return wrong(format!("expected 1 to {MOST_MINUTES} minutes."));
    }
    if email.is_some_and(|text| text.chars().count() > LONGEST_ADDRESSES) {
        return wrong(format!("expected at most {LONGEST_ADDRESSES} characters of mail addresses."));
    }
    let alert_after = draft.health_check_alert_after.unwrap_or(HealthCheck::ALERT_AFTER);
    let recover_after = draft.health_check_recover_after.unwrap_or(HealthCheck::RECOVER_AFTER);
    let slow_ms = draft.health_check_slow_ms.unwrap_or(HealthCheck::SLOW_MS);
    if !(1..=100).contains(&alert_after) {
        return wrong("expected 1 to 100 failures before an alert.".to_owned());
    }
    if !(1..=10).contains(&recover_after) {
        return wrong("expected 1 to 10 passed checks in a row before a recovery.".to_owned());
    }
    if !(1..=3_600_000).contains(&slow_ms) {
        return wrong("expected 1 to 3600000 ms as the latency of a slow check.".to_owned());
    }
    let mut webhooks = draft.health_check_webhooks.clone();
    webhooks.sort_unstable();
    webhooks.dedup();
    let email = email.map(str::to_owned);
    let check = HealthCheck { every_minutes, email, webhooks, alert_after, recover_after, slow_ms };
    match destinations(&check) {
        Ok(found) if found.len() > MOST_DESTINATIONS => wrong(format!("{MOST_DESTINATIONS} destinations at most.")),
        Ok(_) => Ok(Some(check)),
        Err(problem) => wrong(problem),
    }
}

/// The destinations of alerts about the check.
fn destinations(check: &HealthCheck) -> Result<Vec<Destination>, String> {
    let addresses = check.email.iter().flat_map(|text| text.split(',')).map(str::trim).map(Destination::mail);
    let webhooks = check.webhooks.iter().map(|name| Destination::webhook(name));
    let mut found = addresses.chain(webhooks).collect::<Result<Vec<_>, _>>()?;
    let mut seen = std::collections::HashSet::new();
    found.retain(|destination| seen.insert(destination.clone()));
    Ok(found)
}

/// Refuses a webhook that the host's settings do not have, unless the connection named it before.
pub(super) fn check_webhooks(
    webhooks: &WebhookNames,
    new: Option<&HealthCheck>,
    old: Option<&HealthCheck>,
    caller: &Caller,
) -> Result<(), Refusal> {
    let told = |check: Option<&HealthCheck>| -> Vec<Destination> {
        let names = check.into_iter().flat_map(|check| &check.webhooks);
        names.filter_map(|name| Destination::webhook(name).ok()).collect()
    };
    let checked = webhooks.check(&told(new), &told(old), caller.administers());
    checked.map_err(|problem| Refusal::Because(format!("Connection Health Check: {problem}")))
}

/// Creates or updates the schedule of the health check, in the transaction that saves `connection`. The health check of
/// an inactive connection, or of a connection without an interval, does not run.
pub(super) async fn follow(
    records: &mut Records<'_>,
    connection: &Connection,
    check: Option<&HealthCheck>,
    plugin: &dyn Plugin,
) -> Result<(), Refusal> {
    let schedule = NewSchedule {
        kind: ScheduleKind::HealthCheck,
        name: connection.name.clone(),
        site_id: match &connection.place {
            ConnectionSites::Site(site) => Some(site.id),
            ConnectionSites::SharedToInternalSites { .. } => None,
        },
        connection_id: connection.id,
        server: server_of(connection, plugin),
        user_id: None,
        command: plugin.manifest().connector.health_check.clone(),
        parameters: serde_json::Map::new(),
        repeatable: true,
        cadence: Cadence::Every {
            interval_ms: check.map_or(60, |check| check.every_minutes).saturating_mul(MINUTE_MS),
        },
        active: connection.active && check.is_some(),
        alert_to: check.map(destinations).transpose().map_err(Refusal::Because)?.unwrap_or_default(),
        alert_after: check.map_or(HealthCheck::ALERT_AFTER, |check| check.alert_after),
        recover_after: check.map_or(HealthCheck::RECOVER_AFTER, |check| check.recover_after),
        slow_ms: check.map_or(HealthCheck::SLOW_MS, |check| check.slow_ms),
    };
    records.set_health_check(&schedule).await?;
    Ok(())
}

/// The address of the connection's server: the value of the first URL setting, or else the integration's name.
pub(crate) fn server_of(connection: &Connection, plugin: &dyn Plugin) -> String {
    let mut addresses = plugin.manifest().connector.settings.iter().filter(|one| one.kind == SettingType::Url);
    let value = addresses.find_map(|setting| {
        connection.parameters.iter().find_map(|parameter| match &parameter.value {
            ParameterState::Plain(value) if parameter.name == setting.name => Some(value.clone()),
            _ => None,
        })
    });
    value.unwrap_or_else(|| connection.integration.clone())
}
