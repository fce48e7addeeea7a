//! The sample data of the demo's host. They are invented from a seed, and say of themselves that they are sample data.
//!
//! Only the past is invented. The tenants are hosts of their own, the host reads the findings from the simulated instance, and
//! the health checks run.

mod connections;
mod findings;
mod health;
mod incidents;
mod runs;
mod tenants;

pub(super) use connections::{SampleConnection, drafts};
pub(super) use findings::{FindingStory, collect};
pub(super) use incidents::{cases, incidents};
pub(super) use tenants::{SampleTenants, onboard, sync};

use std::time::Duration;

use soar_host::operations::RequestContext;
use soar_store::model::{Allowed, AuditEntry, Caller, Moment, Site, Surface, User};
use soar_store::{Store, StoreError};

/// The seed of the sample data.
pub(super) const SEED: u64 = 1;

/// The days of the invented past.
pub(super) const DAYS: u64 = 365;

/// The name of the process in the invented history.
pub(super) const NODE: &str = "sample data";

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Writes the invented past: the health checks of a year, and the runs of a quarter.
pub(super) async fn write_past(
    store: &Store,
    connections: &[SampleConnection],
    (administrator, analyst): (&User, &User),
    site: &Site,
    now: Moment,
) -> Result<(), StoreError> {
    let mut dice = fastrand::Rng::with_seed(SEED);
    let mut transaction = store.transaction().await?;
    let mut records = transaction.records();
    for connection in connections {
        health::write(&mut records, connection, now, &mut dice).await?;
    }
    runs::write(&mut records, connections, (administrator, analyst), site, now, &mut dice).await?;
    transaction.commit().await
}

/// The context of an operation in the administrator's name.
pub(super) fn context(caller: &Caller, now: Moment) -> RequestContext {
    let entry = AuditEntry {
        username: caller.user.name.clone(),
        command: "demo".to_owned(),
        ..AuditEntry::new(now, Surface::Terminal, &caller.request_id)
    };
    RequestContext {
        user: caller.user.clone(),
        roles: caller.roles.clone(),
        reach: Allowed::All,
        key: None,
        key_expires_at: None,
        entry,
        idempotency: None,
    }
}
