//! D3's documented requests, sent unchanged over HTTP, and its documented answers, field by field; and the examples of the
//! OpenAPI document.

use footprint_simulator::{Options, Simulator, UserKind};
use serde_json::{Value, json};
use soar_host::connections::ConnectionDraft;
use soar_host::executor::ExecutorSettings;
use soar_host::utility;
use soar_host::vault::VaultSettings;
use soar_store::Engine;
use soar_store::testing::TestStore;

use crate::direct::DirectConnections as _;
use crate::stage::{ExecutorStage, simulator};
use crate::support::FullHost;

#[tokio::test]
async fn close_incident_in_bulk() {
    for host in FullHost::on_both().await {
        host.prepare(&["20210127-198", "20210127-197"], &[]).await;
        let sample = r#"{
            "Username": "Admin",
            "Site": "Security Operations",
            "CommandParams": {
                "Incident Numbers": [
                    "20210127-198",
                    "20210127-197"
                ],
                "Bypass Required Pending Tasks": "Yes",
                "Bypass All Required Fields": "Yes",
                "Username": "admin user",
                "Conclusion": "The incident was closed in bulk."
            }
        }"#;
        let documented = json!({
            "result": "<table class='cc-table'> <tr> <th>Incident Number</th> <th>Status</th> <th>Close Date</th> <th>Closed By</th> <th>Result</th> </tr> <tr> <td>20210127-198</td> <td>Closed</td> <td>Jan 27, 2021 06:08 AM PST</td> <td>admin user</td> <td>Successful</td> </tr> <tr> <td>20210127-197</td> <td>Closed</td> <td>Jan 27, 2021 06:08 AM PST</td> <td>admin user</td> <td>Successful</td> </tr> </table>",
            "error": "",
            "returnData": "Successful",
            "contextData": [
                {
                    "Incident Number": "20210127-198",
                    "Status": "Closed",
                    "Close Date": "01/27/2021 06:08 AM PST",
                    "Result": "Successful",
                    "Closed By": "admin user"
                },
                {
                    "Incident Number": "20210127-197",
                    "Status": "Closed",
                    "Close Date": "01/27/2021 06:08 AM PST",
                    "Result": "Successful",
                    "Closed By": "admin user"
                }
            ]
        });
        assert_eq!(host.send("CloseIncidentInBulk", sample).await, (200, documented));
    }
}

#[tokio::test]
async fn update_incident_site_in_bulk() {
    for host in FullHost::on_both().await {
        host.prepare(&["20210127-198", "20210127-197"], &[]).await;
        let sample = r#"{
            "Username": "Admin",
            "Site": "Security Operations",
            "CommandParams": {
                "Incident Numbers": [ "20210127-198", "20210127-197" ],
                "Site": "Security Operations",
                "Username": "admin user"
            }
        }"#;
        let (status, answer) = host.send("UpdateIncidentSiteInBulk", sample).await;
        let item = |number: &str| {
            json!({
                "Incident Number": number, "Incident Owner": "Security Operations", "Result": "Successful",
                // In addition to the documented fields, which have the new site under Incident Owner.
                "Site": "Security Operations",
            })
        };
        let documented = json!({
            "error": "", "returnData": "Successful", "contextData": [item("20210127-198"), item("20210127-197")],
        });
        assert_eq!((status, answer), (200, documented));
    }
}

#[tokio::test]
async fn link_incident_to_existing_cases() {
    for host in FullHost::on_both().await {
        host.prepare(&["20200118-2650"], &["20210127-198", "20210127-197"]).await;
        let sample = r#"{
            "Username": "Admin",
            "Site": "Security Operations",
            "CommandParams": {
                "Case Numbers": [ "20210127-198", "20210127-197" ],
                "Username": "admin user",
                "Incident ID List": [ "20200118-2650" ]
            }
        }"#;
        let documented = json!({ "error": "", "returnData": "Successful" });
        for _again in 0..2 {
            assert_eq!(host.send("LinkIncidentToExistingCases", sample).await, (200, documented.clone()));
        }
    }
}

#[tokio::test]
async fn the_documented_errors() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let mut host = FullHost::on(engine, |settings| settings.requests_per_second = 2).await;
        let body = r#"{"Username": "Admin", "Site": "Security Operations", "CommandParams": {}}"#;
        let (status, answer) = host.send("CloseIncidentInBulk", body).await;
        assert_eq!(status, 400);
        assert!(answer["Error"].as_str().unwrap().contains("Incident Numbers"), "{answer}");
        let mut limited = None;
        for _ in 0..10 {
            let (status, answer) = host.send("CloseIncidentInBulk", body).await;
            if status == 429 {
                limited = Some(answer);
                break;
            }
        }
        let documented = "The request exceeds rate limits or is otherwise blocked by rate limiting policies.";
        assert_eq!(limited, Some(json!({ "Error": documented })));
        host.key = "none".to_owned();
        let documented = (401, json!({ "Error": "Invalid authentication key." }));
        assert_eq!(host.send("CloseIncidentInBulk", body).await, documented);
    }
}

