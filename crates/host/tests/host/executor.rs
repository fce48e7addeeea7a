//! Running commands: every command of the real plugin, deadlines, cancellation, limits, and the run history.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use coda_footprint::FootprintPlugin;
use footprint_simulator::UserKind;
use serde_json::{Value, json};
use soar_connector::{Plugin, RawParameters};
use soar_host::executor::{ExecutorSettings, Registry, endpoint_name};
use soar_host::model::{Role, RunStatus};
use soar_host::store::RunFilter;
use soar_host::utility::Ended;
use soar_host::vault::VaultSettings;

use crate::gate::GatePlugin;
use crate::stage::{Stage, because, parameters, simulator};

fn settings() -> ExecutorSettings {
    ExecutorSettings::default()
}

fn none() -> RawParameters {
    RawParameters::new()
}

fn valid(command: &str, ids: &footprint_simulator::KnownIds) -> RawParameters {
    parameters(match command {
        "Get Technical Context" => json!({"Context ID": ids.context}),
        "List Device Attack Avenues" => json!({"Device ID": ids.device_with_attack_avenues}),
        "List Device Network Connections" | "List Device Users" | "List Device Vulnerabilities" => {
            json!({"Device ID": ids.agent_device})
        }
        "Update Target Scan Scope" => json!({"Target ID": ids.target, "Scope": "Out"}),
        _ => json!({}),
    })
}

#[tokio::test]
async fn every_command_runs_as_a_remote_command_and_is_in_the_history() {
    for stage in Stage::on_both().await {
        let simulator = simulator().await;
        let connection = stage.footprint(&simulator, "Main").await;
        let admin = stage.administrator().await;
        let plugin = FootprintPlugin::new().unwrap();
        let commands = &plugin.manifest().commands;
        assert_eq!(commands.len(), 14);
        for command in commands {
            let mut given = valid(&command.name, &simulator.known());
            given.insert("connection_name".to_owned(), json!("MAIN"));
            let endpoint = endpoint_name(&command.name).to_uppercase();
            let answer = stage.executor.remote(&admin, &endpoint, given).await.unwrap();
            assert_eq!((answer.return_data, answer.error.as_str()), (Ended::Successful, ""), "{}", command.name);
            for field in ["keyFields", "rawData", "receipt", "warnings"] {
                assert!(answer.more.get(field).is_some(), "{}: {field}", command.name);
            }
            let rows = answer.context_data.unwrap();
            let html = answer.result.unwrap();
            assert!(html.starts_with("<table class='cc-table'>"), "{html}");
            assert_eq!(html.matches("<tr>").count(), rows.len() + 1, "{}", command.name);
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
            assert_eq!(kept, Value::Object(valid(&command.name, &simulator.known())), "{}", command.name);
        }
        // One login for all of them, and one of Test Connection's own: the session is shared.
        let logins = simulator.requests().iter().filter(|request| request.path.ends_with("/auth/token/")).count();
        assert_eq!(logins, 2);
    }
}

