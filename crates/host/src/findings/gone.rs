//! Finds out why known devices have no findings in a snapshot.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use soar_connector::manifest::FindingsSource;
use soar_connector::{RawParameters, listed_value, sentence};
use soar_store::model::{ConnectionId, FeedId, GoneReason};
use soar_store::{StagedSnapshot, StoreError, Unlisted};

use super::rows::RowSink;
use crate::executor::Executor;

/// The most devices whose reason is looked up. The findings of further devices are gone for an unknown reason.
const MOST: i64 = 100_000;

/// The known devices without findings in a snapshot.
#[derive(Debug)]
pub(super) struct Absent {
    /// The reasons by device, as the store knows it. A device that is not in the map has no reason that is known.
    pub(super) reasons: HashMap<String, GoneReason>,
    /// Those that the product no longer lists.
    pub(super) unlisted: Unlisted,
    /// Why the list of devices did not come as a whole.
    pub(super) problem: Option<String>,
}

impl Absent {
    /// The devices of a snapshot that is not whole, or whose list of devices did not come as a whole.
    pub(super) fn unknown() -> Self {
        Self { reasons: HashMap::new(), unlisted: Unlisted::Unknown, problem: None }
    }

    /// Looks the devices up in the product's list of devices.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(super) async fn read(
        executor: &Executor,
        connection: ConnectionId,
        source: &FindingsSource,
        parameters: &RawParameters,
        (stage, feed, limit): (&mut StagedSnapshot, FeedId, Duration),
    ) -> Result<Self, StoreError> {
        let Some(list) = &source.devices else {
            return Ok(Self { reasons: HashMap::new(), unlisted: Unlisted::All, problem: None });
        };
        let mut by_id: HashMap<String, (String, GoneReason)> = HashMap::new();
        for (device, product_id) in stage.absent_devices(feed, MOST).await? {
            by_id.insert(product_id, (device, GoneReason::DeviceGone));
        }
        if by_id.is_empty() {
            return Ok(Self { reasons: HashMap::new(), unlisted: Unlisted::These(HashSet::new()), problem: None });
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
        let problem = match listed {
            Err(problem) => Some(problem),
            Ok(conclusion) => {
                let error = conclusion.error.map(|error| format!("{} {}", sentence(&error.message), error.cause));
                error.or(conclusion.receipt.missing)
            }
        };
        if problem.is_some() {
            return Ok(Self { problem, ..Self::unknown() });
        }
        let reasons: HashMap<_, _> = by_id.into_values().collect();
        let gone = reasons.iter().filter(|(_, reason)| **reason == GoneReason::DeviceGone);
        let unlisted = Unlisted::These(gone.map(|(device, _)| device.clone()).collect());
        Ok(Self { reasons, unlisted, problem: None })
    }
}
