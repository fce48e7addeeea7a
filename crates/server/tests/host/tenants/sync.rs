//! The results of a sync: added, changed, unchanged, withdrawn, or failed with a code.

use footprint_simulator::{Options, Simulator, UserKind};
use serde_json::{Value, json};
use soar_store::model::{ConnectionId, Moment, SyncChange, SyncRunId, SyncStatus};

use super::instance::{TenantInstance, all_shared, these};
use crate::direct::DirectConnections as _;

/// The documents' own request; the numbers are adapted.
fn documented(id: ConnectionId) -> Value {
    json!({
        "Sync All Shared": "False",
        "Connection Info": [
            {
                "Integration Name": "CODA Footprint",
                "Connection Name": "TestConnection",
                "Site": "Shared to internal sites"
            },
            { "ConnectionId": id }
        ],
        "Tenant Region": "AMER",
        "Tenant Name": "TestTenant",
        "Tenant Site": "TenantSite"
    })
}

#[tokio::test]
async fn the_documented_sample_is_answered_as_documented_and_the_connection_works_on_the_tenant() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let user = simulator.user(UserKind::Administrator);
    for [master, tenant] in TenantInstance::registered_pairs().await {
        let parameters = json!({
            "Server URL": simulator.url(), "User Name": user.user_name, "Password": user.password,
        });
        let shared = json!({ "site": "Shared to internal sites", "parameters": parameters });
        master.connect("TestConnection", shared).await;
        let other = master.connect("Other", json!({ "parameters": parameters })).await;
        for _again in 0..2 {
            let answer = master.command(documented(other.id)).await;
            assert_eq!(answer, (200, json!({ "error": "", "returnData": "Successful" })));
        }
        let received = tenant.all().await;
        assert_eq!(received.len(), 2);
        let mut caller = tenant.admin.clone();
        caller.site = tenant.store.reader().await.unwrap().records().site("TenantSite").await.unwrap();
        for name in ["TestConnection", "Other"] {
            let tested = tenant.executor.test(&caller, received[name].id).await.unwrap();
            assert!(tested.passed, "{}", tested.text);
        }
    }
}

#[tokio::test]
async fn a_connection_arrives_complete_and_what_is_the_same_is_left_alone() {
    for [mut master, tenant] in TenantInstance::registered_pairs().await {
        // The tenant's settings have no webhook. The connection arrives, and its alerts wait.
        master.connections = master.connections.clone().with_webhooks(["pager".to_owned()].into_iter().collect());
        let whole = json!({
            "site": "Shared to internal sites", "recipientSite": "Security Operations", "agentName": "agent",
            "description": "All of it", "users": ["Analyst"], "healthCheckMinutes": 15,
            "healthCheckEmail": "ops@example.com", "healthCheckWebhooks": ["pager"], "healthCheckAlertAfter": 2, "healthCheckRecoverAfter": 4,
            "healthCheckSlowMs": 700,
        });
        for instance in [&master, &tenant] {
            instance.agent("agent", "http://127.0.0.1:9").await;
        }
        let made = master.connect("Whole", whole).await;
        let plain = master.connect("Plain", json!({ "active": false })).await;
        let plan = master.plan(these(&[made.id, plain.id])).await;
        assert_eq!(master.outcome(&plan).await, ["Whole: Added", "Plain: Added"]);
        assert!(plan.planned && tenant.all().await.is_empty(), "a plan changes nothing");
        let run = master.sync(these(&[made.id, plain.id])).await.unwrap();
        assert_eq!((run.counts.added, run.status), (2, SyncStatus::Successful));
        let received = tenant.all().await;
        let whole = serde_json::to_value(&received["Whole"]).unwrap();
        let expected = json!({
            "integration": "coda-footprint", "name": "Whole", "site": "Shared to internal sites",
            "recipientSite": "TenantSite", "agentName": "agent", "description": "All of it", "tenant": null,
            "active": true, "users": ["analyst"],
            "owner": { "master": "Master", "region": "Headquarters", "connection": made.id },
            "healthCheck": {
                "everyMinutes": 15, "email": "ops@example.com", "webhooks": ["pager"], "alertAfter": 2, "recoverAfter": 4, "slowMs": 700,
            },
        });
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&whole[field], value, "{field}: {whole}");
        }
        assert_eq!(whole["parameters"]["Password"], json!({ "secret": true }));
        assert_eq!((received["Plain"].place.name(), received["Plain"].active), ("TenantSite", false));
        let check = tenant.store.reader().await.unwrap().records().health_check(received["Whole"].id).await.unwrap();
        let check = check.unwrap().what;
        assert!(check.active && check.alert_after == 2 && check.recover_after == 4 && check.slow_ms == 700);

        let again = master.sync(these(&[made.id, plain.id])).await.unwrap();
        assert_eq!(again.counts.unchanged, 2);
        let versions = |all: &std::collections::BTreeMap<String, soar_store::model::Connection>| {
            all.values().map(|one| one.version).collect::<Vec<_>>()
        };
        assert_eq!(versions(&tenant.all().await), versions(&received), "what is the same is not touched");

        for (change, expected) in [
            (json!({ "description": "Less of it" }), "Whole: Changed"),
            (json!({ "parameters": { "Password": "another one" } }), "Whole: Changed"),
            (json!({ "healthCheckMinutes": 5 }), "Whole: Changed"),
            (json!({ "healthCheckWebhooks": [] }), "Whole: Changed"),
            (json!({ "healthCheckMinutes": null, "healthCheckEmail": null }), "Whole: Changed"),
            (json!({ "name": "All" }), "All: Changed"),
            (json!({ "site": "Client", "users": [] }), "All: Changed"),
            (json!({ "active": false }), "All: Changed"),
        ] {
            master.change(made.id, change.clone()).await.unwrap();
            let planned = master.plan(these(&[made.id])).await;
            assert_eq!(master.outcome(&planned).await, [expected], "{change}");
            let run = master.sync(these(&[made.id])).await.unwrap();
            assert_eq!(master.outcome(&run).await, [expected], "{change}");
            assert_eq!(master.sync(these(&[made.id])).await.unwrap().counts.unchanged, 1, "{change}");
        }
        let now = &tenant.all().await["All"];
        assert_eq!((now.place.name(), now.active, now.users.len()), ("TenantSite", false, 0));
        assert_eq!(now.health_check, None);
    }
}

