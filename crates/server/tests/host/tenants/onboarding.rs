//! One-time keys, registration, and revocation from either side.

use std::sync::Arc;
use std::time::Duration;

use axum::routing::post;
use serde_json::{Value, json};
use soar_host::sealing::rotate;
use soar_host::tenants::TenantSettings;
use soar_store::model::{Moment, SiteKind, TenantKeyState, TenantState};
use soar_store::testing::TestStore;
use soar_store::{Engine, SEALED_PLACES, TenantFilter};

use super::instance::{TenantInstance, all_shared, site, these};

async fn key_states(tenant: &TenantInstance) -> Vec<TenantKeyState> {
    let mut reader = tenant.store.reader().await.unwrap();
    let keys = reader.records().tenant_keys(tenant.now()).await.unwrap();
    keys.into_iter().map(|key| key.state).collect()
}

#[tokio::test]
async fn a_key_registers_one_master_and_is_spent() {
    for [master, tenant] in TenantInstance::pairs().await {
        let key = tenant.one_time_key(60_000).await;
        let added = master.create_tenant("TestTenant", &tenant.url, &key).await.unwrap();
        assert_eq!((added.state, added.instance), (TenantState::Added, None));
        let refused = master.sync(all_shared()).await.unwrap();
        assert_eq!(master.outcome(&refused).await, [": not-registered"]);
        let registered = master.tenants.register(&master.admin, added.id, None).await.unwrap();
        assert_eq!(registered.state, TenantState::Registered);
        let masters = tenant.store.reader().await.unwrap().records().masters().await.unwrap();
        assert_eq!(masters.len(), 1);
        let known = &masters[0];
        assert_eq!((known.name.as_str(), known.region.as_str()), ("Master", "Headquarters"));
        assert_eq!((known.tenant_name.as_str(), known.tenant_region.as_str()), ("TestTenant", "AMER"));
        assert!(known.seen_at.is_some());
        assert_eq!(key_states(&tenant).await, [TenantKeyState::Used]);

        // The key is used: it is valid neither for this master nor for another.
        let error = master.tenants.register(&master.admin, added.id, None).await.unwrap_err().to_string();
        assert!(error.contains("no unused one-time key"), "{error}");
        let other = TenantInstance::over(TestStore::on(master.store.engine()).await, TenantSettings::default()).await;
        let again = other.create_tenant("TestTenant", &tenant.url, &key).await.unwrap();
        let error = other.tenants.register(&other.admin, again.id, None).await.unwrap_err().to_string();
        assert!(error.contains("was used or revoked, has expired") && error.contains("Make a new key"), "{error}");
        let refused = tenant.audit().await.into_iter().filter(|entry| !entry.accepted).collect::<Vec<_>>();
        assert_eq!(refused.len(), 1);
        assert!(refused[0].reason.contains("was used or revoked"), "{:?}", refused[0]);
    }
}

#[tokio::test]
async fn a_tenant_finishes_a_registration_whose_master_goes_away() {
    let over = async || TenantInstance::over(TestStore::on(Engine::Sqlite).await, TenantSettings::default()).await;
    let (master, tenant) = (over().await, over().await);
    let key = tenant.one_time_key(60_000).await;
    let added = master.create_tenant("TestTenant", &tenant.url, &key).await.unwrap();
    // The registration waits for the tenant's store.
    let mut held = tenant.store.transaction().await.unwrap();
    held.records().create_site(&site("Held", SiteKind::Internal), Moment(1)).await.unwrap();
    let register = master.tenants.register(&master.admin, added.id, None);
    tokio::time::timeout(Duration::from_millis(300), register).await.unwrap_err();
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(held);
    let registered = async {
        while tenant.store.reader().await.unwrap().records().masters().await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), registered).await.unwrap();
}