#[tokio::test]
async fn raw_data_is_the_products_bytes_even_after_an_answer_was_kept() {
    for stage in Stage::on_both().await {
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
    for stage in Stage::on_both().await {
        let simulator = simulator().await;
        let connection = stage.footprint(&simulator, "Main").await;
        let admin = stage.administrator().await;
        let missing = parameters(json!({"Device ID": simulator.known().missing_device}));
        let answer = stage.executor.remote(&admin, "ListDeviceUsers", missing).await.unwrap();
        assert_eq!(answer.return_data, Ended::Failed);
        let lines: Vec<_> = answer.error.lines().collect();
        assert_eq!(lines[..2], ["List Device Users failed.", "Status Code: 404."], "{}", answer.error);
        assert!(lines.len() == 3 && lines[2].starts_with("Message: "), "{}", answer.error);
        let wrong = parameters(json!({"Device": 1, "Secret Thing": "x"}));
        let answer = stage.executor.remote(&admin, "ListDeviceUsers", wrong).await.unwrap();
        assert!(
            answer.error.contains("Status Code: N/A.") && answer.error.contains("Did you mean"),
            "{}",
            answer.error
        );
        let run = &stage.executor.runs(&admin, &RunFilter::default()).await.unwrap()[0];
        assert_eq!((run.status, run.parameters.get()), (RunStatus::Failed, r#"{"[unknown]":2}"#));
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
    for stage in Stage::on_both().await {
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
        // Both integrations have a Test Connection; the connection says whose is meant.
        let simulator = simulator().await;
        stage.footprint(&simulator, "Three").await;
        let named = |name: &str| parameters(json!({"Connection Name": name}));
        let answer = stage.executor.remote(&admin, "TestConnection", named("One")).await.unwrap();
        assert_eq!(answer.context_data.unwrap()[0]["Server"], "http://gate.example");
        let answer = stage.executor.remote(&admin, "TestConnection", named("Three")).await.unwrap();
        assert_eq!(answer.return_data, Ended::Successful);
        assert!(simulator.requests().len() > 1);
    }
}

#[tokio::test]
async fn a_run_is_cancelled_by_its_number_also_from_another_process() {
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        stage.gate("Main").await;
        let other = stage.another_process(settings()).await;
        for from_here in [true, false] {
            let begun = *stage.gate.state.begun.borrow();
            let (executor, caller) = (stage.executor.clone(), admin.clone());
            let running = tokio::spawn(async move { executor.run(&caller, "gate", None, "Change", none()).await });
            stage.gate.state.wait_for_begun(begun + 1).await;
            let run = stage.executor.runs(&admin, &RunFilter::default()).await.unwrap().remove(0);
            assert_eq!((run.status, run.ended_at), (RunStatus::Running, None));
            if from_here {
                assert!(stage.executor.cancel(&admin, run.id).await.unwrap());
            } else {
                assert!(other.cancel(&admin, run.id).await.unwrap());
                stage.executor.beat().await.unwrap();
            }
            let finished = running.await.unwrap().unwrap();
            let text = finished.outcome.error.unwrap().to_string();
            assert!(text.contains("was cancelled") && text.contains("may have been carried out"), "{text}");
            stage.gate.state.wait_for_dropped(begun + 1).await;
            let run = stage.executor.see_run(&admin, run.id).await.unwrap();
            assert_eq!(run.status, RunStatus::Cancelled);
            assert!(run.ended_at.is_some() && run.outcome.is_some());
            assert!(!stage.executor.cancel(&admin, run.id).await.unwrap(), "it had ended");
        }
    }
}

#[tokio::test]
async fn a_run_is_cancelled_when_whoever_waits_for_it_goes_away() {
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        stage.gate("Main").await;
        let (executor, caller) = (stage.executor.clone(), admin.clone());
        let running = tokio::spawn(async move { executor.remote(&caller, "Wait", none()).await });
        stage.gate.state.wait_for_begun(1).await;
        running.abort();
        stage.gate.state.wait_for_dropped(1).await;
        // The end is written before the shutdown is over.
        stage.executor.shutdown().await.unwrap();
        let run = stage.executor.runs(&admin, &RunFilter::default()).await.unwrap().remove(0);
        assert_eq!(run.status, RunStatus::Cancelled);
        let refused = because(stage.executor.remote(&admin, "Wait", none()).await);
        assert!(refused.contains("shutting down"), "{refused}");
    }
}

#[tokio::test]
async fn a_shutdown_finishes_what_was_accepted() {
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        stage.gate("Main").await;
        let (executor, caller) = (stage.executor.clone(), admin.clone());
        let running = tokio::spawn(async move { executor.remote(&caller, "Wait", none()).await });
        stage.gate.state.wait_for_begun(1).await;
        let executor = stage.executor.clone();
        let closing = tokio::spawn(async move { executor.shutdown().await });
        let refused = loop {
            match stage.executor.remote(&admin, "TestConnection", none()).await {
                Ok(_) => tokio::task::yield_now().await,
                refused => break because(refused),
            }
        };
        assert!(refused.contains("shutting down"), "{refused}");
        assert!(!closing.is_finished());
        stage.gate.state.go_on.add_permits(1);
        assert_eq!(running.await.unwrap().unwrap().return_data, Ended::Successful);
        closing.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_command_that_takes_too_long_or_breaks_down_fails_and_nothing_else_does() {
    for stage in Stage::on_both_with(ExecutorSettings { time_limit_seconds: 1, ..settings() }, Default::default()).await
    {
        let admin = stage.administrator().await;
        stage.gate("Main").await;
        let answer = stage.executor.remote(&admin, "Wait", none()).await.unwrap();
        assert!(answer.error.starts_with("Wait failed.\nStatus Code: N/A.\nMessage: "), "{}", answer.error);
        assert!(answer.error.contains("did not end within the 1 s"), "{}", answer.error);
        stage.gate.state.wait_for_dropped(1).await;
        let answer = stage.executor.remote(&admin, "BreakDown", none()).await.unwrap();
        assert!(answer.error.contains("The connector broke down"), "{}", answer.error);
        let answer = stage.executor.remote(&admin, "TestConnection", none()).await.unwrap();
        assert_eq!(answer.return_data, Ended::Successful);
        let runs = stage.executor.runs(&admin, &RunFilter::default()).await.unwrap();
        let statuses: Vec<_> = runs.iter().map(|run| run.status).collect();
        assert_eq!(statuses, [RunStatus::Successful, RunStatus::Failed, RunStatus::Failed]);
    }
}

#[tokio::test]
async fn no_more_run_or_wait_than_may() {
    let limits = ExecutorSettings { per_connection: 2, per_site: 3, waiting: 1, ..settings() };
    for stage in Stage::on_both_with(limits, Default::default()).await {
        let admin = stage.administrator().await;
        let one = stage.gate("One").await;
        stage.gate("Two").await;
        let state = &stage.gate.state;
        let start = |name: &'static str| {
            let (executor, caller) = (stage.executor.clone(), admin.clone());
            tokio::spawn(
                async move { executor.remote(&caller, "Wait", parameters(json!({"Connection Name": name}))).await },
            )
        };
        let mut running = vec![start("One"), start("One")];
        state.wait_for_begun(2).await;
        // The third waits, the fourth is turned away.
        let waiting = [start("One"), start("One")];
        let full = loop {
            if let Some(ended) = waiting.iter().position(tokio::task::JoinHandle::is_finished) {
                break ended;
            }
            tokio::task::yield_now().await;
        };
        let [first, second] = waiting;
        let (turned_away, third) = if full == 0 { (first, second) } else { (second, first) };
        let text = because(turned_away.await.unwrap());
        assert!(text.contains("The connection \"One\" is busy: 2 commands are under way and 1 wait"), "{text}");
        assert_eq!(*state.begun.borrow(), 2);
        // Another connection has turns of its own, as far as the site has.
        running.push(start("Two"));
        state.wait_for_begun(3).await;
        // Whoever waits and goes away makes room.
        third.abort();
        assert!(third.await.unwrap_err().is_cancelled());
        while stage.executor.waiting() > 0 {
            tokio::task::yield_now().await;
        }
        let late = start("One");
        while stage.executor.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        // What waited runs on the connection as it is by then.
        stage.update(&admin, one.id, json!({"active": false})).await.unwrap();
        state.go_on.add_permits(3);
        for run in running {
            assert_eq!(run.await.unwrap().unwrap().return_data, Ended::Successful);
        }
        let text = because(late.await.unwrap());
        assert!(text.contains("inactive"), "{text}");
        assert_eq!(*state.begun.borrow(), 3);
    }
}

#[tokio::test]
async fn a_change_holds_for_the_next_command_and_not_for_one_under_way() {
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        let connection = stage.gate("Main").await;
        let (executor, caller) = (stage.executor.clone(), admin.clone());
        let running = tokio::spawn(async move { executor.remote(&caller, "Wait", none()).await });
        stage.gate.state.wait_for_begun(1).await;
        let built = stage.gate.state.built.load(Ordering::SeqCst);
        let change = json!({"parameters": {"Server URL": "http://new.example", "Password": "new"}});
        stage.update(&admin, connection.id, change).await.unwrap();
        let answer = stage.executor.remote(&admin, "TestConnection", none()).await.unwrap();
        assert_eq!(answer.context_data.unwrap()[0], json!({"Server": "http://new.example", "Length": 3}));
        stage.gate.state.go_on.add_permits(1);
        let answer = running.await.unwrap().unwrap();
        assert_eq!(answer.context_data.unwrap()[0]["Server"], "http://gate.example");
        // One to try the change out, and one for all commands that come.
        let (one, two) = tokio::join!(
            stage.executor.remote(&admin, "TestConnection", none()),
            stage.executor.remote(&admin, "TestConnection", none())
        );
        assert!(one.is_ok() && two.is_ok());
        assert_eq!(stage.gate.state.built.load(Ordering::SeqCst), built + 2);
    }
}

#[tokio::test]
async fn a_secret_that_changes_where_it_lives_is_fetched_again_and_else_the_session_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    let vault = VaultSettings { folders: vec![folder.path().to_owned()], ..VaultSettings::default() };
    for stage in Stage::on_both_with(settings(), vault).await {
        let admin = stage.administrator().await;
        let connection = stage.gate("Main").await;
        std::fs::write(&secret, "one").unwrap();
        let place = json!({ "reference": format!("file:{}", secret.display()) });
        stage.update(&admin, connection.id, json!({"parameters": {"Password": place}})).await.unwrap();
        let length = async || {
            let answer = stage.executor.remote(&admin, "TestConnection", none()).await.unwrap();
            answer.context_data.map(|rows| rows[0]["Length"].clone()).unwrap()
        };
        assert_eq!(length().await, 3);
        let built = stage.gate.state.built.load(Ordering::SeqCst);
        std::fs::write(&secret, "three").unwrap();
        assert_eq!(length().await, 3, "it was fetched a moment ago");
        stage.clock.advance(Duration::from_secs(301));
        assert_eq!(length().await, 5);
        assert_eq!(stage.gate.state.built.load(Ordering::SeqCst), built + 1);
        stage.clock.advance(Duration::from_secs(301));
        assert_eq!(length().await, 5);
        assert_eq!(stage.gate.state.built.load(Ordering::SeqCst), built + 1, "nothing had changed");
        std::fs::write(&secret, "seven77").unwrap();
        stage.executor.remote(&admin, "BreakDown", none()).await.unwrap();
        assert_eq!(length().await, 7, "a failure casts doubt on the secret");
        std::fs::remove_file(&secret).unwrap();
        stage.clock.advance(Duration::from_secs(301));
        let answer = stage.executor.remote(&admin, "TestConnection", none()).await.unwrap();
        assert!(answer.error.contains("Password: The secret at file:"), "{}", answer.error);
    }
}

