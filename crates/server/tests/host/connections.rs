//! Connections: the rights to see and use them, the checks of their parameters, and the choice of the connection for a
//! command.

use serde_json::{Value, json};
use soar_host::vault::VaultSettings;
use soar_store::model::{ConnectionId, Moment, ParameterState, Role, Version};

use crate::direct::DirectConnections as _;
use crate::stage::{ExecutorStage, because, parameters};

fn draft(name: &str, site: &str) -> Value {
    json!({"integration": "gate", "name": name, "site": site,
        "parameters": {"server-url": "http://gate.example", "Password": "open sesame"}})
}

#[tokio::test]
async fn a_connection_keeps_its_form_and_shows_no_secret() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        stage.caller("Analyst", &stage.site, &[]).await;
        stage.agent(&admin, json!({"name": "Agent 7", "address": "http://proxy.example"})).await.unwrap();
        let made = stage
            .create(
                &admin,
                json!({
                    "integration": "Gate", "name": " Main ", "site": "shared to INTERNAL sites",
                    "recipientSite": "security operations", "agentName": "Agent 7", "description": "For tests",
                    "tenant": "Tenant", "users": ["analyst", "ANALYST"], "healthCheckMinutes": 15,
                    "healthCheckEmail": "soc@example.com",
                    "parameters": {"Server URL": " http://gate.example ", "Password": "open sesame"},
                }),
            )
            .await
            .unwrap();
        let mut shown = serde_json::to_value(stage.executor.connections().see(&admin, made.id).await.unwrap()).unwrap();
        for moment in ["createdAt", "modifiedAt", "id"] {
            assert!(shown[moment].as_i64().unwrap() > 0);
            shown.as_object_mut().unwrap().remove(moment);
        }
        assert_eq!(
            shown,
            json!({
                "integration": "gate", "name": "Main", "site": "Shared to internal sites",
                "recipientSite": "Security Operations", "agentName": "Agent 7", "description": "For tests",
                "tenant": "Tenant", "owner": null, "active": true, "users": ["Analyst"], "version": 1,
                "healthCheck": {"everyMinutes": 15, "email": "soc@example.com", "webhooks": [],
                    "alertAfter": 3, "recoverAfter": 2, "slowMs": 5000},
                "parameters": {"Server URL": "http://gate.example", "Password": {"secret": true}},
            })
        );
        assert!(!format!("{made:?}").contains("sesame"));
    }
}

#[tokio::test]
async fn a_name_is_unique_per_integration_and_place() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        stage.create(&admin, draft("Main", "Security Operations")).await.unwrap();
        let again = because(stage.create(&admin, draft("MAIN", "Security Operations")).await);
        assert!(again.contains("The connection \"MAIN\" exists already"), "{again}");
        stage.create(&admin, draft("Main", "Client")).await.unwrap();
        stage.create(&admin, draft("Main", "Shared to internal sites")).await.unwrap();
        because(stage.create(&admin, draft("main", "Shared to internal sites")).await);
        let other = stage.create(&admin, draft("Other", "Client")).await.unwrap();
        because(stage.update(&admin, other.id, json!({"name": "main"})).await);
        assert_eq!(stage.executor.connections().see(&admin, other.id).await.unwrap().name, "Other");
    }
}

