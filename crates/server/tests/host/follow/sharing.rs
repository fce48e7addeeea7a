//! Several processes, one after another and at once.

use std::sync::Arc;
use std::time::Duration;

use soar_connector::testing::ManualClock;
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::sealing::rotate;
use soar_store::SEALED_PLACES;
use soar_store::model::{Moment, RunStatus};

use super::{FollowScene, HALF, REST};
use crate::schedules::clocks::execute;

#[tokio::test]
async fn another_process_follows_the_same_scan_after_the_first_died() {
    for scene in FollowScene::on_both().await {
        let run = scene.start().await;
        assert_eq!(scene.minute(&scene.stage.executor, HALF).await, 0);
        let following = scene.run(run).await.following.unwrap();
        assert_eq!((following.status.as_str(), following.problem), ("running", None));
        assert!(following.percent.is_some() && following.waited_seconds >= 60, "{:?}", following.percent);
        assert_eq!(following.limit_seconds, 24 * 3600);
        // The first process sends no further sign of life.
        let other = scene.another().await;
        scene.stage.clock.advance(Duration::from_secs(600));
        assert_eq!(other.beat().await.unwrap(), 0, "a followed run is not interrupted");
        assert_eq!(scene.run(run).await.status, RunStatus::Running);
        assert_eq!(scene.minute(&other, REST).await, 1);
        scene.assert_ended(run, RunStatus::Successful, "openedCount").await;
    }
}

#[tokio::test]
async fn hosts_share_the_questions_and_ask_each_once() {
    for scene in FollowScene::on_both().await {
        let run = scene.start().await;
        let others = [scene.another().await, scene.another().await];
        for product in [HALF, REST] {
            scene.simulator.advance(product);
            scene.stage.clock.advance(Duration::from_secs(60));
            scene.simulator.clear_requests();
            let [one, two] = &others;
            let ended = tokio::join!(
                scene.stage.executor.ask_followed_runs(),
                one.ask_followed_runs(),
                two.ask_followed_runs()
            );
            let ended = ended.0.unwrap() + ended.1.unwrap() + ended.2.unwrap();
            assert_eq!(ended, usize::from(product == REST));
            let asked =
                scene.simulator.requests().iter().filter(|request| request.path.contains("/status/scan/")).count();
            let paths: Vec<_> = scene.simulator.requests().into_iter().map(|request| request.path).collect();
            assert_eq!(asked, 1, "{paths:?}");
            assert_eq!(scene.starts(), 0);
        }
        assert_eq!(scene.run(run).await.status, RunStatus::Successful);
    }
}

#[tokio::test]
async fn a_question_whose_host_died_is_asked_by_another_once_the_lease_has_lapsed() {
    for scene in FollowScene::on_both().await {
        let run = scene.start().await;
        scene.simulator.advance(HALF + REST);
        scene.stage.clock.advance(Duration::from_secs(60));
        let mut transaction = scene.stage.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let lease = Duration::from_secs(15);
        let (_, claimed) = records.claim_followed_runs(("dead", lease), 10, (&[], None)).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(claimed.len(), 1);
        let other = scene.another().await;
        assert_eq!(other.ask_followed_runs().await.unwrap(), 0, "the lease holds");
        scene.stage.clock.advance(Duration::from_secs(16));
        assert_eq!(other.ask_followed_runs().await.unwrap(), 1);
        scene.assert_ended(run, RunStatus::Successful, "openedCount").await;
        // The first was only suspended, and its answer is refused.
        let mut transaction = scene.stage.test.store.transaction().await.unwrap();
        assert!(!transaction.records().renew_followed_run(run, "dead", lease).await.unwrap());
    }
}

#[tokio::test]
async fn a_process_that_ends_leaves_its_questions_to_others_at_once() {
    for scene in FollowScene::on_both().await {
        let run = scene.start().await;
        scene.simulator.advance(HALF + REST);
        let other = scene.another().await;
        assert_eq!(other.ask_followed_runs().await.unwrap(), 0, "the process that started it asks first");
        scene.stage.executor.shutdown().await.unwrap();
        assert_eq!(other.ask_followed_runs().await.unwrap(), 1);
        scene.assert_ended(run, RunStatus::Successful, "openedCount").await;
    }
}