#[tokio::test]
async fn runs_of_a_process_that_died_are_interrupted_and_those_of_the_living_are_not() {
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        stage.gate("Main").await;
        let other = stage.another_process(settings()).await;
        let start = |executor: &soar_host::executor::Executor| {
            let (executor, caller) = (executor.clone(), admin.clone());
            tokio::spawn(async move { executor.remote(&caller, "Wait", none()).await })
        };
        let lost = start(&other);
        stage.gate.state.wait_for_begun(1).await;
        let kept = start(&stage.executor);
        stage.gate.state.wait_for_begun(2).await;
        stage.clock.advance(Duration::from_secs(50));
        assert_eq!(stage.executor.beat().await.unwrap(), 0, "it may be alive");
        stage.clock.advance(Duration::from_secs(50));
        assert_eq!(stage.executor.beat().await.unwrap(), 1);
        let runs = stage.executor.runs(&admin, &RunFilter::default()).await.unwrap();
        let statuses: Vec<_> = runs.iter().map(|run| run.status).collect();
        assert_eq!(statuses, [RunStatus::Running, RunStatus::Interrupted]);
        // It was alive after all: what it knows counts.
        stage.gate.state.go_on.add_permits(2);
        lost.await.unwrap().unwrap();
        kept.await.unwrap().unwrap();
        let runs = stage.executor.runs(&admin, &RunFilter::default()).await.unwrap();
        assert!(runs.iter().all(|run| run.status == RunStatus::Successful), "{runs:?}");
    }
}

