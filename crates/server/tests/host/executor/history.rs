//! The content, the retention and the rights of the run history.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use soar_connector::Clock as _;
use soar_connector::testing::ManualClock;
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::utility::CommandResult;
use soar_store::RunFilter;
use soar_store::model::{Moment, Role, RunStatus};
use soar_store::testing::TestStore;

use super::{none, settings};
use crate::direct::{DirectConnections as _, DirectRuns as _};
use crate::schedules::clocks::execute;
use crate::stage::{ExecutorStage, because, simulator};

#[tokio::test]
async fn the_history_forgets_what_is_old_or_too_much() {
    let limits = ExecutorSettings { history_days: 1, history_runs: 3, ..settings() };
    for stage in ExecutorStage::on_both_with(limits, Default::default()).await {
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
async fn a_host_whose_clock_is_wrong_forgets_and_loses_no_runs() {
    const WRONG: Duration = Duration::from_secs(400 * 24 * 3_600);
    for stage in ExecutorStage::on_both_with(settings(), Default::default()).await {
        let admin = stage.administrator().await;
        stage.gate("Main").await;
        // The database's clock is behind the host's in the first round, and ahead of it in the second.
        for right in [stage.clock.now() - WRONG, stage.clock.now() + WRONG] {
            let mut connections = stage.executor.connections().clone();
            connections.store = connections.store.on_clock(Arc::new(ManualClock::held_at(right)));
            let executor = Executor::start(connections, settings()).await.unwrap();
            executor.remote(&admin, "TestConnection", none()).await.unwrap();
            assert_eq!(executor.forget_old_runs().await.unwrap(), 0);
            let run = executor.runs(&admin, &RunFilter::default()).await.unwrap().remove(0);
            assert_eq!(run.started_at, Moment::from(right));
            execute(&stage.test.address, "DELETE FROM runs").await.unwrap();
        }
    }
}

#[tokio::test]
async fn the_history_keeps_as_much_of_an_outcome_as_it_may() {
    for stage in
        ExecutorStage::on_both_with(ExecutorSettings { outcome_bytes: 9_000, ..settings() }, Default::default()).await
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
    for stage in ExecutorStage::on_both().await {
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
        assert!(because(stage.executor.cancel(&analyst, runs[0]).await).contains("Cancelling another user's run"));
        // The runs of a deleted connection stay visible for its managers.
        stage.executor.connections().delete(&admin, open.id).await.unwrap();
        assert_eq!((count(&manager).await.unwrap(), count(&analyst).await.unwrap()), (2, 0));
        let filter = RunFilter { command: Some("test connection".into()), limit: Some(1), ..RunFilter::default() };
        let page = stage.executor.runs(&admin, &filter).await.unwrap();
        let filter = RunFilter { before: Some(page[0].id), user: Some("ADMIN".into()), ..filter };
        assert_eq!(stage.executor.runs(&admin, &filter).await.unwrap()[0].id, runs[0]);
        let elise = stage.caller("Élise", &stage.site, &[(site, Role::Manager)]).await;
        stage.executor.test(&elise, closed.id).await.unwrap();
        for (name, found) in [("Élise", 1), ("ÉLISE", 1), ("lise", 0)] {
            let filter = RunFilter { user: Some(name.into()), ..RunFilter::default() };
            assert_eq!(stage.executor.runs(&admin, &filter).await.unwrap().len(), found, "{name}");
        }
        let filter = RunFilter { status: Some(RunStatus::Failed), ..RunFilter::default() };
        assert!(stage.executor.runs(&admin, &filter).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_end_of_a_run_is_stored_once_the_store_works_again() {
    let folder = tempfile::TempDir::new().unwrap();
    let (path, elsewhere) = (folder.path().join("host.db"), folder.path().join("elsewhere.db"));
    let test = TestStore::at(path.to_str().unwrap(), Duration::from_secs(5)).await;
    let stage = ExecutorStage::over(test, settings(), Default::default()).await;
    let admin = stage.administrator().await;
    stage.gate("Main").await;
    let (executor, caller) = (stage.executor.clone(), admin.clone());
    let running = tokio::spawn(async move { executor.remote(&caller, "Wait", none()).await });
    stage.gate.state.wait_for_begun(1).await;
    std::fs::rename(&path, &elsewhere).unwrap();
    stage.gate.state.go_on.add_permits(1);
    assert_eq!(running.await.unwrap().unwrap().return_data, CommandResult::Successful, "the caller has its outcome");
    std::fs::rename(&elsewhere, &path).unwrap();
    let begun = std::time::Instant::now();
    loop {
        let status = stage.executor.runs(&admin, &RunFilter::default()).await.map(|runs| runs[0].status);
        if matches!(status, Ok(RunStatus::Successful)) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{status:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