#[tokio::test]
async fn sync_all_shared_sends_what_the_field_tenant_says_and_takes_the_rest_back() {
    for [master, tenant] in TenantInstance::registered_pairs().await {
        let everywhere = master.connect("Everywhere", json!({ "tenant": "All tenants" })).await;
        let here = master.connect("Here", json!({ "tenant": "Other, testtenant/tenantsite" })).await;
        master.connect("Elsewhere", json!({ "tenant": "TestTenant/Client" })).await;
        let private = master.connect("Private", json!({})).await;
        let run = master.sync(all_shared()).await.unwrap();
        assert_eq!(master.outcome(&run).await, ["Everywhere: Added", "Here: Added"]);
        // A named connection is sent, unless its field Tenant names only other tenants.
        let others = master.connect("Others", json!({ "tenant": "Other" })).await;
        let run = master.sync(these(&[private.id, others.id])).await.unwrap();
        assert_eq!(master.outcome(&run).await, ["Private: Added", "Others: not-shared"]);
        assert_eq!(run.status, SyncStatus::PartiallySuccessful);
        assert_eq!(run.counts.withdrawn, 0, "a sync of named ones takes nothing back");

        master.change(everywhere.id, json!({ "tenant": null })).await.unwrap();
        master.connections.delete(&master.admin, here.id).await.unwrap();
        let plan = master.plan(all_shared()).await;
        let expected = ["Everywhere: Withdrawn", "Here: Withdrawn", "Private: Withdrawn"];
        assert_eq!(master.outcome(&plan).await, expected);
        assert_eq!(tenant.all().await.len(), 3);
        let named = master.sync(these(&[private.id])).await.unwrap();
        assert_eq!((named.counts.unchanged, tenant.all().await.len()), (1, 3));
        let run = master.sync(all_shared()).await.unwrap();
        assert_eq!(master.outcome(&run).await, expected);
        assert!(tenant.all().await.is_empty());
        assert_eq!(master.sync(all_shared()).await.unwrap().counts, Default::default());
        master.sync(these(&[private.id])).await.unwrap();
        let (_, answer) = master
            .command(json!({
                "Sync All Shared": "True", "Tenant Region": "AMER", "Tenant Name": "TestTenant",
                "Tenant Site": "TenantSite",
            }))
            .await;
        assert_eq!((&answer["error"], &answer["returnData"]), (&json!(""), &json!("Successful")));
        let told = &answer["contextData"][0];
        assert_eq!((&told["Connection Name"], &told["Result"]), (&json!("Private"), &json!("Withdrawn")), "{answer}");

        // The name of a withdrawn connection is free for another connection in the same sync.
        let new = master.connect("Reborn", json!({ "tenant": "TestTenant" })).await;
        master.sync(all_shared()).await.unwrap();
        master.connections.delete(&master.admin, new.id).await.unwrap();
        master.connect("Reborn", json!({ "tenant": "TestTenant" })).await;
        let run = master.sync(all_shared()).await.unwrap();
        assert_eq!(master.outcome(&run).await, ["Reborn: Withdrawn", "Reborn: Added"]);
        // The tenant's own connections stay, and so do connections of other sites.
        tenant.connect("Own", json!({ "site": "TenantSite" })).await;
        let mut client = these(&[private.id]);
        client["tenantSite"] = json!("Client");
        master.sync(client).await.unwrap();
        master.sync(all_shared()).await.unwrap();
        assert_eq!(tenant.all().await.keys().collect::<Vec<_>>(), ["Own", "Private", "Reborn"]);
    }
}