#[tokio::test]
async fn what_cannot_work_is_refused_with_what_to_do_and_without_the_secret() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let refused = async |change: Value| {
            let mut draft = draft("Main", "Security Operations");
            for (name, value) in parameters(change) {
                draft[name] = value;
            }
            let text = because(stage.create(&admin, draft).await);
            assert!(!text.contains("sesame"), "{text}");
            text
        };
        for (change, expected) in [
            (json!({"integration": "gaet"}), "Did you mean \"gate\"?"),
            (json!({"site": "Securty Operations"}), "Did you mean \"Security Operations\"?"),
            (json!({"recipientSite": "Security Operations"}), "Shared to internal sites"),
            (json!({"site": "Shared to internal sites", "recipientSite": "Client"}), "no internal site"),
            (json!({"name": "\u{1b}[2J"}), "invisible character U+001B"),
            (json!({"name": " "}), "is empty"),
            (json!({"name": "x".repeat(101)}), "longer than 100"),
            (json!({"users": ["Nobody"]}), "There is no user \"Nobody\""),
            (json!({"healthCheckMinutes": 0}), "1 to 43200"),
            (json!({"healthCheckMinutes": 5, "healthCheckEmail": "nowhere"}), "Expected a mail address"),
            (json!({"healthCheckEmail": "a@b"}), "interval between checks"),
            (json!({"healthCheckWebhooks": ["operations"]}), "interval between checks"),
            (json!({"parameters": {}}), "Server URL: It is required"),
            (json!({"parameters": {"Server URL": "http://x", "Pasword": "open sesame"}}), "Did you mean \"Password\"?"),
            (json!({"parameters": {"Server URL": "http://x", "server_url": "http://x"}}), "two spellings"),
            (json!({"parameters": {"Server URL": {"reference": "env:FOOTPRINT_SECRET_GOOD"}}}), "no secret"),
            (json!({"parameters": {"Server URL": "http://x", "Password": "y".repeat(65_537)}}), "longer than"),
            (json!({"parameters": {"Server URL": "http://break-down"}}), "plugin panicked"),
        ] {
            let text = refused(change.clone()).await;
            assert!(text.contains(expected), "{change}: {text}");
        }
        assert!(stage.executor.connections().list(&admin).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_change_keeps_what_is_not_given_and_raises_the_version() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let made = stage.gate("Main").await;
        let changed = stage
            .update(&admin, made.id, json!({"version": 1, "description": "New", "parameters": {"Password": ""}}))
            .await
            .unwrap();
        assert_eq!((changed.version, changed.description.as_str()), (Version(2), "New"));
        assert!(changed.parameters.iter().any(|one| one.name == "Password" && one.value == ParameterState::Sealed));
        let stale = because(stage.update(&admin, made.id, json!({"version": 1, "active": false})).await);
        assert!(stale.contains("changed since you read it") && stale.contains("version 2"), "{stale}");
        let without = stage.update(&admin, made.id, json!({"parameters": {"password": null}})).await.unwrap();
        assert_eq!(without.parameters.len(), 1);
        assert!(without.active);
        stage.executor.connections().delete(&admin, made.id).await.unwrap();
        because(stage.executor.connections().see(&admin, made.id).await);
        because(stage.update(&admin, made.id, json!({})).await);
    }
}

#[tokio::test]
async fn secrets_are_not_sent_to_another_address_than_they_were_given_for() {
    for stage in ExecutorStage::on_both().await {
        let made = stage.gate("Main").await;
        let manager = stage.caller("Manager", &stage.site, &[(stage.site.id, Role::Manager)]).await;
        let elsewhere = json!({"parameters": {"Server URL": "http://mine.example"}});
        let text = because(stage.update(&manager, made.id, elsewhere).await);
        assert!(text.contains("Server URL") && text.contains("give these secrets again: Password"), "{text}");
        let both = json!({"parameters": {"Server URL": "http://mine.example", "Password": "my own"}});
        stage.update(&manager, made.id, both).await.unwrap();
        let same = json!({"parameters": {"Server URL": "http://mine.example"}, "description": "Same"});
        stage.update(&manager, made.id, same).await.unwrap();
    }
}

#[tokio::test]
async fn every_setting_that_decides_where_secrets_go_wants_them_again() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let manager = stage.caller("Manager", &stage.site, &[(stage.site.id, Role::Manager)]).await;
        let mut own = json!({
            "integration": "coda-footprint", "name": "Own", "site": "Security Operations",
            "parameters": {
                "Server URL": "https://footprint.example", "User Name": "soar@example.com", "Password": "canary",
                "Skip Certificate Checks": "No",
            },
        });
        let sealed = stage.create(&admin, own.clone()).await.unwrap();
        own["name"] = json!("Elsewhere");
        own["parameters"]["Password"] = json!({ "reference": "env:FOOTPRINT_SECRET_GOOD" });
        let referred = stage.create(&admin, own).await.unwrap();
        for made in [sealed, referred] {
            for (setting, value) in [
                ("Server URL", "https://mine.example"),
                ("Proxy", "http://mine.example:3128"),
                ("Skip Certificate Checks", "Yes"),
                ("Allow Plain HTTP To", "mine.example"),
            ] {
                let change = json!({ "parameters": { setting: value } });
                let text = because(stage.update(&manager, made.id, change).await);
                assert!(text.contains(setting) && text.contains("give these secrets again: Password"), "{text}");
            }
            // A missing value means No. A setting for the rate of requests does not direct secrets.
            let harmless = json!({ "parameters": { "Skip Certificate Checks": "", "Requests per Second": "5" } });
            stage.update(&manager, made.id, harmless).await.unwrap();
            let again = json!({ "parameters": { "Skip Certificate Checks": "Yes", "Password": "my own" } });
            stage.update(&manager, made.id, again).await.unwrap();
        }
    }
}

