//! Commands of the real plugin over the Command API: their answers, and calls that name no command.

use std::sync::Arc;

use coda_footprint::FootprintPlugin;
use footprint_simulator::UserKind;
use serde_json::{Value, json};
use soar_connector::manifest::Input;
use soar_connector::{Command, Plugin, RawParameters};
use soar_host::Refusal;
use soar_host::plugins::{PluginRegistry, endpoint_name};
use soar_host::utility::CommandResult;
use soar_store::RunFilter;
use soar_store::model::RunStatus;

use super::none;
use crate::direct::DirectRuns as _;
use crate::gate::GatePlugin;
use crate::stage::{ExecutorStage, because, parameters, simulator};

/// A value of each required input.
fn valid(command: &Command, ids: &footprint_simulator::KnownIds) -> RawParameters {
    let value = |input: &Input| match input.name.as_str() {
        "Context ID" => json!(ids.context),
        "Device ID" if command.name == "List Device Attack Avenues" => json!(ids.device_with_attack_avenues),
        "Device ID" => json!(ids.agent_device),
        "Target ID" => json!(ids.target),
        "Scope" => json!("Out"),
        "Scan" => json!(ids.scan),
        // Lists are kept as what they are: lists of texts.
        "Scanner IDs" => json!([ids.active_scanner.to_string()]),
        "Device IDs" => json!([ids.server_device.to_string()]),
        "Vulnerability IDs" => json!([ids.vulnerability.to_string()]),
        "Add Tags" => json!(["pci"]),
        _ => input.example.clone(),
    };
    // Commands that need one of several parameters.
    let needed = |input: &&Input| match command.name.as_str() {
        "Find Devices" => input.name == "Name",
        "Update Device Tags" => input.required || input.name == "Add Tags",
        _ => input.required,
    };
    command.inputs.iter().filter(needed).map(|input| (input.name.clone(), value(input))).collect()
}

#[tokio::test]
async fn every_command_runs_as_a_remote_command_and_is_in_the_history() {
    for stage in ExecutorStage::on_both().await {
        let simulator = simulator().await;
        let connection = stage.footprint(&simulator, "Main").await;
        let admin = stage.administrator().await;
        let plugin = FootprintPlugin::new().unwrap();
        let commands = &plugin.manifest().commands;
        for command in commands {
            let mut given = valid(command, &simulator.known());
            given.insert("connection_name".to_owned(), json!("MAIN"));
            let endpoint = endpoint_name(&command.name).to_uppercase();
            let answer = stage.executor.remote(&admin, &endpoint, given).await.unwrap();
            assert_eq!(
                (answer.return_data, answer.error.as_str()),
                (CommandResult::Successful, ""),
                "{}",
                command.name
            );
            for field in ["keyFields", "rawData", "receipt", "warnings"] {
                assert!(answer.more.get(field).is_some(), "{}: {field}", command.name);
            }
            let rows = answer.context_data.unwrap().values();
            let html = answer.result.unwrap();
            assert!(html.starts_with("<table class='cc-table'>"), "{html}");
            // The table of a long list has its first 1,000 rows, and a row that says so.
            let shown = if rows.len() > 1000 { 1001 } else { rows.len() };
            assert_eq!(html.matches("<tr>").count(), shown + 1, "{}", command.name);
            let run = &stage.executor.runs(&admin, &RunFilter::default()).await.unwrap()[0];
            assert_eq!((run.command.as_str(), run.status), (command.name.as_str(), RunStatus::Successful));
            assert_eq!((run.user.as_str(), run.site.as_str()), ("Admin", "Security Operations"));
            assert_eq!((run.connection_id, run.connection.as_str()), (connection.id, "Main"));
            assert_eq!(run.request_id, admin.request_id);
            let run = stage.executor.see_run(&admin, run.id).await.unwrap();
            let outcome: Value = serde_json::from_str(run.outcome.unwrap().get()).unwrap();
            assert_eq!(outcome["returnData"], "Successful");
            assert_eq!(outcome["rows"], json!(rows.len()));
            let kept: Value = serde_json::from_str(run.parameters.get()).unwrap();
            assert_eq!(kept, Value::Object(valid(command, &simulator.known())), "{}", command.name);
        }
        // One login for all of them, and one of Test Connection's own: the session is shared.
        let logins = simulator.requests().iter().filter(|request| request.path.ends_with("/auth/token/")).count();
        assert_eq!(logins, 2);
    }
}

#[tokio::test]
async fn raw_data_is_the_products_bytes_even_after_an_answer_was_kept() {
    for stage in ExecutorStage::on_both().await {
        let simulator = simulator().await;
        stage.footprint(&simulator, "Main").await;
        let admin = stage.administrator().await;
        let answer = stage.executor.remote(&admin, "ListScanners", none()).await.unwrap();
        let direct = stage.executor.run(&admin, "coda-footprint", None, "list-scanners", none()).await.unwrap();
        let bytes = serde_json::to_string(&direct.outcome.raw_data).unwrap();
        assert!(bytes.len() > 100);
        assert_eq!(answer.more.get("rawData").unwrap().get(), bytes);
        let text = serde_json::to_string(&answer).unwrap();
        assert!(text.contains(&bytes) && text.contains("\"returnData\":\"Successful\""));
    }
}