#[tokio::test]
async fn the_history_forgets_what_is_old_or_too_much() {
    let limits = ExecutorSettings { history_days: 1, history_runs: 3, ..settings() };
    for stage in Stage::on_both_with(limits, Default::default()).await {
        let admin = stage.administrator().await;
        stage.gate("Main").await;
        for _ in 0..5 {
            stage.executor.remote(&admin, "TestConnection", none()).await.unwrap();
        }
        assert_eq!(stage.executor.forget_old_runs().await.unwrap(), 2);
        stage.clock.advance(Duration::from_secs(25 * 3_600));
        stage.executor.remote(&admin, "TestConnection", none()).await.unwrap();
        assert_eq!(stage.executor.forget_old_runs().await.unwrap(), 3);
        assert_eq!(stage.executor.runs(&admin, &RunFilter::default()).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn the_history_keeps_as_much_of_an_outcome_as_it_may() {
    for stage in Stage::on_both_with(ExecutorSettings { outcome_bytes: 9_000, ..settings() }, Default::default()).await
    {
        let simulator = simulator().await;
        stage.footprint(&simulator, "Main").await;
        let admin = stage.administrator().await;
        let finished = stage.executor.run(&admin, "coda-footprint", None, "List Devices", none()).await.unwrap();
        let run = stage.executor.see_run(&admin, finished.run).await.unwrap();
        let kept = run.outcome.unwrap();
        assert!(kept.get().len() <= 9_000);
        let kept: Value = serde_json::from_str(kept.get()).unwrap();
        assert_eq!(kept["omitted"][0], "rawData");
        assert_eq!(kept["rows"], json!(finished.outcome.result.rows.len()));
        assert!(kept.get("rawData").is_none());
    }
}

#[tokio::test]
async fn runs_are_shown_to_those_who_may_see_them() {
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        let site = stage.site.id;
        let analyst = stage.caller("Analyst", &stage.site, &[(site, Role::Analyst)]).await;
        let viewer = stage.caller("Viewer", &stage.site, &[(site, Role::Viewer)]).await;
        let manager = stage.caller("Manager", &stage.site, &[(site, Role::Manager)]).await;
        let elsewhere = stage.caller("Elsewhere", &stage.client, &[(stage.client.id, Role::Manager)]).await;
        let open = stage.gate("Open").await;
        let closed = stage.gate("Closed").await;
        stage.update(&admin, closed.id, json!({"users": ["Manager"]})).await.unwrap();
        let mut runs = Vec::new();
        for connection in [&open, &closed] {
            runs.push(stage.executor.test(&admin, connection.id).await.unwrap().finished.run);
        }
        let count = async |caller| stage.executor.runs(caller, &RunFilter::default()).await.map(|runs| runs.len());
        assert_eq!(count(&admin).await.unwrap(), 2);
        assert_eq!(count(&manager).await.unwrap(), 2);
        assert_eq!(count(&analyst).await.unwrap(), 1);
        assert!(because(count(&viewer).await).contains("the right to see runs"));
        assert_eq!(count(&elsewhere).await.unwrap(), 0);
        stage.executor.see_run(&analyst, runs[0]).await.unwrap();
        for (caller, run) in [(&analyst, runs[1]), (&viewer, runs[0]), (&elsewhere, runs[0])] {
            let text = because(stage.executor.see_run(caller, run).await);
            assert_eq!(text, format!("There is no run \"{run}\"."));
        }
        assert!(because(stage.executor.cancel(&analyst, runs[0]).await).contains("Another user's run"));
        // A deleted connection's runs stay, for those who managed it.
        stage.executor.connections().delete(&admin, open.id).await.unwrap();
        assert_eq!((count(&manager).await.unwrap(), count(&analyst).await.unwrap()), (2, 0));
        let filter = RunFilter { command: Some("test connection".into()), limit: Some(1), ..RunFilter::default() };
        let page = stage.executor.runs(&admin, &filter).await.unwrap();
        let filter = RunFilter { before: Some(page[0].id), user: Some("ADMIN".into()), ..filter };
        assert_eq!(stage.executor.runs(&admin, &filter).await.unwrap()[0].id, runs[0]);
        let filter = RunFilter { status: Some(RunStatus::Failed), ..RunFilter::default() };
        assert!(stage.executor.runs(&admin, &filter).await.unwrap().is_empty());
    }
}

#[test]
fn endpoints_that_would_clash_are_found_at_the_start() {
    let gate = || Arc::new(GatePlugin::new()) as Arc<dyn Plugin>;
    let clash = Registry::new(vec![gate()], &["CloseIncidentInBulk", "BREAKDOWN"]).unwrap_err().to_string();
    assert!(clash.contains("The utility command \"BREAKDOWN\"") && clash.contains("\"Break Down\""), "{clash}");
    let twice = Registry::new(vec![gate(), gate()], &[]).unwrap_err().to_string();
    assert!(twice.contains("Two integrations are called Gate"), "{twice}");
    let registry = Registry::new(vec![gate()], &["CloseIncidentInBulk"]).unwrap();
    assert!(registry.has_endpoint("breakdown") && !registry.has_endpoint("Break Down"));
    assert_eq!(endpoint_name("List Devices"), "ListDevices");
}

#[tokio::test]
async fn a_planted_secret_is_found_nowhere() {
    let logs = soar_connector::testing::CapturedLogs::start();
    for stage in Stage::on_both().await {
        let admin = stage.administrator().await;
        let simulator = simulator().await;
        let user = simulator.user(UserKind::Administrator);
        let canary = user.password.clone();
        let connection = stage.footprint(&simulator, "Main").await;
        let mut shown = vec![format!("{connection:?}"), serde_json::to_string(&connection).unwrap()];
        // The secret in every wrong place that a user may put it in.
        for given in [
            json!({}),
            json!({"Footprint Tenant ID": canary}),
            json!({"Filter": {"searchTerm": canary}}),
            json!({canary.as_str(): canary}),
            json!({"Filter": canary}),
        ] {
            let answer = stage.executor.remote(&admin, "ListDevices", parameters(given)).await.unwrap();
            // Of a value that is none the caller may be told, as what it sent itself; of all else not.
            shown.push(format!("{:?} {:?}", answer.return_data, answer.context_data));
        }
        simulator.inject("scanners status=500".parse().unwrap());
        let answer = stage.executor.remote(&admin, "ListScanners", none()).await.unwrap();
        shown.push(format!("{answer:?}"));
        let wrong = json!({"parameters": {"Server URL": "ftp://x", "Password": canary, "Pasword": canary}});
        shown.push(because(stage.update(&admin, connection.id, wrong).await));
        let change = json!({"parameters": {"Password": canary}});
        let change: soar_host::connections::ConnectionChange = serde_json::from_value(change).unwrap();
        shown.push(format!("{change:?} {:?}", stage.executor));
        for run in stage.executor.runs(&admin, &RunFilter::default()).await.unwrap() {
            shown.push(format!("{:?}", stage.executor.see_run(&admin, run.id).await.unwrap()));
        }
        for text in &shown {
            assert!(!text.contains(&canary), "{text}");
        }
        let is_file = !stage.test.address.starts_with("postgres");
        if is_file {
            for end in ["", "-wal", "-shm"] {
                let bytes = std::fs::read(format!("{}{end}", stage.test.address)).unwrap_or_default();
                assert!(!end.is_empty() || !bytes.is_empty());
                assert!(!bytes.windows(canary.len()).any(|part| part == canary.as_bytes()), "the store's file{end}");
            }
        }
        let text = logs.text();
        let line = text.lines().find(|line| line.contains(&canary));
        assert!(line.is_none(), "{line:?}");
        assert!(!text.is_empty(), "nothing was logged");
    }
}
