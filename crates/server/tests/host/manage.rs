//! The management API.

use std::sync::Arc;

use coda_footprint::FootprintPlugin;
use serde_json::{Value, json};
use soar_connector::SystemClock;
use soar_host::Host;
use soar_host::access::KeyRequest;
use soar_host::commands::KnownCommands;
use soar_host::connections::Connections;
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::operations::{IdempotencyKey, KeyToMake, OperationError, Operations, RequestContext};
use soar_host::plugins::PluginRegistry;
use soar_host::sealing::Keyring;
use soar_host::settings::HostSettings;
use soar_host::vault::{Vault, VaultSettings};
use soar_store::Engine;
use soar_store::model::Allowed;
use soar_store::testing::TestStore;

use crate::findings::world::FindingsWorld;
use crate::support::{TestHost, answer, key_request};

#[tokio::test]
async fn only_a_key_that_may_manage_opens_it() {
    for host in TestHost::on_both().await {
        let plain = host.issue(&key_request("plain", "Admin")).await;
        let url = format!("{}/api/manage/v1/sites", host.url);
        assert_eq!(answer(host.client.get(&url)).await.0, 401);
        assert_eq!(answer(host.client.get(&url).header("d3key", plain)).await.0, 403);
        assert_eq!(answer(host.client.get(&url).header("d3key", &host.key)).await.0, 200);
        let entries = host.audit().await;
        let statuses: Vec<_> = entries.iter().map(|entry| (entry.status, entry.command.as_str())).collect();
        let command = "GET /api/manage/v1/sites";
        assert_eq!(statuses, [(401, command), (403, command), (200, command)]);
    }
}

#[tokio::test]
async fn sites_users_and_roles_are_made_and_changed() {
    for host in TestHost::on_both().await {
        let body = json!({ "name": "Client A", "kind": "Client", "timeZone": "europe/berlin", "language": "de" });
        let (status, made) = answer(host.manage("POST", "/sites").json(&body)).await;
        assert_eq!((status, &made["timeZone"]), (201, &json!("Europe/Berlin")), "{made}");
        assert_eq!(answer(host.manage("POST", "/sites").json(&body)).await.0, 409);
        for (field, value) in [
            ("timeZone", "Europe/Atlantis"),
            ("name", " \t "),
            ("name", "a\nb"),
            ("name", &"x".repeat(101)),
            ("language", "!"),
            ("kind", "Other"),
            ("colour", "red"),
        ] {
            let mut bad = body.clone();
            bad["name"] = json!("Client B");
            bad[field] = json!(value);
            let (status, answered) = answer(host.manage("POST", "/sites").json(&bad)).await;
            let expected = if ["kind", "colour"].contains(&field) { 400 } else { 422 };
            assert_eq!(status, expected, "{field}: {answered}");
        }
        let change = host.manage("PATCH", "/sites/client%20a").json(&json!({ "name": "Client Z" }));
        let (status, changed) = answer(change).await;
        assert_eq!((status, &changed["name"], &changed["kind"]), (200, &json!("Client Z"), &json!("Client")));
        assert_eq!(answer(host.manage("GET", "/sites/Client%20A")).await.0, 404);

        let (status, made) =
            answer(host.manage("POST", "/users").json(&json!({ "name": "carol", "email": "c@example.com" }))).await;
        assert_eq!((status, &made["active"]), (201, &json!(true)));
        assert_eq!(answer(host.manage("POST", "/users").json(&json!({ "name": "d", "email": "d" }))).await.0, 422);
        let erin = json!({ "name": "erin", "roles": { "client z": "Analyst" } });
        let (status, made) = answer(host.manage("POST", "/users").json(&erin)).await;
        assert_eq!((status, &made["roles"]), (201, &json!({ "Client Z": "Analyst" })), "{made}");
        assert_eq!(answer(host.manage("GET", "/users/erin")).await, (200, made));
        let nowhere = json!({ "name": "frank", "roles": { "Client Z": "Viewer", "Nowhere": "Viewer" } });
        assert_eq!(answer(host.manage("POST", "/users").json(&nowhere)).await.0, 404);
        assert_eq!(answer(host.manage("GET", "/users/frank")).await.0, 404, "half a user is none");
        let give = || host.manage("PUT", "/users/carol/roles/Client%20Z");
        assert_eq!(answer(give().json(&json!({ "role": "Manager" }))).await.0, 200);
        assert_eq!(answer(give().json(&json!({ "role": "King" }))).await.0, 400);
        let (status, refused) = answer(give().json(&json!(["Viewer"]))).await;
        assert!(status == 400 && refused["Error"].as_str().unwrap().contains("it is an array"), "{refused}");
        let roles = answer(host.manage("GET", "/users/carol/roles")).await.1;
        assert_eq!(roles, json!([{ "site": "Client Z", "role": "Manager" }]));
        let take = || host.manage("DELETE", "/users/carol/roles/Client%20Z");
        assert_eq!(answer(take()).await, (200, json!({ "removed": true })));
        assert_eq!(answer(take()).await, (200, json!({ "removed": false })));
        let (status, refused) =
            answer(host.manage("PATCH", "/users/Admin").json(&json!({ "isAdministrator": false }))).await;
        let error = refused["Error"].as_str().unwrap();
        assert!(status == 409 && error.contains("Make another user an administrator first"), "{refused}");
    }
}

