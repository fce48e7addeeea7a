//! The secrets of commands: they are fetched again when they may have changed, and appear nowhere.

use std::sync::atomic::Ordering;
use std::time::Duration;

use footprint_simulator::UserKind;
use serde_json::json;
use soar_host::Refusal;
use soar_host::vault::VaultSettings;
use soar_store::RunFilter;

use super::{none, settings};
use crate::direct::DirectRuns as _;
use crate::stage::{ExecutorStage, because, parameters, simulator};

#[tokio::test]
async fn a_secret_that_changes_where_it_lives_is_fetched_again_and_else_the_session_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    let vault = VaultSettings { folders: vec![folder.path().to_owned()], ..VaultSettings::default() };
    for stage in ExecutorStage::on_both_with(settings(), vault).await {
        let admin = stage.administrator().await;
        let connection = stage.gate("Main").await;
        std::fs::write(&secret, "one").unwrap();
        let place = json!({ "reference": format!("file:{}", secret.display()) });
        stage.update(&admin, connection.id, json!({"parameters": {"Password": place}})).await.unwrap();
        let length = async || {
            let answer = stage.executor.remote(&admin, "TestConnection", none()).await.unwrap();
            answer.context_data.map(|rows| rows.values()[0]["Length"].clone()).unwrap()
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
async fn a_planted_secret_is_found_nowhere() {
    let logs = soar_connector::testing::CapturedLogs::start();
    for stage in ExecutorStage::on_both().await {
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
            match stage.executor.remote(&admin, "ListDevices", parameters(given)).await {
                Ok(answer) => shown.push(format!("{:?} {:?}", answer.return_data, answer.context_data)),
                // The error repeats the wrong value to its caller, and nothing stores it.
                Err(refusal) => assert!(matches!(refusal, Refusal::Parameters(_)), "{refusal:?}"),
            }
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