#[tokio::test]
async fn a_key_ends_can_be_revoked_and_belongs_to_one_tenant() {
    for [master, tenant] in TenantInstance::pairs().await {
        let added = master.create_tenant("TestTenant", &tenant.url, &tenant.one_time_key(1_000).await).await.unwrap();
        tenant.clock.advance(Duration::from_secs(2));
        let error = master.tenants.register(&master.admin, added.id, None).await.unwrap_err().to_string();
        assert!(error.contains("has expired"), "{error}");
        assert_eq!(key_states(&tenant).await, [TenantKeyState::Expired]);

        let revoked = tenant.one_time_key(60_000).await;
        let name = tenant.store.reader().await.unwrap().records().tenant_keys(Moment(0)).await.unwrap()[0].name.clone();
        assert_eq!(tenant.manage("POST", &format!("/tenant-keys/{name}/revoke"), Value::Null).await.0, 200);
        let error = master.tenants.register(&master.admin, added.id, Some(&revoked)).await.unwrap_err().to_string();
        assert!(error.contains("revoked"), "{error}");

        // Another tenant's key, at this tenant's address.
        let other = TenantInstance::over(TestStore::on(master.store.engine()).await, TenantSettings::default()).await;
        let others = other.one_time_key(60_000).await;
        let error = master.tenants.register(&master.admin, added.id, Some(&others)).await.unwrap_err().to_string();
        assert!(error.contains("belongs to another tenant"), "{error}");
        let own = master.one_time_key(60_000).await;
        let error = master.tenants.register(&master.admin, added.id, Some(&own)).await.unwrap_err().to_string();
        assert!(error.contains("was made on this instance"), "{error}");
        for wrong in ["", "fpt1_x", "d3k_0123456789abcdef_x"] {
            let error = master.create_tenant("Other", &tenant.url, wrong).await.unwrap_err().to_string();
            assert!(error.contains("fpt1_"), "{error}");
        }
        let made = tenant.manage("POST", "/tenant-keys", json!({ "hours": 721 })).await;
        assert!(made.0 == 422 && made.1["Error"].as_str().unwrap().contains("30 days"), "{made:?}");
        let end = tenant.now() + Duration::from_secs(5_400);
        let made = tenant.manage("POST", "/tenant-keys", json!({ "expiresAt": end })).await;
        assert_eq!((made.0, &made.1["expiresAt"]), (201, &json!(end)));
        let both = tenant.manage("POST", "/tenant-keys", json!({ "expiresAt": end, "hours": 1 })).await;
        assert!(both.0 == 422 && both.1["Error"].as_str().unwrap().contains("one of them"), "{both:?}");
    }
}

