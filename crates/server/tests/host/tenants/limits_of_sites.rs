//! Missing agents on a tenant, sites that the master deactivated, and paths of files on the master.

use serde_json::{Value, json};
use soar_connector::Clock as _;
use soar_host::connections::kept_paths;
use soar_store::model::{Caller, Moment, SyncStatus};
use sqlx::Connection as _;

use super::instance::{TenantInstance, these};
use crate::proxy::http_proxy;

async fn sql(instance: &TenantInstance, statement: String) {
    let address = instance.address();
    let address = if address.starts_with("postgres") { address } else { format!("sqlite:{address}") };
    let mut connection = sqlx::AnyConnection::connect(&address).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn on(instance: &TenantInstance, site: &str) -> Caller {
    let site = instance.store.reader().await.unwrap().records().site(site).await.unwrap();
    Caller { site, ..instance.admin.clone() }
}

#[tokio::test]
async fn a_tenant_without_the_agent_has_the_connection_and_runs_nothing_on_it() {
    for [master, tenant] in TenantInstance::registered_pairs().await {
        let (proxy, _) = http_proxy().await;
        let direct = master.connect("Main", json!({})).await;
        assert_eq!(master.sync(these(&[direct.id])).await.unwrap().status, SyncStatus::Successful);
        master.agent("Branch", &format!("http://{proxy}")).await;
        master.change(direct.id, json!({ "agentName": "Branch" })).await.unwrap();

        let plan = master.plan(these(&[direct.id])).await;
        assert_eq!(master.outcome(&plan).await, ["Main: agent-missing"]);
        assert_eq!(tenant.all().await["Main"].agent_name, None, "a plan changes nothing");
        let run = master.sync(these(&[direct.id])).await.unwrap();
        let results = master.results(&run).await;
        let why = results[0].failure.as_ref().unwrap();
        assert_eq!(why.code, "agent-missing");
        assert!(why.cause.contains("no command runs on it") && why.cause.contains("\"Branch\""), "{why:?}");

        // The tenant has the connection as it was sent, and it does not connect directly.
        let received = &tenant.all().await["Main"];
        assert_eq!(received.agent_name.as_deref(), Some("Branch"));
        let tested = tenant.executor.test(&on(&tenant, "TenantSite").await, received.id).await.unwrap();
        assert!(!tested.passed && tested.text.contains("which does not exist on this host"), "{}", tested.text);

        tenant.agent("branch", &format!("http://{proxy}")).await;
        let again = master.sync(these(&[direct.id])).await.unwrap();
        assert_eq!((again.status, again.counts.unchanged), (SyncStatus::Successful, 1));
        let tested = tenant.executor.test(&on(&tenant, "TenantSite").await, received.id).await.unwrap();
        assert!(tested.text.contains("the agent \"branch\""), "{}", tested.text);
    }
}

#[tokio::test]
async fn a_masters_path_is_read_on_the_master_and_never_opened_on_the_tenant() {
    for [master, tenant] in TenantInstance::registered_pairs().await {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let pem = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap().cert.pem();
        std::fs::write(&file, &pem).unwrap();
        let made = master.connect("Main", json!({})).await;
        let path = file.display().to_string();
        let insert = |id: i64, path: &str| {
            format!(
                "INSERT INTO connection_parameters (connection_id, name, kind, value) VALUES ({id}, 'CA File', 'Plain', '{path}')"
            )
        };
        sql(&master, insert(made.id.0, &path)).await;
        let run = master.sync(these(&[made.id])).await.unwrap();
        assert_eq!(master.outcome(&run).await, ["Main: Added"]);
        let received = serde_json::to_value(&tenant.all().await["Main"]).unwrap();
        let kept = received["parameters"]["CA File"].as_str().unwrap().to_owned();
        assert!(kept.contains("-----BEGIN CERTIFICATE-----") && !kept.contains(&path), "{kept}");
        assert_eq!(master.sync(these(&[made.id])).await.unwrap().counts.unchanged, 1);

        std::fs::remove_file(&file).unwrap();
        let run = master.sync(these(&[made.id])).await.unwrap();
        assert_eq!(master.outcome(&run).await, ["Main: certificates-not-available"]);

        // A path that an earlier version received.
        sql(&tenant, "DELETE FROM connection_parameters WHERE name = 'CA File'".to_owned()).await;
        sql(&tenant, insert(tenant.all().await["Main"].id.0, "/etc/passwd")).await;
        sql(&tenant, "UPDATE connections SET version = version + 1".to_owned()).await;
        let tested =
            tenant.executor.test(&on(&tenant, "TenantSite").await, tenant.all().await["Main"].id).await.unwrap();
        assert!(!tested.passed && tested.text.contains("was typed on the master"), "{}", tested.text);
        let mut reader = tenant.store.reader().await.unwrap();
        let kept = kept_paths(&mut reader.records(), tenant.executor.registry()).await.unwrap();
        assert!(kept.len() == 1 && kept[0].is_received, "{kept:?}");
    }
}

fn all_time() -> Value {
    json!({ "Start Time": "2020-01-01 00:00:00", "End Time": "2030-01-01 00:00:00" })
}

fn status(of: &str, site: &str) -> Value {
    json!({ "Tenant Name": "testtenant", "Tenant Site": site, "Status": of })
}

#[tokio::test]
async fn a_site_that_its_master_sets_inactive_runs_nothing_and_takes_no_sync() {
    const COMMAND: &str = "UpdateTenantSiteStatus";
    for [master, tenant] in TenantInstance::registered_pairs().await {
        let made = master.connect("Main", json!({ "healthCheckMinutes": 1 })).await;
        master.sync(these(&[made.id])).await.unwrap();
        let (code, answer) = master.command_at(COMMAND, "Security Operations", status("inactive", "tenantsite")).await;
        let row = json!({
            "Tenant Region": "AMER", "Tenant Name": "TestTenant", "Tenant Site": "tenantsite", "Status": "Inactive",
            "Result": "Successful",
        });
        assert_eq!(
            (code, &answer["returnData"], &answer["contextData"]),
            (200, &json!("Successful"), &json!([row])),
            "{answer}"
        );

        // The change applies at once on every surface.
        let (code, refused) = tenant.command_at("GetIncidents", "TenantSite", json!({})).await;
        assert_eq!(code, 200);
        let text = refused["error"].as_str().unwrap();
        assert!(text.contains("is inactive: the master \"Master\" set it so"), "{text}");
        let (_, refused) = tenant.command_at("ListScanners", "TenantSite", json!({})).await;
        assert!(refused["error"].as_str().unwrap().contains("is inactive"), "{refused}");
        let (code, elsewhere) = tenant.command_at("GetIncidents", "Client", all_time()).await;
        assert_eq!((code, &elsewhere["error"]), (200, &json!("")), "another site goes on");
        let received = tenant.all().await["Main"].id;
        let caller = on(&tenant, "TenantSite").await;
        assert!(tenant.executor.test(&caller, received).await.unwrap_err().to_string().contains("is inactive"));
        assert!(tenant.executor.diagnose(&caller, received).await.unwrap_err().to_string().contains("is inactive"));
        let agent = json!({ "name": "Proxy", "address": "http://127.0.0.1:9" });
        assert_eq!(tenant.manage("POST", "/agents", agent).await.0, 201);
        let (code, refused) = tenant.manage("POST", "/agents/Proxy/test", json!({ "connection": received })).await;
        assert!(code == 422 && refused["Error"].as_str().unwrap().contains("is inactive"), "{refused}");
        let (_, site) = tenant.manage("GET", "/sites/TenantSite", Value::Null).await;
        assert_eq!((&site["active"], &site["deactivatedBy"]), (&json!(false), &json!("Master")));
        let (_, health) = tenant.manage("GET", "/health", Value::Null).await;
        let shown = &health["connections"][0];
        assert!(shown["siteInactive"].as_str().unwrap().contains("Master") && shown["checked"] == false, "{health}");

        let run = master.sync(these(&[made.id])).await.unwrap();
        assert_eq!(master.outcome(&run).await, ["Main: site-inactive"]);
        assert_eq!(claimed(&tenant).await, 0, "no health check is due");

        // The tenant cannot undo the master's decision.
        let (code, refused) = tenant.manage("PATCH", "/sites/TenantSite", json!({ "active": true })).await;
        assert!(code == 422 && refused["Error"].as_str().unwrap().contains("only this master"), "{refused}");
        let again = master.command_at(COMMAND, "Security Operations", status("Inactive", "TenantSite")).await.1;
        assert_eq!(again["returnData"], "Successful", "twice is as once");

        let (_, answer) = master.command_at(COMMAND, "Security Operations", status("Active", "TenantSite")).await;
        assert_eq!(answer["returnData"], "Successful", "{answer}");
        let (_, allowed) = tenant.command_at("GetIncidents", "TenantSite", all_time()).await;
        assert_eq!(allowed["error"], "");
        assert_eq!(claimed(&tenant).await, 1);
        assert_eq!(master.outcome(&master.sync(these(&[made.id])).await.unwrap()).await, ["Main: Unchanged"]);
        let heard: Vec<_> =
            tenant.audit().await.into_iter().filter(|one| one.command == "tenant set site status").collect();
        assert_eq!(heard.len(), 3);
        assert!(heard.iter().all(|one| one.accepted && one.site.eq_ignore_ascii_case("TenantSite")), "{heard:?}");

        // Once the master is revoked, the tenant decides.
        master.command_at(COMMAND, "Security Operations", status("Inactive", "TenantSite")).await;
        tenant.revoke_master("Master").await;
        let (code, site) = tenant.manage("PATCH", "/sites/TenantSite", json!({ "active": true })).await;
        assert_eq!((code, &site["active"]), (200, &json!(true)));
    }
}

/// The number of due times that a scheduler of the instance claims within an hour.
async fn claimed(instance: &TenantInstance) -> usize {
    instance.clock.advance(std::time::Duration::from_secs(3600));
    let mut transaction = instance.store.transaction().await.unwrap();
    let in_hand = std::collections::BTreeSet::new();
    let lease = std::time::Duration::from_secs(15);
    let holder = soar_store::Holder { node: "test", lease, in_hand: &in_hand };
    let now = Moment::from(instance.clock.now());
    let due = transaction.records().claim_due(holder, now, 10).await.unwrap();
    // Nothing of it is stored.
    due.claimed.len()
}

#[tokio::test]
async fn a_status_that_cannot_be_set_is_told_in_words() {
    const COMMAND: &str = "UpdateTenantSiteStatus";
    for [master, tenant] in TenantInstance::registered_pairs().await {
        let call = async |parameters: Value| master.command_at(COMMAND, "Security Operations", parameters).await;
        let (code, answer) = call(status("Inactive", "Nowhere")).await;
        assert_eq!((code, &answer["returnData"]), (200, &json!("Failed")));
        assert!(answer["error"].as_str().unwrap().contains("no site \"Nowhere\""), "{answer}");
        assert_eq!(answer["contextData"][0]["Error Code"], "no-such-site");
        let (code, answer) =
            call(json!({ "Tenant Name": "TestTenent", "Tenant Site": "TenantSite", "Status": "Active" })).await;
        assert!(code == 200 && answer["error"].as_str().unwrap().contains("Did you mean \"TestTenant\"?"), "{answer}");
        for wrong in [json!({}), status("Asleep", "TenantSite"), status("Active", " ")] {
            assert_eq!(call(wrong.clone()).await.0, 400, "{wrong}");
        }
        tenant.revoke_master("Master").await;
        let (_, answer) = call(status("Inactive", "TenantSite")).await;
        assert_eq!(answer["contextData"][0]["Error Code"], "revoked", "{answer}");
    }
}
