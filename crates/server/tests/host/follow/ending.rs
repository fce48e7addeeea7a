//! The ends of followed runs other than the work's own good end.

use std::time::Duration;

use serde_json::json;
use soar_store::UserChange;
use soar_store::model::{Moment, Role, RunStatus};

use super::{FollowScene, HALF, REST};
use crate::direct::DirectRuns as _;

#[tokio::test]
async fn a_cancelled_run_ends_at_once_and_says_that_the_scan_goes_on() {
    for scene in FollowScene::on_both().await {
        let run = scene.start().await;
        let other = scene.another().await;
        assert!(other.cancel(&scene.admin, run).await.unwrap());
        assert_eq!(other.ask_followed_runs().await.unwrap(), 1, "no minute passes");
        scene.assert_ended(run, RunStatus::Cancelled, "The product cannot end the work, which goes on.").await;
        scene.assert_ended(run, RunStatus::Cancelled, "give Follow = ").await;
        assert!(!other.cancel(&scene.admin, run).await.unwrap(), "it has ended");
    }
}

#[tokio::test]
async fn a_scan_that_outlasts_the_wait_limit_fails_with_the_token_to_follow_it_again() {
    for scene in FollowScene::on_both().await {
        let mut parameters = scene.one_scanner();
        parameters["Wait Limit"] = 3.into();
        let run = scene.start_on(&scene.stage.executor, parameters).await.unwrap().run;
        for _ in 0..2 {
            assert_eq!(scene.minute(&scene.stage.executor, Duration::ZERO).await, 0);
        }
        scene.stage.clock.advance(Duration::from_secs(60));
        assert_eq!(scene.minute(&scene.stage.executor, Duration::ZERO).await, 1);
        scene.assert_ended(run, RunStatus::Failed, "It is not over after 180 seconds (").await;
        let outcome = scene.run(run).await.outcome.unwrap().get().to_owned();
        let token = outcome.split("give Follow = ").nth(1).unwrap().split(['.', ' ', '"']).next().unwrap();
        // The token follows the same scan.
        let again = scene.start_on(&scene.stage.executor, json!({ "Follow": token })).await.unwrap().run;
        assert_eq!(scene.minute(&scene.stage.executor, HALF + REST).await, 1);
        scene.assert_ended(again, RunStatus::Successful, "openedCount").await;
    }
}

#[tokio::test]
async fn a_product_that_is_away_for_a_while_is_asked_again_with_a_fresh_login() {
    for scene in FollowScene::on_both().await {
        let run = scene.start().await;
        scene.simulator.inject("* close".parse().unwrap());
        for _ in 0..3 {
            assert_eq!(scene.minute(&scene.stage.executor, Duration::ZERO).await, 0);
        }
        let following = scene.run(run).await.following.unwrap();
        assert!(following.problem.is_some_and(|problem| !problem.is_empty()));
        scene.simulator.clear_faults();
        scene.simulator.expire_tokens();
        assert_eq!(scene.minute(&scene.stage.executor, HALF).await, 0);
        assert_eq!(scene.run(run).await.following.unwrap().problem, None);
        assert_eq!(scene.minute(&scene.stage.executor, REST).await, 1);
        scene.assert_ended(run, RunStatus::Successful, "openedCount").await;
    }
}

#[tokio::test]
async fn a_scan_that_is_stopped_in_the_middle_proves_nothing() {
    for scene in FollowScene::on_both().await {
        let run = scene.start().await;
        assert_eq!(scene.minute(&scene.stage.executor, HALF).await, 0);
        scene.simulator.stop_scans();
        assert_eq!(scene.minute(&scene.stage.executor, Duration::ZERO).await, 1);
        scene.assert_ended(run, RunStatus::Failed, "scan-not-done").await;
    }
}

#[tokio::test]
async fn a_connection_that_is_changed_ends_the_wait_and_a_new_password_does_not() {
    for scene in FollowScene::on_both().await {
        let (id, executor) = (scene.connection.id, &scene.stage.executor);
        let run = scene.start().await;
        // The same password is sealed again.
        let password = scene.simulator.user(footprint_simulator::UserKind::Administrator).password.clone();
        let change = json!({ "description": "changed", "parameters": { "Password": password.clone() } });
        scene.stage.update(&scene.admin, id, change).await.unwrap();
        assert_eq!(scene.minute(executor, HALF).await, 0);
        assert_eq!(scene.run(run).await.following.unwrap().problem, None);
        let elsewhere = json!({ "parameters": { "Server URL": "http://127.0.0.1:9", "Password": password } });
        scene.stage.update(&scene.admin, id, elsewhere).await.unwrap();
        assert_eq!(scene.minute(executor, REST).await, 1);
        scene.assert_ended(run, RunStatus::Failed, "was changed since the start: Server URL").await;
        scene.assert_ended(run, RunStatus::Failed, "The token of the work is ").await;
    }
}

#[tokio::test]
async fn a_connection_that_is_deactivated_or_deleted_ends_the_wait() {
    for (change, text) in [(Some(json!({ "active": false })), "was deactivated"), (None, "was deleted")] {
        for scene in FollowScene::on_both().await {
            let run = scene.start().await;
            match &change {
                Some(change) => {
                    scene.stage.update(&scene.admin, scene.connection.id, change.clone()).await.unwrap();
                }
                None => {
                    let connections = scene.stage.executor.connections();
                    let mut transaction = scene.stage.test.store.transaction().await.unwrap();
                    let mut records = transaction.records();
                    connections.delete_in(&mut records, &scene.admin, scene.connection.id).await.unwrap();
                    transaction.commit().await.unwrap();
                }
            }
            assert_eq!(scene.minute(&scene.stage.executor, HALF).await, 1);
            scene.assert_ended(run, RunStatus::Failed, text).await;
        }
    }
}

#[tokio::test]
async fn the_wait_of_a_user_who_is_deactivated_goes_on() {
    for mut scene in FollowScene::on_both().await {
        let site = &scene.stage.site;
        scene.admin = scene.stage.caller("Ann", site, &[(site.id, Role::Analyst)]).await;
        let run = scene.start().await;
        let mut transaction = scene.stage.test.store.transaction().await.unwrap();
        let change = UserChange { active: Some(false), ..UserChange::default() };
        transaction.records().update_user(&scene.admin.user.name, &change, Moment(9)).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(scene.minute(&scene.stage.executor, HALF + REST).await, 1);
        scene.assert_ended(run, RunStatus::Successful, "openedCount").await;
    }
}

#[tokio::test]
async fn the_outcome_counts_the_requests_of_all_questions_and_keeps_the_warnings_of_the_start() {
    for scene in FollowScene::on_both().await {
        // The reply to the start is lost, and the scan runs.
        scene.simulator.inject("rescan cut count=1".parse().unwrap());
        let run = scene.start().await;
        for _ in 0..3 {
            scene.minute(&scene.stage.executor, Duration::from_secs(15)).await;
        }
        scene.minute(&scene.stage.executor, HALF).await;
        scene.assert_ended(run, RunStatus::Successful, "start-unproven").await;
        scene.assert_ended(run, RunStatus::Successful, "scan-inferred").await;
        let receipt: serde_json::Value = serde_json::from_str(scene.run(run).await.receipt.unwrap().get()).unwrap();
        assert_eq!(receipt["requests"], scene.simulator.requests().len());
        assert!(receipt["elapsedMs"].as_u64().unwrap() >= 180_000, "{receipt}");
    }
}