#[tokio::test]
async fn a_failed_command_answers_with_the_three_lines_of_the_error_tab() {
    for stage in ExecutorStage::on_both().await {
        let simulator = simulator().await;
        let connection = stage.footprint(&simulator, "Main").await;
        let admin = stage.administrator().await;
        let missing = parameters(json!({"Device ID": simulator.known().missing_device}));
        let answer = stage.executor.remote(&admin, "ListDeviceUsers", missing).await.unwrap();
        assert_eq!(answer.return_data, CommandResult::Failed);
        let lines: Vec<_> = answer.error.lines().collect();
        assert_eq!(lines[..2], ["List Device Users failed.", "Status Code: 404."], "{}", answer.error);
        assert!(lines.len() == 3 && lines[2].starts_with("Message: "), "{}", answer.error);
        let wrong = parameters(json!({"Device": 1, "Secret Thing": "x"}));
        let refused = stage.executor.remote(&admin, "ListDeviceUsers", wrong).await.unwrap_err();
        assert!(matches!(refused, Refusal::Parameters(_)), "{refused:?}");
        assert!(refused.to_string().contains("Did you mean \"Device ID\"?"), "{refused}");
        let runs = stage.executor.runs(&admin, &RunFilter::default()).await.unwrap();
        assert_eq!((runs.len(), runs[0].status), (1, RunStatus::Failed), "what is refused is no run");
        // A wrong password.
        let user = simulator.user(UserKind::Administrator);
        let wrong = json!({"parameters": {"User Name": user.user_name, "Password": "wrong password"}});
        stage.update(&admin, connection.id, wrong).await.unwrap();
        let tested = stage.executor.test(&admin, connection.id).await.unwrap();
        assert!(!tested.passed);
        assert!(tested.text.starts_with("Test Connection failed. Failed to check the connector.\n"), "{}", tested.text);
        let right = json!({"parameters": {"Password": user.password}});
        stage.update(&admin, connection.id, right).await.unwrap();
        let tested = stage.executor.test(&admin, connection.id).await.unwrap();
        assert_eq!((tested.passed, tested.text.as_str()), (true, "Passed"));
        assert_eq!(stage.executor.see_run(&admin, tested.finished.run).await.unwrap().command, "Test Connection");
        // The server is gone.
        simulator.shutdown().await;
        let answer = stage.executor.remote(&admin, "ListScanners", none()).await.unwrap();
        assert!(answer.error.starts_with("List Scanners failed.\nStatus Code: N/A.\nMessage: "), "{}", answer.error);
    }
}

#[tokio::test]
async fn what_names_no_connection_or_command_runs_nothing() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        stage.gate("One").await;
        stage.gate("Two").await;
        let several = because(stage.executor.remote(&admin, "Wait", none()).await);
        assert!(several.contains("\"One\", \"Two\""), "{several}");
        let list =
            because(stage.executor.remote(&admin, "Wait", parameters(json!({"Connection Name": ["One"]}))).await);
        assert!(list.contains("expected one connection's name"), "{list}");
        let twice = parameters(json!({"Connection Name": "One", "connection-name": "Two"}));
        because(stage.executor.remote(&admin, "Wait", twice).await);
        because(stage.executor.remote(&admin, "MakeCoffee", none()).await);
        assert!(stage.executor.runs(&admin, &RunFilter::default()).await.unwrap().is_empty());
        // Both integrations have a Test Connection. The connection decides which command runs.
        let simulator = simulator().await;
        stage.footprint(&simulator, "Three").await;
        let named = |name: &str| parameters(json!({"Connection Name": name}));
        let answer = stage.executor.remote(&admin, "TestConnection", named("One")).await.unwrap();
        assert_eq!(answer.context_data.unwrap().values()[0]["Server"], "http://gate.example");
        let answer = stage.executor.remote(&admin, "TestConnection", named("Three")).await.unwrap();
        assert_eq!(answer.return_data, CommandResult::Successful);
        assert!(simulator.requests().len() > 1);
    }
}

#[test]
fn endpoints_that_would_clash_are_found_at_the_start() {
    let gate = || Arc::new(GatePlugin::new()) as Arc<dyn Plugin>;
    let clash = PluginRegistry::new(vec![gate()], &["CloseIncidentInBulk", "BREAKDOWN"]).unwrap_err().to_string();
    assert!(clash.contains("The utility command \"BREAKDOWN\"") && clash.contains("\"Break Down\""), "{clash}");
    let twice = PluginRegistry::new(vec![gate(), gate()], &[]).unwrap_err().to_string();
    assert!(twice.contains("Two integrations are called Gate"), "{twice}");
    PluginRegistry::new(vec![gate()], &["CloseIncidentInBulk"]).unwrap();
    assert_eq!(endpoint_name("List Devices"), "ListDevices");
}

#[tokio::test]
async fn a_text_that_no_command_can_use_reaches_no_server() {
    for stage in ExecutorStage::on_both().await {
        let simulator = simulator().await;
        stage.footprint(&simulator, "Main").await;
        let admin = stage.administrator().await;
        let parameters = json!({ "Scanner ID": "x".repeat(100_001) }).as_object().unwrap().clone();
        let refused = because(stage.executor.remote(&admin, "PatchRescan", parameters).await);
        assert_eq!(refused, "Scanner ID: The text has 100001 characters, and 100000 is the most. Shorten it.");
        let parameters = json!({ "Filter": { "ip": "x".repeat(100_001) } }).as_object().unwrap().clone();
        let refused = because(stage.executor.remote(&admin, "ListDevices", parameters).await);
        assert!(refused.starts_with("Filter.ip: The text has 100001 characters"), "{refused}");
        assert!(simulator.requests().is_empty());
    }
}