#[tokio::test]
async fn a_shared_connection_is_the_client_sites_own_there_and_one_connection_on_internal_sites() {
    for [master, tenant] in TenantInstance::registered_pairs().await {
        let made = master.connect("Shared", json!({ "site": "Shared to internal sites" })).await;
        for (site, change) in [
            ("TenantSite", SyncChange::Added),
            ("Security Operations", SyncChange::Unchanged),
            ("Client", SyncChange::Added),
        ] {
            let mut request = these(&[made.id]);
            request["tenantSite"] = json!(site);
            let run = master.sync(request).await.unwrap();
            assert_eq!(master.results(&run).await[0].change, change, "{site}");
        }
        let all = tenant.connections.list(&tenant.admin).await.unwrap();
        let mut places: Vec<_> = all.iter().map(|one| one.place.name().to_owned()).collect();
        places.sort();
        assert_eq!(places, ["Client", "Shared to internal sites"]);
    }
}

#[tokio::test]
async fn what_cannot_be_done_on_the_tenant_has_a_code_a_cause_and_a_cure_and_spoils_nothing_else() {
    for [master, tenant] in TenantInstance::registered_pairs().await {
        let good = master.connect("Good", json!({})).await;
        let taken = master.connect("Taken", json!({})).await;
        tenant.connect("taken", json!({ "site": "TenantSite" })).await;
        let stranger = soar_store::NewUser { name: "stranger".into(), email: None, is_administrator: false };
        let mut transaction = master.store.transaction().await.unwrap();
        transaction.records().create_user(&stranger, Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        let restricted = master.connect("Restricted", json!({ "users": ["stranger"] })).await;
        let elsewhere = json!({ "parameters": {
            "Server URL": "http://127.0.0.1:9", "User Name": "u", "Password": { "reference": "env:FOOTPRINT_SECRET_GONE" },
        }});
        let gone = master.connect("Gone", elsewhere).await;
        let vault = json!({ "parameters": {
            "Server URL": "http://127.0.0.1:9", "User Name": "u", "Password": { "reference": "env:FOOTPRINT_SECRET_GOOD" },
        }});
        let fetched = master.connect("Fetched", vault).await;
        let ids = [taken.id, restricted.id, gone.id, fetched.id, good.id, ConnectionId(999)];
        let run = master.sync(these(&ids)).await.unwrap();
        let mut outcome = master.outcome(&run).await;
        outcome.sort();
        let expected = [
            ": unknown-connection",
            "Fetched: Added",
            "Gone: secret-not-available",
            "Good: Added",
            "Restricted: user-missing",
            "Taken: name-taken",
        ];
        assert_eq!(outcome, expected);
        for result in master.results(&run).await {
            if let Some(why) = result.failure {
                assert!(!why.cause.is_empty() && !why.cure.is_empty(), "{why:?}");
            }
        }
        // A secret in the master's vault arrives as the secret itself.
        let received = &tenant.all().await["Fetched"];
        assert_eq!(serde_json::to_value(received).unwrap()["parameters"]["Password"], json!({ "secret": true }));
        assert_eq!(master.sync(these(&[fetched.id])).await.unwrap().counts.unchanged, 1);
        let mut nowhere = these(&[good.id]);
        nowhere["tenantSite"] = json!("Nowhere");
        let run = master.sync(nowhere).await.unwrap();
        assert_eq!(master.outcome(&run).await, ["Good: no-such-site"]);

        let (status, answer) = master
            .command(json!({
                "Connection Info": [{ "ConnectionId": taken.id }, { "ConnectionId": good.id }], "Region": "amer",
                "TenantName": "testtenant", "Tenant Site": "tenantsite",
            }))
            .await;
        assert_eq!(
            (status, &answer["returnData"], &answer["error"]),
            (200, &json!("Partially Successful"), &json!(""))
        );
        let row = &answer["contextData"][0];
        assert_eq!((&row["Connection Name"], &row["Error Code"]), (&json!("Taken"), &json!("name-taken")), "{answer}");
        let (_, answer) = master
            .command(json!({
                "Connection Info": [{ "ConnectionId": taken.id }], "Tenant Region": "AMER", "Tenant Name": "TestTenant",
                "Tenant Site": "TenantSite",
            }))
            .await;
        assert_eq!(answer["returnData"], "Failed");
        assert!(
            answer["error"].as_str().unwrap().starts_with("\"TestTenant\": The tenant already has another"),
            "{answer}"
        );

        // After the repair, the retry of the first run does only the failed parts.
        tenant.connections.delete(&tenant.admin, tenant.all().await["taken"].id).await.unwrap();
        let retried = master.tenants.retry_failed(&master.admin, run_of(&master, 1).await, &|_| {}).await.unwrap();
        let mut outcome = master.outcome(&retried).await;
        outcome.sort();
        assert_eq!(outcome, ["Gone: secret-not-available", "Restricted: user-missing", "Taken: Added"]);
    }
}

/// The number of the first run that was no plan.
async fn run_of(master: &TenantInstance, index: usize) -> SyncRunId {
    let mut reader = master.store.reader().await.unwrap();
    let runs = reader.records().sync_runs(None, 100).await.unwrap();
    runs[runs.len() - index].id
}

#[tokio::test]
async fn what_is_asked_for_must_make_sense() {
    for [master, _tenant] in TenantInstance::registered_pairs().await {
        let made = master.connect("Production", json!({})).await;
        let target = json!({ "Tenant Region": "AMER", "Tenant Name": "TestTenant", "Tenant Site": "TenantSite" });
        let with = |more: Value| {
            let mut all = target.clone();
            for (name, value) in more.as_object().unwrap() {
                all[name] = value.clone();
            }
            all
        };
        for (parameters, said) in [
            (with(json!({})), "Nothing to sync"),
            (with(json!({ "Sync All Shared": "False" })), "has no effect"),
            (with(json!({ "Sync All Shared": "No", "Connection Info": [] })), "Nothing to sync"),
            (with(json!({ "Connection Info": [{}] })), "entry 1: expected ConnectionId"),
            (with(json!({ "Connection Info": ["x"] })), "entry 1: expected an object"),
            (with(json!({ "Connection Info": [{ "ConnectionId": "x" }] })), "a whole number"),
            (with(json!({ "Connection Info": [{ "Conection": 1 }] })), "Unknown field \"Conection\""),
            (
                with(json!({ "Sync All Shared": "Yes", "Region": "EMEA" })),
                "are the same parameter and have different values",
            ),
            (json!({ "Sync All Shared": "Yes", "Tenant Site": "x" }), "Tenant Name is required"),
            (json!({ "Sync All Shared": "Yes", "allTenant": true }), "Tenant Site is required"),
        ] {
            let (status, answer) = master.command(parameters.clone()).await;
            assert_eq!(status, 400, "{parameters}: {answer}");
            assert!(answer["Error"].as_str().unwrap().contains(said), "{parameters}: {answer}");
        }
        // With both, Connection Info is ignored.
        let both = with(json!({ "Sync All Shared": true, "Connection Info": [{ "Conection": 1 }] }));
        assert_eq!(master.command(both).await, (200, json!({ "error": "", "returnData": "Successful" })));
        let none = with(json!({ "Tenant Name": "TestTenan", "Connection Info": [{ "ConnectionId": made.id }] }));
        let (status, answer) = master.command(none).await;
        assert_eq!(status, 200);
        assert!(answer["error"].as_str().unwrap().contains("Did you mean \"TestTenant\"?"), "{answer}");
        for parameters in [
            json!({ "allTenant": true, "Tenant Site": "TenantSite", "Connection Info": { "connectionid": made.id } }),
            json!({
                "allTenant": "Yes", "Region": "amer", "TenantName": "ignored", "Tenant Site": "TenantSite",
                "Connection Info": [{ "integration_name": "coda-footprint", "connection-name": "PRODUCTION" }],
            }),
        ] {
            let answer = master.command(parameters).await;
            assert_eq!(answer, (200, json!({ "error": "", "returnData": "Successful" })));
        }
    }
}

#[tokio::test]
async fn a_sync_under_an_idempotency_key_is_answered_the_same_and_done_once() {
    for [master, _tenant] in TenantInstance::registered_pairs().await {
        let made = master.connect("Production", json!({})).await;
        let body = json!({
            "Username": "Admin", "Site": "Security Operations",
            "CommandParams": {
                "Connection Info": [{ "ConnectionId": made.id }], "Tenant Region": "AMER", "Tenant Name": "TestTenant",
                "Tenant Site": "TenantSite",
            },
        });
        for _again in 0..3 {
            let request = master.client.post(format!("{}/VSOC/api/Command/SyncConnection", master.url));
            let request = request.header("d3key", &master.key).header("Idempotency-Key", "one").json(&body);
            assert_eq!(request.send().await.unwrap().json::<Value>().await.unwrap()["returnData"], "Successful");
        }
        let runs = master.store.reader().await.unwrap().records().sync_runs(None, 100).await.unwrap();
        assert_eq!(runs.len(), 1);
    }
}

#[tokio::test]
async fn syncs_of_one_tenant_at_the_same_time_leave_the_newest_state() {
    for [master, tenant] in TenantInstance::registered_pairs().await {
        let made = master.connect("Production", json!({ "description": "0" })).await;
        for round in 1..=5 {
            let change = master.change(made.id, json!({ "description": round.to_string() }));
            let syncs = futures_util::future::join_all((0..4).map(|_| master.sync(these(&[made.id]))));
            let (changed, runs) = tokio::join!(change, syncs);
            changed.unwrap();
            for run in runs {
                assert_eq!(run.unwrap().counts.failed, 0);
            }
            master.sync(these(&[made.id])).await.unwrap();
            assert_eq!(tenant.all().await["Production"].description, round.to_string());
        }
    }
}

#[tokio::test]
async fn runs_are_kept_shown_and_told_over_http() {
    for [master, _tenant] in TenantInstance::registered_pairs().await {
        let made = master.connect("Production", json!({ "tenant": "TestTenant" })).await;
        let (status, plan) =
            master.manage("POST", "/sync-runs", json!({ "request": all_shared(), "plan": true })).await;
        assert_eq!((status, &plan["planned"], &plan["counts"]["added"]), (200, &json!(true), &json!(1)), "{plan}");
        let (_, run) = master.manage("POST", "/sync-runs", json!({ "request": all_shared() })).await;
        assert_eq!((&run["status"], &run["tenants"]), (&json!("Successful"), &json!(1)), "{run}");
        let path = format!("/sync-runs/{}", run["id"]);
        let (_, results) = master.manage("GET", &format!("{path}/results?change=Added"), Value::Null).await;
        assert_eq!(results["results"][0]["connectionId"], made.id.0, "{results}");
        let (_, page) = master.manage("GET", "/sync-runs?limit=1", Value::Null).await;
        assert_eq!((&page["runs"][0]["id"], &page["next"]), (&run["id"], &run["id"]));
        let (status, refused) = master.manage("POST", &format!("{path}/retry"), Value::Null).await;
        assert!(status == 422 && refused["Error"].as_str().unwrap().contains("nothing to retry"), "{refused}");
        let (status, refused) = master.manage("POST", "/sync-runs", json!({ "request": { "tenantSite": "x" } })).await;
        assert!(status == 422 && refused["Error"].as_str().unwrap().contains("Nothing to sync"), "{refused}");
        assert_eq!(master.manage("GET", "/sync-runs/999", Value::Null).await.0, 404);
        assert_eq!(master.manage("POST", "/sync-runs/999/retry", Value::Null).await.0, 404);
    }
}
