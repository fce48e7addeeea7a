//! A connection's health check, as the scheduler knows it: kept in step with the connection.

use soar_connector::Plugin;
use soar_connector::manifest::SettingType;

use crate::alerts::Destination;
use crate::model::{Connection, ParameterState, Place};
use crate::scheduler::{Cadence, NewSchedule, ScheduleKind};
use crate::store::{Records, StoreError};

const MINUTE_MS: i64 = 60_000;

/// What the form does not ask for: how often a connection fails before somebody is told, and from when on it is slow.
const ALERT_AFTER: i64 = 3;
const SLOW_MS: i64 = 5_000;

/// Makes the scheduler check `connection` as it says, in the transaction that made or changed it. A connection that is
/// inactive or asks for no checks has a health check that does not run.
pub(super) async fn follow(
    records: &mut Records<'_>,
    connection: &Connection,
    plugin: &dyn Plugin,
    now: i64,
) -> Result<(), StoreError> {
    let known = records.health_check(connection.id).await?.map(|schedule| schedule.what);
    let minutes = connection.health_check.as_ref().map(|check| check.every_minutes);
    // Webhooks are not on the form; those that were added stay.
    let mut alert_to: Vec<_> = known.iter().flat_map(|check| check.alert_to.clone()).collect();
    alert_to.retain(|destination| matches!(destination, Destination::Webhook(_)));
    let email = connection.health_check.as_ref().and_then(|check| check.email.as_deref());
    if let Some(mail) = email.and_then(|email| email.parse::<Destination>().ok()) {
        alert_to.insert(0, mail);
    }
    let check = NewSchedule {
        kind: ScheduleKind::HealthCheck,
        name: connection.name.clone(),
        site_id: match &connection.place {
            Place::Site(site) => Some(site.id),
            Place::SharedToInternalSites { .. } => None,
        },
        connection_id: connection.id,
        server: server_of(connection, plugin),
        user_id: None,
        command: plugin.manifest().connector.health_check.clone(),
        parameters: serde_json::Map::new(),
        repeatable: true,
        cadence: Cadence::Every { interval_ms: minutes.unwrap_or(60).saturating_mul(MINUTE_MS) },
        active: connection.active && minutes.is_some(),
        alert_to,
        alert_after: known.as_ref().map_or(ALERT_AFTER, |check| check.alert_after),
        slow_ms: known.as_ref().map_or(SLOW_MS, |check| check.slow_ms),
    };
    records.set_health_check(&check, now).await.map(|_| ())
}

/// The address of the connection's server: the first setting that is one; the integration's name where there is none.
fn server_of(connection: &Connection, plugin: &dyn Plugin) -> String {
    let mut addresses = plugin.manifest().connector.settings.iter().filter(|one| one.kind == SettingType::Url);
    let value = addresses.find_map(|setting| {
        connection.parameters.iter().find_map(|parameter| match &parameter.value {
            ParameterState::Plain(value) if parameter.name == setting.name => Some(value.clone()),
            _ => None,
        })
    });
    value.unwrap_or_else(|| connection.integration.clone())
}