#[tokio::test]
async fn a_registration_that_was_cut_off_is_done_again_with_the_same_key() {
    for [master, tenant] in TenantInstance::pairs().await {
        let key = tenant.one_time_key(60_000).await;
        // The proxy drops the tenant's answer to the handshake once.
        let url = tenant.url.clone();
        let cut = Arc::new(std::sync::atomic::AtomicBool::new(true));
        let (seen, client) = (Arc::clone(&cut), reqwest::Client::new());
        let forward = move |request: axum::extract::Request| {
            let (url, seen, client) = (url.clone(), Arc::clone(&seen), client.clone());
            async move {
                let path = request.uri().path().to_owned();
                let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
                let sent = client.post(format!("{url}{path}")).header("content-type", "application/json").body(body);
                let answer = sent.send().await.unwrap();
                if seen.swap(false, std::sync::atomic::Ordering::Relaxed) {
                    return (axum::http::StatusCode::NOT_FOUND, Vec::new());
                }
                (answer.status(), answer.bytes().await.unwrap().to_vec())
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new().route("/api/tenant/v1/{what}", post(forward));
        tokio::spawn(axum::serve(listener, router).into_future());

        let added = master.create_tenant("TestTenant", &proxy, &key).await.unwrap();
        let error = master.tenants.register(&master.admin, added.id, None).await.unwrap_err().to_string();
        assert!(error.contains("status 404"), "{error}");
        assert_eq!(key_states(&tenant).await, [TenantKeyState::Open]);
        master.tenants.register(&master.admin, added.id, None).await.unwrap();
        assert_eq!(key_states(&tenant).await, [TenantKeyState::Used]);
        let made = master.connect("Production", json!({})).await;
        assert_eq!(master.sync(these(&[made.id])).await.unwrap().counts.added, 1);
    }
}

#[tokio::test]
async fn who_is_revoked_by_either_side_is_refused_until_registered_anew() {
    for [master, tenant] in TenantInstance::registered_pairs().await {
        let made = master.connect("Production", json!({})).await;
        assert_eq!(master.sync(these(&[made.id])).await.unwrap().counts.added, 1);

        let revoked = tenant.revoke_master("master").await;
        assert_eq!(revoked.connections, 1);
        let refused = master.sync(these(&[made.id])).await.unwrap();
        let result = master.results(&refused).await.remove(0);
        let why = result.failure.unwrap();
        assert_eq!((why.code.as_str(), why.cause.as_str()), ("revoked", "The tenant has revoked this master."));
        let entry = tenant.audit().await.pop().unwrap();
        assert_eq!((entry.accepted, entry.reason.as_str()), (false, "This tenant has revoked the master."));
        assert_eq!(entry.username, "master Master");
        assert_eq!(tenant.all().await.len(), 1, "what was received stays");

        let id = result.tenant_id.unwrap();
        let key = tenant.one_time_key(60_000).await;
        master.tenants.register(&master.admin, id, Some(&key)).await.unwrap();
        assert_eq!(master.sync(these(&[made.id])).await.unwrap().counts.unchanged, 1, "it is the same master");

        let (status, revoked) = master.manage("POST", &format!("/tenants/{id}/revoke"), Value::Null).await;
        assert_eq!((status, &revoked["state"]), (200, &json!("Revoked")));
        let refused = master.sync(these(&[made.id])).await.unwrap();
        assert_eq!(master.outcome(&refused).await, ["Production: revoked"]);
        let key = tenant.one_time_key(60_000).await;
        master.tenants.register(&master.admin, id, Some(&key)).await.unwrap();
        assert_eq!(master.sync(these(&[made.id])).await.unwrap().counts.unchanged, 1);

        // A tenant removes a master and its connections.
        let error = tenant.remove_master("Master").await.unwrap_err().to_string();
        assert!(error.contains("before you remove it"), "{error}");
        tenant.revoke_master("Master").await;
        assert_eq!(tenant.remove_master("Master").await.unwrap().connections, 1);
        assert!(tenant.all().await.is_empty());
        let refused = master.sync(these(&[made.id])).await.unwrap();
        assert_eq!(master.outcome(&refused).await, ["Production: unknown-pair"]);
    }
}

#[tokio::test]
async fn a_tenant_is_added_moved_and_removed_over_http_and_audited() {
    for [master, tenant] in TenantInstance::pairs().await {
        let (status, made) = tenant.manage("POST", "/tenant-keys", json!({})).await;
        assert_eq!(status, 201);
        let key = made["key"].as_str().unwrap();
        let body = json!({ "name": "TestTenant", "region": "AMER", "url": "https://127.0.0.1:9", "key": key });
        let (status, added) = master.manage("POST", "/tenants", body.clone()).await;
        assert_eq!((status, &added["state"]), (201, &json!("Added")), "{added}");
        assert_eq!(master.manage("POST", "/tenants", body).await.0, 409);
        let path = format!("/tenants/{}", added["id"]);
        let (status, refused) = master.manage("POST", &format!("{path}/register"), json!({})).await;
        assert_eq!(status, 422);
        assert!(refused["Error"].as_str().unwrap().contains("No connection to the tenant"), "{refused}");
        let plain = json!({ "url": "http://tenant.example.com" });
        let (status, refused) = master.manage("PATCH", &path, plain).await;
        assert!(status == 422 && refused["Error"].as_str().unwrap().contains("plain-http-to"), "{refused}");
        assert_eq!(master.manage("PATCH", &path, json!({ "url": tenant.url })).await.0, 200);
        let (status, registered) = master.manage("POST", &format!("{path}/register"), json!({})).await;
        assert_eq!((status, &registered["state"]), (200, &json!("Registered")), "{registered}");
        let (_, page) = master.manage("GET", "/tenants?region=amer", Value::Null).await;
        assert_eq!(page["tenants"].as_array().unwrap().len(), 1);
        assert_eq!(master.manage("DELETE", &path, Value::Null).await.0, 422);
        assert_eq!(master.manage("POST", &format!("{path}/revoke"), Value::Null).await.0, 200);
        assert_eq!(master.manage("DELETE", &path, Value::Null).await.0, 200);
        assert_eq!(master.manage("GET", &path, Value::Null).await.0, 404);
        let (_, masters) = tenant.manage("GET", "/masters", Value::Null).await;
        assert_eq!(masters[0]["name"], "Master");
        assert_eq!(tenant.manage("POST", "/masters/Master/revoke", Value::Null).await.0, 200);
        assert_eq!(tenant.manage("DELETE", "/masters/Master", Value::Null).await.0, 200);
        for instance in [&master, &tenant] {
            let log = serde_json::to_string(&instance.audit().await).unwrap();
            assert!(!log.contains(key) && log.contains("TestTenant") | log.contains("tenant register"), "{log}");
        }
        let names: Vec<_> = tenant.audit().await.into_iter().map(|entry| entry.command).collect();
        for command in ["tenant register", "tenant initiate", "POST /api/manage/v1/masters/Master/revoke"] {
            assert!(names.iter().any(|name| name == command), "{command}: {names:?}");
        }
    }
}

#[tokio::test]
async fn a_name_that_nothing_can_have_is_refused_and_not_kept() {
    for [master, _] in TenantInstance::registered_pairs().await {
        let long = "x".repeat(101);
        let of = |field: &str| {
            let mut request = all_shared();
            request[field] = json!(&long);
            request
        };
        let named = json!({ "connectionInfo": [{ "integrationName": "gate", "connectionName": &long }],
            "tenantRegion": "AMER", "tenantName": "TestTenant", "tenantSite": "TenantSite" });
        for (request, field) in [
            (of("tenantSite"), "Tenant Site"),
            (of("tenantName"), "Tenant Name"),
            (of("tenantRegion"), "Tenant Region"),
            (named, "Connection Name"),
        ] {
            let refused = master.sync(request).await.unwrap_err().to_string();
            assert!(refused.contains(&format!("{field}: The name has 101 characters")), "{refused}");
        }
        let parameters = json!({ "Tenant Name": "TestTenant", "Tenant Site": &long, "Status": "Inactive" });
        let (_, refused) = master.command_at("UpdateTenantSiteStatus", "Security Operations", parameters).await;
        assert!(refused.to_string().contains("Tenant Site: The name has 101 characters"), "{refused}");
    }
}

#[tokio::test]
async fn a_name_that_the_field_tenant_could_not_tell_is_refused_and_so_is_whoever_is_no_administrator() {
    for [master, tenant] in TenantInstance::pairs().await {
        let key = tenant.one_time_key(60_000).await;
        for name in ["", "a/b", "a,b", "All tenants", "a\u{202e}b"] {
            let error = master.create_tenant(name, &tenant.url, &key).await.unwrap_err().to_string();
            let error = error.to_lowercase();
            assert!(error.contains("tenant's name") || error.contains("name of the tenant"), "{name}: {error}");
        }
        let mut analyst = master.admin.clone();
        analyst.user.is_administrator = false;
        let request = serde_json::from_value(all_shared()).unwrap();
        let error = master.tenants.sync(&analyst, &request, false, &|_| {}).await.unwrap_err().to_string();
        assert!(error.contains("Only an administrator"), "{error}");
        let mut limited = master.admin.clone();
        limited.reach = soar_store::model::Allowed::Only(vec![master.admin.site.id]);
        assert!(master.tenants.sync(&limited, &request, false, &|_| {}).await.is_err());
        let all = TenantFilter::default();
        assert!(master.store.reader().await.unwrap().records().tenants(&all, 10).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_rotation_of_the_sealing_key_seals_everything_of_tenants_again() {
    for [master, tenant] in TenantInstance::registered_pairs().await {
        let open = tenant.one_time_key(60_000).await;
        let other = TenantInstance::over(TestStore::on(master.store.engine()).await, TenantSettings::default()).await;
        let waiting = master.create_tenant("Other", &other.url, &other.one_time_key(60_000).await).await.unwrap();
        // The instance's own key, the pair's secret, and a one-time key; beside them a key of the Command API is hashed.
        for instance in [&master, &tenant] {
            let rotated = rotate(&instance.store, &instance.keyring, SEALED_PLACES, instance.now()).await.unwrap();
            assert_eq!(rotated.resealed, 3);
            assert_eq!(instance.keyring.ids().len(), 1);
        }
        let made = master.connect("Production", json!({})).await;
        assert_eq!(master.sync(these(&[made.id])).await.unwrap().counts.added, 1);
        master.tenants.register(&master.admin, waiting.id, None).await.unwrap();
        let third = TenantInstance::over(
            TestStore::on(master.store.engine()).await,
            TenantSettings { name: "Third".to_owned(), ..TenantSettings::default() },
        )
        .await;
        let added = third.create_tenant("TestTenant", &tenant.url, &open).await.unwrap();
        third.tenants.register(&third.admin, added.id, None).await.unwrap();
    }
}

#[tokio::test]
async fn two_masters_of_one_name_are_told_apart() {
    for [master, tenant] in TenantInstance::registered_pairs().await {
        let other = TenantInstance::over(TestStore::on(master.store.engine()).await, TenantSettings::default()).await;
        let added = other.create_tenant("TestTenant", &tenant.url, &tenant.one_time_key(60_000).await).await.unwrap();
        let error = other.tenants.register(&other.admin, added.id, None).await.unwrap_err().to_string();
        assert!(error.contains("Another master of this tenant has the name"), "{error}");
        drop(master);
    }
}