#[tokio::test]
async fn where_a_secret_lives_is_for_administrators_and_allowed_places_only() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let manager = stage.caller("Manager", &stage.site, &[(stage.site.id, Role::Manager)]).await;
        let at = |place: &str| {
            let mut draft = draft("Main", "Security Operations");
            draft["parameters"]["Password"] = json!({ "reference": place });
            draft
        };
        let text = because(stage.create(&manager, at("env:FOOTPRINT_SECRET_GOOD")).await);
        assert!(text.contains("Only an administrator"), "{text}");
        for (place, expected) in [
            ("env:HOME", "start with FOOTPRINT_SECRET_"),
            ("file:/etc/hostname", "allow no folders"),
            ("command:print", "declare no such command"),
        ] {
            let text = because(stage.create(&admin, at(place)).await);
            assert!(text.contains(expected) && text.contains(place) && !text.contains("/root"), "{text}");
        }
        let made = stage.create(&admin, at("env:FOOTPRINT_SECRET_GOOD")).await.unwrap();
        let shown = serde_json::to_value(&made).unwrap();
        assert_eq!(shown["parameters"]["Password"], json!({"reference": "env:FOOTPRINT_SECRET_GOOD"}));
        // Repeating the stored reference is no change.
        let same = json!({"parameters": {"Password": {"reference": "env:FOOTPRINT_SECRET_GOOD"}}});
        stage.update(&manager, made.id, same).await.unwrap();
        let tested = stage.executor.test(&manager, made.id).await.unwrap();
        assert_eq!(tested.finished.outcome.result.rows[0][1], json!("open sesame".len()));
        // But it does not count as giving the secret again: the secret would go to a server of the manager.
        let elsewhere = json!({"parameters": {
            "Server URL": "http://mine.example", "Password": {"reference": "env:FOOTPRINT_SECRET_GOOD"},
        }});
        let text = because(stage.update(&manager, made.id, elsewhere.clone()).await);
        assert!(text.contains("Server URL") && text.contains("give these secrets again: Password"), "{text}");
        stage.update(&admin, made.id, elsewhere).await.unwrap();
    }
    let settings = VaultSettings { managers_may_refer: true, ..VaultSettings::default() };
    for stage in ExecutorStage::on_both_with(Default::default(), settings).await {
        let manager = stage.caller("Manager", &stage.site, &[(stage.site.id, Role::Manager)]).await;
        let mut draft = draft("Main", "Security Operations");
        draft["parameters"]["Password"] = json!({"reference": "env:FOOTPRINT_SECRET_MISSING"});
        let made = stage.create(&manager, draft).await.unwrap();
        let tested = stage.executor.test(&manager, made.id).await.unwrap();
        assert!(
            !tested.passed && tested.text.contains("env:FOOTPRINT_SECRET_MISSING does not exist"),
            "{}",
            tested.text
        );
    }
}

#[tokio::test]
async fn who_may_not_use_a_connection_does_not_find_it() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let site = stage.site.id;
        let named = stage.caller("Named", &stage.site, &[(site, Role::Analyst)]).await;
        let other = stage.caller("Other", &stage.site, &[(site, Role::Analyst)]).await;
        let viewer = stage.caller("Viewer", &stage.site, &[(site, Role::Viewer)]).await;
        let manager = stage.caller("Manager", &stage.site, &[(site, Role::Manager)]).await;
        let mut restricted = draft("Main", "Security Operations");
        restricted["users"] = json!(["Named"]);
        let made = stage.create(&admin, restricted).await.unwrap();
        let connections = stage.executor.connections();
        assert_eq!(connections.list(&named).await.unwrap().len(), 1);
        let missing = because(connections.see(&admin, ConnectionId(made.id.0 + 1)).await)
            .replace(&(made.id.0 + 1).to_string(), "N");
        for caller in [&other, &viewer] {
            assert!(connections.list(caller).await.unwrap().is_empty());
            let hidden = [
                because(connections.see(caller, made.id).await),
                because(connections.delete(caller, made.id).await),
                because(stage.update(caller, made.id, json!({})).await),
                because(stage.executor.test(caller, made.id).await),
            ];
            for text in hidden {
                assert_eq!(text.replace(&made.id.to_string(), "N"), missing);
            }
        }
        let none = because(connections.choose(&other, &["gate"], Some("Main")).await);
        assert!(none.contains("no connection") && !none.contains("Main"), "{none}");
        let right = because(connections.choose(&viewer, &["gate"], Some("Main")).await);
        assert!(right.contains("the right to use connections"), "{right}");
        let may_not = because(connections.delete(&named, made.id).await);
        assert!(may_not.contains("the right to manage connections on \"Security Operations\""), "{may_not}");
        // A manager sees the connection without being one of its users.
        connections.see(&manager, made.id).await.unwrap();
        because(connections.choose(&manager, &["gate"], None).await);
        connections.choose(&admin, &["gate"], None).await.unwrap();
        let mut idle = named.clone();
        idle.user.active = false;
        because(connections.choose(&idle, &["gate"], None).await);
    }
}