#[tokio::test]
async fn commands_of_the_connector_are_remote_commands() {
    for host in FullHost::on_both().await {
        let simulator = Simulator::start(Options::default()).await.unwrap();
        let user = simulator.user(UserKind::Administrator);
        for name in ["First", "Second"] {
            let draft: ConnectionDraft = serde_json::from_value(json!({
                "integration": "coda-footprint", "name": name, "site": "Security Operations",
                "parameters": {
                    "Server URL": simulator.url(), "User Name": user.user_name, "Password": user.password,
                },
            }))
            .unwrap();
            host.connections.create(&host.caller, draft).await.unwrap();
        }
        let body = |parameters: Value| {
            json!({ "Username": "Admin", "Site": "Security Operations", "CommandParams": parameters }).to_string()
        };
        let (status, answer) = host.send("ListDevices", &body(json!({}))).await;
        assert_eq!((status, &answer["returnData"]), (200, &json!("Failed")));
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains("\"First\"") && error.contains("\"Second\""), "{error}");

        let (status, answer) = host.send("listdevices", &body(json!({ "Connection Name": "Second" }))).await;
        assert_eq!((status, &answer["error"], &answer["returnData"]), (200, &json!(""), &json!("Successful")));
        let rows = answer["contextData"].as_array().unwrap();
        assert!(!rows.is_empty() && answer["keyFields"]["Device IDs"].is_array() && answer["rawData"].is_object());

        let wrong = json!({ "Connection Name": "First", "Device ID": 999_999_999 });
        let (status, answer) = host.send("ListDeviceUsers", &body(wrong)).await;
        let error = answer["error"].as_str().unwrap();
        assert_eq!((status, &answer["returnData"]), (200, &json!("Failed")));
        assert!(error.starts_with("List Device Users failed.\nStatus Code: 404.\nMessage: "), "{error}");
    }
}

#[test]
fn every_documented_utility_command_is_there() {
    for endpoint in [
        "CloseIncidentInBulk",
        "UpdateIncidentSiteInBulk",
        "LinkIncidentToExistingCases",
        "CreateAnIncident",
        "GetIncidents",
        "SetIncidentField",
        "UpdateIncidentOwnerInBulk",
        "LinkIncidentsToNewCase",
        "RemoveLinkedIncidents",
        "GetLinkedIncidentsOfAnIncident",
    ] {
        assert!(utility::command(endpoint).is_some(), "{endpoint}");
    }
}

#[tokio::test]
async fn each_command_of_the_connector_takes_the_example_of_the_openapi_document() {
    let host = FullHost::on(Engine::Sqlite, |_| {}).await;
    let document = host.client.get(format!("{}/openapi.json", host.url)).send().await.unwrap();
    let document: Value = document.json().await.unwrap();
    let settings = ExecutorSettings { time_limit_seconds: 10, ..ExecutorSettings::default() };
    let stage = ExecutorStage::over(TestStore::on(Engine::Sqlite).await, settings, VaultSettings::default()).await;
    let simulator = simulator().await;
    stage.footprint(&simulator, "Main").await;
    let admin = stage.administrator().await;
    let operations = document["paths"].as_object().unwrap().values().map(|path| &path["post"]);
    let mut commands = 0;
    for operation in operations.filter(|operation| operation["tags"][0] == "Integration commands") {
        let name = operation["summary"].as_str().unwrap();
        let content = &operation["requestBody"]["content"]["application/json"];
        let mut parameters = content["example"]["CommandParams"].as_object().unwrap().clone();
        // The host itself reads it.
        parameters.remove("Connection Name");
        let given = format!("{name}: {parameters:?}");
        let finished = stage.executor.run(&admin, "coda-footprint", None, name, parameters).await;
        let error = finished.unwrap_or_else(|refusal| panic!("{given}: {refusal}")).outcome.error;
        let code = error.map(|error| error.code).unwrap_or_default();
        assert!(code != "invalid-parameter" && code != "missing-parameter", "{given}: {code}");
        commands += 1;
    }
    assert!(commands > 20, "{commands}");
}
