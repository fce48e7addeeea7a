//! Finds out why the findings of a device are gone.

use std::collections::HashMap;
use std::time::Duration;

use soar_connector::manifest::FindingsSource;
use soar_connector::{RawParameters, listed_value};
use soar_store::model::{ConnectionId, FeedId, GoneReason};
use soar_store::{Stage, StoreError};

use super::rows::RowSink;
use crate::executor::Executor;

/// The most devices whose reason is looked up. The findings of further devices are gone for an unknown reason.
const MOST: i64 = 100_000;

/// The reasons by device, as the store knows it. Devices that are not in the map have findings in the snapshot, or are
/// listed without a reason.
pub(super) async fn reasons(
    executor: &Executor,
    connection: ConnectionId,
    source: &FindingsSource,
    parameters: &RawParameters,
    (stage, feed, limit): (&mut Stage, FeedId, Duration),
) -> Result<HashMap<String, GoneReason>, StoreError> {
    let Some(list) = &source.devices else { return Ok(HashMap::new()) };
    let absent = stage.absent_devices(feed, "", MOST).await?;
    if absent.is_empty() {
        return Ok(HashMap::new());
    }
    let mut by_id: HashMap<String, (String, GoneReason)> = HashMap::new();
    for (device, product_id) in absent {
        by_id.insert(product_id, (device, GoneReason::DeviceGone));
    }
    let mut wanted = list.parameters.clone();
    if let Some(tenant) = source.tenant.as_ref().and_then(|name| parameters.get_key_value(name)) {
        wanted.insert(tenant.0.clone(), tenant.1.clone());
    }
    let mut sink = RowSink(|row: &serde_json::Value| {
        let Some(known) = listed_value(row, &list.id).and_then(|id| by_id.get_mut(&id)) else { return };
        let is = |values: &Option<soar_connector::manifest::MemberValues>| {
            values.as_ref().is_some_and(|values| values.matches(row))
        };
        known.1 = if is(&list.decommissioned) {
            GoneReason::DeviceGone
        } else if is(&list.out_of_scope) {
            GoneReason::OutOfScope
        } else {
            GoneReason::Unknown
        };
    });
    let listed = executor.stream(connection, &list.command, &wanted, limit, &mut sink).await;
    // Without a whole list of devices no device is known to be gone.
    let is_whole = listed.is_ok_and(|conclusion| conclusion.error.is_none() && conclusion.receipt.missing.is_none());
    if !is_whole {
        return Ok(HashMap::new());
    }
    Ok(by_id.into_values().collect())
}
