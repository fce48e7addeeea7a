//! Syncs and one-time keys of tenants go by the database's clock.

use std::sync::Arc;
use std::time::Duration;

use soar_connector::Clock as _;
use soar_connector::testing::ManualClock;
use soar_host::tenants::{TenantSettings, Tenants};
use soar_store::model::{Moment, TenantKeyState};

use super::instance::TenantInstance;
use crate::stage::because;
use crate::support::new_sync;

#[tokio::test]
async fn a_host_whose_clock_is_ahead_takes_no_running_sync_for_an_interrupted_one() {
    for [master, _tenant] in TenantInstance::registered_pairs().await {
        let database = ManualClock::held_at(master.clock.now() - Duration::from_secs(3_600));
        let mut connections = master.connections.clone();
        connections.store = connections.store.on_clock(Arc::new(database.clone()));
        let (store, tenants) = (connections.store.clone(), Tenants::new(connections, TenantSettings::default()));
        let mut transaction = store.transaction().await.unwrap();
        let mut records = transaction.records();
        let run = records.begin_sync(&new_sync(), Duration::from_secs(60)).await.unwrap();
        // One-time keys expire by the same clock.
        let expiry = Moment::from(database.now()) + Duration::from_secs(60);
        let made = tenants.create_key_in(&mut records, &master.admin, expiry).await.unwrap();
        assert_eq!(made.key.state, TenantKeyState::Open);
        transaction.commit().await.unwrap();
        let retried = async || because(tenants.retry_failed(&master.admin, run, &|_| {}).await);
        assert!(retried().await.contains("is under way"));
        database.advance(Duration::from_secs(61));
        assert!(retried().await.contains("was interrupted"));
        let keys = tenants.keys_in(&mut store.reader().await.unwrap().records(), &master.admin).await.unwrap();
        assert_eq!(keys[0].state, TenantKeyState::Expired);
    }
}
