//! The requests that D3 documents, sent as they stand over HTTP, and the answers that it documents, field for field.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use coda_footprint::FootprintPlugin;
use footprint_simulator::{Options, Simulator, UserKind};
use serde_json::{Value, json};
use soar_connector::testing::ManualClock;
use soar_host::Host;
use soar_host::access::issue_key;
use soar_host::connections::{ConnectionDraft, Connections};
use soar_host::executor::{Executor, ExecutorSettings, Registry};
use soar_host::model::{Caller, Role};
use soar_host::sealing::Keyring;
use soar_host::server::{HostSettings, RunningHost, serve};
use soar_host::store::{Engine, NewUser};
use soar_host::testing::TestStore;
use soar_host::transfer::{Format, ImportOptions, OnConflict, Subject, import};
use soar_host::utility;
use soar_host::vault::{Vault, VaultSettings};

use crate::support::{key_request, site};

/// January 27, 2021, 06:08 in the morning where the site is, in seconds since 1970.
const SAMPLE_TIME: u64 = 1_611_756_480;

/// A host as a site's own: `Admin`, who manages `Security Operations`, and the incidents and cases of the samples.
struct Documented {
    url: String,
    key: String,
    client: reqwest::Client,
    test: TestStore,
    caller: Caller,
    connections: Connections,
    _running: RunningHost,
}

impl Documented {
    async fn on(engine: Engine, change: impl Fn(&mut HostSettings)) -> Self {
        let test = TestStore::on(engine).await;
        let clock = Arc::new(ManualClock::held_at(UNIX_EPOCH + Duration::from_secs(SAMPLE_TIME)));
        let keyring = Keyring::generate().unwrap();
        let registry = Registry::new(vec![Arc::new(FootprintPlugin::new().unwrap())], &[]).unwrap();
        let vault = Vault::new(VaultSettings::default());
        let connections = Connections::new(test.store.clone(), Arc::new(registry), keyring.clone(), vault, clock);
        let executor = Executor::start(connections.clone(), ExecutorSettings::default()).await.unwrap();

        let mut transaction = test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let security = records.create_site(&site("Security Operations"), 1).await.unwrap();
        let new = |name: &str| NewUser { name: name.to_owned(), email: None, is_administrator: false };
        let admin = records.create_user(&new("Admin"), 1).await.unwrap();
        records.set_role(admin.id, security.id, Role::Manager).await.unwrap();
        records.create_user(&new("admin user"), 1).await.unwrap();
        let key = issue_key(&mut records, &keyring, &key_request("playbooks", "Admin"), 1).await.unwrap();
        transaction.commit().await.unwrap();

        let mut settings = HostSettings { listen: ([127, 0, 0, 1], 0).into(), ..HostSettings::default() };
        settings.base_path = "/MainApp".to_owned();
        change(&mut settings);
        let running = serve(Host::with_connectors(settings, executor).unwrap()).await.unwrap();
        let caller = Caller {
            user: admin,
            roles: [(security.id, Role::Manager)].into(),
            site: security,
            key: None,
            request_id: "preparation".to_owned(),
        };
        let (url, client) = (running.url(), reqwest::Client::new());
        Self { url, key: key.text.to_string(), client, test, caller, connections, _running: running }
    }

    async fn on_both() -> [Self; 2] {
        [Self::on(Engine::Sqlite, |_| {}).await, Self::on(Engine::Postgres, |_| {}).await]
    }

    /// Sends a documented body as it stands.
    async fn send(&self, command: &str, body: &str) -> (u16, Value) {
        let request = self.client.post(format!("{}/MainApp/VSOC/api/Command/{command}", self.url));
        let request = request.header("d3key", &self.key).header("content-type", "application/json");
        let response = request.body(body.to_owned()).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Imports incidents and cases of these numbers.
    async fn prepare(&self, incidents: &[&str], cases: &[&str]) {
        for (subject, numbers) in [(Subject::Incidents, incidents), (Subject::Cases, cases)] {
            let rows: Vec<_> = numbers
                .iter()
                .map(|number| json!({ "number": number, "title": "A sample", "site": "Security Operations" }))
                .collect();
            let text = serde_json::to_vec(&rows).unwrap();
            let options = ImportOptions { subject, format: Format::Json, on_conflict: OnConflict::Fail };
            let report = import(&self.test.store, &self.caller, options, &text[..], 1, &mut |_| {}).await.unwrap();
            assert_eq!((report.added, report.failed), (numbers.len() as u64, 0), "{report:?}");
        }
    }
}

#[tokio::test]
async fn close_incident_in_bulk() {
    for host in Documented::on_both().await {
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
    for host in Documented::on_both().await {
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
                // Beside the documented fields: there the new site stands under the name of the owner.
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
    for host in Documented::on_both().await {
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
        let mut host = Documented::on(engine, |settings| settings.requests_per_second = 2).await;
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
    for host in Documented::on_both().await {
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
