//! A received connection can be seen, tested and used on the tenant, and changed only on the master.

use serde_json::{Value, json};
use soar_store::testing::TestStore;

use super::instance::{TenantInstance, these};
use crate::direct::DirectConnections as _;
use soar_host::tenants::TenantSettings;

#[tokio::test]
async fn no_way_leads_to_a_change_of_what_was_received() {
    for [master, tenant] in TenantInstance::registered_pairs().await {
        let made = master.connect("Production", json!({ "healthCheckMinutes": 5 })).await;
        master.sync(these(&[made.id])).await.unwrap();
        let received = tenant.all().await.remove("Production").unwrap();
        for change in [
            json!({ "description": "mine" }),
            json!({ "name": "Mine" }),
            json!({ "tenant": "All tenants" }),
            json!({ "site": "Shared to internal sites" }),
            json!({ "active": false }),
            json!({ "healthCheckMinutes": null }),
            json!({ "users": ["analyst"] }),
            json!({ "parameters": { "Password": "mine" } }),
            json!({}),
        ] {
            let error = tenant.change(received.id, change.clone()).await.unwrap_err().to_string();
            assert!(error.contains("belongs to the master Master (Headquarters)"), "{change}: {error}");
            let (status, answer) = tenant.manage("PATCH", &format!("/connections/{}", received.id), change).await;
            assert_eq!(status, 422, "{answer}");
        }
        let error = tenant.connections.delete(&tenant.admin, received.id).await.unwrap_err().to_string();
        assert!(error.contains("only the master can change"), "{error}");
        let path = format!("/connections/{}", received.id);
        assert_eq!(tenant.manage("DELETE", &path, Value::Null).await.0, 422);
        assert_eq!(tenant.all().await["Production"], received);
        // The connection is visible with its owner, and usable.
        let (status, shown) = tenant.manage("GET", &path, Value::Null).await;
        assert_eq!((status, &shown["owner"]["master"]), (200, &json!("Master")));
        let (status, tested) = tenant.manage("POST", &format!("{path}/test"), Value::Null).await;
        assert_eq!((status, &tested["passed"]), (200, &json!(false)), "it reached for the server: {tested}");

        // A tenant that is also a master does not share received connections.
        let below = TenantInstance::over(TestStore::on(tenant.store.engine()).await, TenantSettings::default()).await;
        tenant.onboard("TestTenant", &below).await;
        let run = tenant.sync(these(&[received.id])).await.unwrap();
        assert_eq!(tenant.outcome(&run).await, [": unknown-connection"]);
        assert!(below.all().await.is_empty());
    }
}
