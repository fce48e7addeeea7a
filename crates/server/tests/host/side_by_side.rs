//! The contract's example connector beside Footprint in one host, each with a command called List Devices.

use std::sync::Arc;

use coda_footprint::FootprintPlugin;
use footprint_simulator::{Simulator, UserKind};
use serde_json::{Value, json};
use soar_connector::Plugin;
use soar_host::connections::ConnectionDraft;
use soar_store::Engine;

use crate::direct::DirectConnections as _;
use crate::lantern::{TOKEN, lantern};
use crate::stage::simulator;
use crate::support::FullHost;

#[allow(dead_code, unused_imports, reason = "an example has a main")]
#[path = "../../../contract/examples/minimal.rs"]
mod minimal;

struct SideBySide {
    host: FullHost,
    simulator: Simulator,
}

impl SideBySide {
    async fn on_both() -> [Self; 2] {
        [Self::on(Engine::Sqlite).await, Self::on(Engine::Postgres).await]
    }

    async fn on(engine: Engine) -> Self {
        let plugins: [Arc<dyn Plugin>; 2] =
            [Arc::new(FootprintPlugin::new().unwrap()), Arc::new(minimal::plugin().unwrap())];
        let host = FullHost::with(engine, plugins.into(), |_| {}).await;
        let simulator = simulator().await;
        let user = simulator.user(UserKind::Administrator);
        let footprint = json!({"Server URL": simulator.url(), "User Name": user.user_name, "Password": user.password});
        for (integration, name, parameters) in [
            ("coda-footprint", "Footprint", footprint),
            ("lantern", "Lamps", json!({"Address": lantern().await, "Token": TOKEN})),
        ] {
            let draft = json!({"integration": integration, "name": name, "site": "Security Operations",
                "parameters": parameters});
            let draft: ConnectionDraft = serde_json::from_value(draft).unwrap();
            host.connections.create(&host.caller, draft).await.unwrap();
        }
        Self { host, simulator }
    }

    async fn list_devices(&self, parameters: Value) -> (u16, Value) {
        self.list_devices_once("", parameters).await
    }

    /// The same under an Idempotency-Key, unless that is empty.
    async fn list_devices_once(&self, key: &str, parameters: Value) -> (u16, Value) {
        let body = json!({"Username": "Admin", "Site": "Security Operations", "CommandParams": parameters});
        let mut request = self.host.post("ListDevices").header("d3key", &self.host.key).json(&body);
        if !key.is_empty() {
            request = request.header("idempotency-key", key);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

#[tokio::test]
async fn the_connection_decides_whose_command_a_call_means_and_which_parameters_it_takes() {
    for stage in SideBySide::on_both().await {
        let (status, lamps) = stage.list_devices(json!({"Connection Name": "Lamps", "room": "Hall", "Page": 2})).await;
        assert_eq!((status, &lamps["returnData"], &lamps["error"]), (200, &json!("Successful"), &json!("")), "{lamps}");
        assert_eq!(lamps["contextData"], json!([{"ID": 4, "Room": "Hall"}]));
        assert_eq!(lamps["receipt"]["totalRows"], 3);
        let filter = json!({"Connection Name": "Footprint", "Filter": {"riskLevel": "critical"}});
        let (status, devices) = stage.list_devices(filter).await;
        assert_eq!((status, &devices["returnData"]), (200, &json!("Successful")), "{devices}");
        assert!(devices["keyFields"]["Device IDs"].is_array(), "{devices}");
        assert!(stage.simulator.requests().iter().any(|request| request.path.ends_with("/devices/")));

        // Each integration refuses the other's parameters.
        let (status, refused) = stage.list_devices(json!({"Connection Name": "Lamps", "Filter": {}})).await;
        assert_eq!(status, 400, "{refused}");
        let told = refused["Error"].as_str().unwrap();
        assert_eq!(told, "Unknown parameter \"Filter\". Valid: Room, Page.");
        let (status, refused) = stage.list_devices(json!({"Connection Name": "Footprint", "Room": "Hall"})).await;
        assert_eq!(status, 400, "{refused}");
        let told = refused["Error"].as_str().unwrap();
        assert!(told.starts_with("Unknown parameter \"Room\".") && told.contains("Filter"), "{told}");
        let (status, refused) = stage.list_devices(json!({"Connection Name": ["Lamps"]})).await;
        assert_eq!(status, 400, "{refused}");

        // Without a connection's name both integrations are possible.
        let (status, several) = stage.list_devices(json!({"Room": "Hall"})).await;
        assert_eq!((status, &several["returnData"]), (200, &json!("Failed")), "{several}");
        let told = several["error"].as_str().unwrap();
        assert!(told.contains("\"Footprint\", \"Lamps\""), "{told}");
    }
}

#[tokio::test]
async fn ten_wrong_parameters_are_told_and_the_others_counted() {
    for stage in SideBySide::on_both().await {
        let mut wrong: serde_json::Map<_, _> = (0..50_000).map(|number| (format!("x{number}"), json!(1))).collect();
        wrong.insert("Connection Name".to_owned(), json!("Lamps"));
        let (status, refused) = stage.list_devices(wrong.into()).await;
        let told = refused["Error"].as_str().unwrap();
        assert_eq!((status, told.matches("Unknown parameter").count()), (400, 10), "{told}");
        assert!(told.ends_with("49990 more problems are not listed."), "{told}");
    }
}

#[tokio::test]
async fn a_call_with_wrong_parameters_does_not_use_its_idempotency_key_up() {
    for stage in SideBySide::on_both().await {
        let wrong = json!({"Connection Name": "Lamps", "Rom": "Hall"});
        assert_eq!(stage.list_devices_once("key-1", wrong).await.0, 400);
        let right = json!({"Connection Name": "Lamps", "Room": "Hall"});
        let (status, first) = stage.list_devices_once("key-1", right.clone()).await;
        assert_eq!((status, first["contextData"].as_array().unwrap().len()), (200, 2), "{first}");
        // The command only reads, so it runs again.
        assert_eq!(stage.list_devices_once("key-1", right).await.0, 200);
    }
}

#[tokio::test]
async fn the_openapi_document_offers_the_inputs_of_both_commands() {
    let stage = SideBySide::on(Engine::Sqlite).await;
    let url = format!("{}/openapi.json", stage.host.url);
    let document: Value = stage.host.client.get(url).send().await.unwrap().json().await.unwrap();
    let paths = document["paths"].as_object().unwrap();
    let (_, operation) = paths.iter().find(|(path, _)| path.ends_with("/api/Command/ListDevices")).unwrap();
    let text = operation.to_string();
    assert!(text.contains("\"Room\"") && text.contains("\"Filter\""), "{text}");
}