#[tokio::test]
async fn a_shared_connection_works_on_internal_sites_and_is_managed_with_rights_on_all_of_them() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let (site, client) = (stage.site.id, stage.client.id);
        let here = stage.caller("Here", &stage.site, &[(site, Role::Manager), (client, Role::Manager)]).await;
        let there = soar_store::model::Caller { site: stage.client.clone(), ..here.clone() };
        let shared = stage.create(&here, draft("Shared", "Shared to internal sites")).await.unwrap();
        let connections = stage.executor.connections();
        assert_eq!(connections.choose(&here, &["gate"], None).await.unwrap().id, shared.id);
        because(connections.choose(&there, &["gate"], None).await);
        // A further internal site, on which this manager has no role.
        let mut transaction = stage.test.store.transaction().await.unwrap();
        let mut other = soar_store::NewSite {
            name: "Elsewhere".to_owned(),
            kind: soar_store::model::SiteKind::Internal,
            description: String::new(),
            time_zone: "UTC".to_owned(),
            language: "en".to_owned(),
        };
        transaction.records().create_site(&other, Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        other.name.clear();
        let text = because(stage.update(&here, shared.id, json!({"description": "Mine"})).await);
        assert!(text.contains("on every internal site"), "{text}");
        let own = stage.create(&here, draft("Own", "Client")).await.unwrap();
        because(stage.update(&here, own.id, json!({"site": "Shared to internal sites"})).await);
        stage.update(&admin, shared.id, json!({"site": "Client"})).await.unwrap();
        because(connections.choose(&here, &["gate"], None).await);
    }
}

#[tokio::test]
async fn with_several_connections_the_name_says_which() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let connections = stage.executor.connections();
        let none = because(connections.choose(&admin, &["gate"], None).await);
        assert!(none.contains("There is no connection for this command on \"Security Operations\""), "{none}");
        let own = stage.create(&admin, draft("Main", "Security Operations")).await.unwrap();
        assert_eq!(connections.choose(&admin, &["gate"], None).await.unwrap().id, own.id);
        stage.create(&admin, draft("Main", "Shared to internal sites")).await.unwrap();
        let shared = stage.create(&admin, draft("Backup", "Shared to internal sites")).await.unwrap();
        let several = because(connections.choose(&admin, &["gate"], None).await);
        assert!(several.contains("\"Backup\", \"Main\"") && several.contains("Connection Name"), "{several}");
        assert_eq!(connections.choose(&admin, &["gate"], Some(" main ")).await.unwrap().id, own.id);
        assert_eq!(connections.choose(&admin, &["gate"], Some("BACKUP")).await.unwrap().id, shared.id);
        let wrong = because(connections.choose(&admin, &["gate"], Some("Bakcup")).await);
        assert!(wrong.contains("Did you mean \"Backup\"?"), "{wrong}");
        stage.update(&admin, shared.id, json!({"active": false})).await.unwrap();
        let inactive = because(connections.choose(&admin, &["gate"], Some("Backup")).await);
        assert!(inactive.contains("inactive"), "{inactive}");
        let inactive = because(stage.executor.test(&admin, shared.id).await);
        assert!(inactive.contains("inactive"), "{inactive}");
    }
}

#[tokio::test]
async fn two_changes_at_once_both_happen() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let made = stage.gate("Main").await;
        let (one, other) = tokio::join!(
            stage.update(&admin, made.id, json!({"description": "One"})),
            stage.update(&admin, made.id, json!({"tenant": "Other"})),
        );
        let mut versions = [one.unwrap().version, other.unwrap().version];
        versions.sort_unstable();
        assert_eq!(versions, [Version(2), Version(3)]);
        let now = stage.executor.connections().see(&admin, made.id).await.unwrap();
        assert_eq!((now.description.as_str(), now.tenant.as_deref()), ("One", Some("Other")));
    }
}