#[tokio::test]
async fn a_clock_that_is_set_ends_no_wait_and_stops_no_question() {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    for scene in FollowScene::on_both().await {
        let mut connections = scene.stage.executor.connections().clone();
        let database = ManualClock::held();
        connections.store = connections.store.on_clock(Arc::new(database.clone()));
        let host = Executor::start(connections.clone(), ExecutorSettings::default()).await.unwrap();
        let started = scene.start_on(&host, scene.one_scanner()).await.unwrap();
        assert_eq!(host.ask_followed_runs().await.unwrap(), 0);
        database.advance(YEAR);
        assert_eq!(host.ask_followed_runs().await.unwrap(), 0);
        let following = scene.run(started.run).await.following.unwrap();
        assert!(following.waited_seconds < 3600, "the clock was set, and no year has passed: {following:?}");
        // The clock is set right again: the next question lies a year ahead.
        let right = Arc::new(ManualClock::held());
        connections.store = connections.store.on_clock(right);
        let other = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
        scene.simulator.advance(HALF + REST);
        assert_eq!(other.ask_followed_runs().await.unwrap(), 1);
        scene.assert_ended(started.run, RunStatus::Successful, "openedCount").await;
    }
}

#[tokio::test]
async fn the_call_is_sealed_and_is_still_read_after_the_key_was_rotated() {
    for scene in FollowScene::on_both().await {
        let mut parameters = scene.one_scanner();
        parameters["Wait Limit"] = 77.into();
        let started = scene.start_on(&scene.stage.executor, parameters).await.unwrap();
        let rotated = rotate(&scene.stage.test.store, &scene.stage.keyring, SEALED_PLACES, Moment(2)).await.unwrap();
        assert!(rotated.resealed >= 2, "the connection's password and the call: {rotated:?}");
        assert_eq!(scene.minute(&scene.stage.executor, HALF + REST).await, 1);
        scene.assert_ended(started.run, RunStatus::Successful, "openedCount").await;
    }
}

#[tokio::test]
async fn a_start_that_was_cut_off_is_told_as_interrupted_and_is_never_repeated() {
    for scene in FollowScene::on_both().await {
        let run = scene.start().await;
        // As if the process had died before it stored the token.
        let lost = "UPDATE followed_runs SET token = NULL, progress = NULL";
        execute(&scene.stage.test.address, lost).await.unwrap();
        let other = scene.another().await;
        scene.stage.clock.advance(Duration::from_secs(600));
        assert_eq!(other.ask_followed_runs().await.unwrap(), 0);
        assert_eq!(other.beat().await.unwrap(), 1);
        assert_eq!(scene.run(run).await.status, RunStatus::Interrupted);
        assert_eq!(scene.starts(), 1);
    }
}

#[tokio::test]
async fn a_waiter_gets_the_result_that_another_host_got() {
    for is_stopped in [false, true] {
        for scene in FollowScene::on_both().await {
            let started = scene.start_on(&scene.stage.executor, scene.one_scanner()).await.unwrap();
            let other = scene.another().await;
            if is_stopped {
                scene.simulator.advance(HALF);
                scene.simulator.stop_scans();
            }
            assert_eq!(scene.minute(&other, HALF + REST).await, 1);
            let run = scene.run(started.run).await;
            let ended = scene.stage.executor.wait_for(started, None).await.unwrap();
            assert!(ended.under_way.is_none());
            let kept: serde_json::Value = serde_json::from_str(run.outcome.unwrap().get()).unwrap();
            match ended.outcome.error {
                None => {
                    let rows = serde_json::to_value(ended.outcome.result.context_data()).unwrap();
                    assert_eq!((rows, is_stopped), (kept["contextData"].clone(), false));
                }
                Some(error) => {
                    assert_eq!((serde_json::to_value(error).unwrap(), is_stopped), (kept["error"].clone(), true));
                }
            }
            assert!(ended.outcome.receipt.requests > 0);
        }
    }
}