#[tokio::test]
async fn a_keys_secret_is_answered_once_and_kept_nowhere() {
    for host in TestHost::on_both().await {
        let body = json!({
            "name": "new", "kind": "api", "owner": "analyst", "sites": ["Security Operations"],
            "commands": ["ShowNotes"],
        });
        let make = || host.manage("POST", "/keys").json(&body).header("Idempotency-Key", "make");
        let (status, made) = answer(make()).await;
        let secret = made["secret"].as_str().unwrap().to_owned();
        assert_eq!((status, &made["state"]), (201, &json!("active")));
        assert_eq!(answer(host.by("analyst", "ShowNotes", json!({})).header("d3key", &secret)).await.0, 200);
        let (status, repeated) = answer(make()).await;
        assert_eq!((status, repeated.get("secret"), &repeated["name"]), (201, None, &json!("new")));
        let listed = answer(host.manage("GET", "/keys")).await.1.to_string();
        assert!(!listed.contains(&secret) && listed.contains("\"new\""), "{listed}");
        let hidden = secret.splitn(3, '_').nth(2).unwrap();
        assert!(hidden.len() > 30, "{hidden}");
        if let Ok(file) = std::fs::read(&host.test.address) {
            let wal = std::fs::read(format!("{}-wal", host.test.address)).unwrap_or_default();
            for bytes in [file, wal] {
                assert!(!bytes.windows(hidden.len()).any(|window| window == hidden.as_bytes()));
            }
        }
        let (_, revoked) = answer(host.manage("POST", "/keys/new/revoke")).await;
        assert_eq!(revoked["state"], "revoked");
        assert_eq!(answer(host.by("analyst", "ShowNotes", json!({})).header("d3key", &secret)).await.0, 401);
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_is_not_made() {
    for host in TestHost::on_both().await {
        for (change, status) in [
            (json!({ "kind": "jwt", "mayManage": true }), 422),
            (json!({ "owner": "analyst", "mayManage": true }), 422),
            (json!({ "sites": ["Security Operations"], "mayManage": true }), 422),
            (json!({ "commands": ["ShowNotes"], "mayManage": true }), 422),
            (json!({ "commands": [], "mayManage": true }), 422),
            (json!({ "commands": vec!["ShowNotes"; 1_001] }), 422),
            (json!({ "commands": ["x".repeat(101)] }), 422),
            (json!({ "expiresAt": 1 }), 422),
            (json!({ "owner": "nobody" }), 404),
            (json!({ "sites": ["nowhere"] }), 404),
            (json!({ "users": ["nobody"] }), 404),
            (json!({ "name": "PLAYBOOKS" }), 409),
        ] {
            let mut body = json!({ "name": "new", "kind": "api", "owner": "Admin" });
            for (name, value) in change.as_object().unwrap() {
                body[name] = value.clone();
            }
            assert_eq!(answer(host.manage("POST", "/keys").json(&body)).await.0, status, "{change}");
        }
        assert_eq!(answer(host.manage("GET", "/keys")).await.1.as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_key_names_commands_that_the_host_has_in_the_forms_people_type() {
    for host in TestHost::on_both().await {
        let make = |commands: Value| {
            let body = json!({ "name": "new", "kind": "api", "owner": "Admin", "commands": commands });
            answer(host.manage("POST", "/keys").json(&body))
        };
        let list = "/openapi.json lists all commands.";
        for (commands, said) in [
            (json!(["ShowNotse"]), format!("There is no command \"ShowNotse\". Did you mean \"ShowNotes\"? {list}")),
            (json!(["ShowNotes", "Make Coffee"]), format!("There is no command \"Make Coffee\". {list}")),
            (json!([""]), format!("There is no command \"\". {list}")),
        ] {
            let (status, refused) = make(commands).await;
            assert_eq!((status, &refused["Error"]), (422, &json!(format!("Commands: {said}"))));
        }
        assert_eq!(answer(host.manage("GET", "/keys")).await.1.as_array().unwrap().len(), 1);
        let (status, made) = make(json!(["show notes", "LISTDEVICES", "make-note"])).await;
        assert_eq!((status, &made["commands"]), (201, &json!(["shownotes", "listdevices", "makenote"])));
        let run = host.bare("ShowNotes", json!({})).header("d3key", made["secret"].as_str().unwrap());
        assert_eq!(answer(run).await.1["returnData"], "Successful");
    }
}

#[tokio::test]
async fn a_stored_key_that_names_an_unknown_command_is_read_and_used() {
    for host in TestHost::on_both().await {
        let commands = Allowed::Only(vec!["coffee".to_owned(), "shownotes".to_owned()]);
        let old = host.issue(&KeyRequest { commands, ..key_request("old", "Admin") }).await;
        let read = answer(host.manage("GET", "/keys/old")).await.1;
        assert_eq!(read["commands"], json!(["coffee", "shownotes"]));
        assert_eq!(answer(host.manage("GET", "/keys")).await.0, 200);
        let run = host.bare("ShowNotes", json!({})).header("d3key", &old);
        assert_eq!(answer(run).await.1["returnData"], "Successful");
        assert_eq!(answer(host.manage("POST", "/keys/old/revoke")).await.1["state"], "revoked");
    }
}

#[tokio::test]
async fn the_terminal_knows_the_commands_of_a_host() {
    let test = TestStore::on(Engine::Sqlite).await;
    let registry = || PluginRegistry::new(vec![Arc::new(FootprintPlugin::new().unwrap())], &[]).unwrap();
    let (keyring, vault) = (Keyring::generate().unwrap(), Vault::new(VaultSettings::default()));
    let clock = Arc::new(SystemClock::new());
    let connections = Connections::new(test.store.clone(), Arc::new(registry()), keyring, vault, clock);
    let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
    let host = Host::with_connectors(HostSettings::default(), executor).unwrap();
    let known = soar_host::known_commands(&registry());
    assert_eq!(host.operations.known_commands, known);
    assert_eq!(known.find("list devices").unwrap().endpoint, "ListDevices");
}

#[tokio::test]
async fn a_repeated_call_for_a_key_is_told_from_a_new_one_although_the_host_has_lost_the_command() {
    for host in TestHost::on_both().await {
        let access_key = host.test.store.reader().await.unwrap().records().keys().await.unwrap()[0].id;
        let (key, fingerprint) = ("once".to_owned(), "same".to_owned());
        let idempotency = Some(IdempotencyKey { key, fingerprint, access_key });
        let context = RequestContext { idempotency, ..FindingsWorld::context(&host.test.store).await };
        let wanted = || -> KeyToMake {
            serde_json::from_value(
                json!({ "name": "notes", "kind": "api", "owner": "Admin", "commands": ["ShowNotes"] }),
            )
            .unwrap()
        };
        let operations = &host.host.operations;
        let without = Operations { known_commands: KnownCommands::default(), ..operations.clone() };
        let refused = without.create_key(&FindingsWorld::context(&host.test.store).await, wanted()).await.unwrap_err();
        assert!(refused.to_string().starts_with("Commands: There is no command \"ShowNotes\"."), "{refused}");
        operations.create_key(&context, wanted()).await.unwrap();
        let repeated = without.create_key(&context, wanted()).await.unwrap_err();
        assert!(matches!(repeated, OperationError::Repeated(_)), "{repeated}");
    }
}

#[tokio::test]
async fn a_key_makes_none_that_outlasts_it() {
    for host in TestHost::on_both().await {
        let end = host.now() + std::time::Duration::from_secs(3_600);
        let request = KeyRequest { may_manage: true, expires_at: Some(end), ..key_request("for an hour", "Admin") };
        let key = host.issue(&request).await;
        let url = format!("{}/api/manage/v1/keys", host.url);
        let make = |name: &str, change: serde_json::Value| {
            let mut body = json!({ "name": name, "kind": "api", "owner": "Admin" });
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            answer(host.client.post(&url).header("d3key", &key).json(&body))
        };
        for change in [json!({}), json!({ "expiresAt": end.0 + 1 }), json!({ "kind": "jwt" })] {
            let (status, refused) = make("longer", change.clone()).await;
            assert!(
                status == 422
                    && refused["Error"]
                        .as_str()
                        .unwrap()
                        .contains(&format!("expires at {end}, and a key that it creates must not expire later")),
                "{refused}"
            );
        }
        assert_eq!(make("as long", json!({ "expiresAt": end.0, "mayManage": true })).await.0, 201);
        assert_eq!(
            answer(host.manage("POST", "/keys").json(&json!({ "name": "x", "kind": "api", "owner": "Admin" }))).await.0,
            201
        );
    }
}

#[tokio::test]
async fn a_repeat_is_told_from_another_call_by_the_whole_address() {
    for host in TestHost::on_both().await {
        let user = "\u{1f98a}".repeat(60);
        assert_eq!(answer(host.manage("POST", "/users").json(&json!({ "name": user }))).await.0, 201);
        let make = |name: &str| host.manage("POST", "/sites").json(&json!({ "name": name, "kind": "Internal" }));
        assert_eq!(answer(make("Second")).await.0, 201);
        let give = |site: &str| {
            let path = format!("/users/{}/roles/{site}", "%F0%9F%A6%8A".repeat(60));
            host.manage("PUT", &path).json(&json!({ "role": "Viewer" })).header("Idempotency-Key", "give")
        };
        assert_eq!(answer(give("Second")).await.0, 200);
        assert_eq!(answer(give("Second")).await.0, 200);
        assert_eq!(answer(give("Security%20Operations")).await.0, 422);
    }
}
