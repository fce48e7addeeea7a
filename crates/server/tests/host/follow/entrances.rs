//! The Command API and schedules.

use std::time::Duration;

use serde_json::{Value, json};
use soar_host::executor::ExecutorSettings;
use soar_host::utility::CommandResult;
use soar_store::RunFilter;
use soar_store::model::{RunStatus, ScheduleRunStatus};

use super::{COMMAND, FollowScene, HALF, REST};
use crate::direct::DirectRuns as _;
use crate::schedules::wired::{Wired, draft};
use crate::stage::parameters;

#[tokio::test]
async fn the_command_api_waits_within_the_timeout_without_a_slot_and_then_says_that_the_run_goes_on() {
    let settings = ExecutorSettings { time_limit_seconds: 3, per_connection: 1, ..ExecutorSettings::default() };
    for scene in FollowScene::on_both_with(settings).await {
        let (executor, caller) = (scene.stage.executor.clone(), scene.admin.clone());
        let given = parameters(scene.one_scanner());
        let waiting = tokio::spawn(async move { executor.remote(&caller, "RescanAndWait", given).await });
        while scene.starts() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // The only slot of the connection is free between two questions.
        let other = scene.stage.executor.remote(&scene.admin, "ListScanners", parameters(json!({}))).await.unwrap();
        assert_eq!(other.return_data, CommandResult::Successful);
        let answer = serde_json::to_value(waiting.await.unwrap().unwrap()).unwrap();
        assert_eq!((&answer["returnData"], &answer["error"]), (&json!("Running"), &json!("")));
        let runs = scene.stage.executor.runs(&scene.admin, &RunFilter::default()).await.unwrap();
        let run = runs.iter().find(|run| run.command == COMMAND).unwrap();
        assert_eq!((run.status, &answer["run"]), (RunStatus::Running, &json!(run.id)));
        let text = answer["message"].as_str().unwrap();
        assert!(text.contains(&format!("footprint runs show {}", run.id)), "{text}");
        assert_eq!(answer["following"]["limitSeconds"], 24 * 3600);
        assert!(answer["followToken"].as_str().is_some_and(|token| !token.is_empty()));
        assert_eq!(scene.minute(&scene.stage.executor, HALF + REST).await, 1);
        scene.assert_ended(run.id, RunStatus::Successful, "openedCount").await;
    }
}

#[tokio::test]
async fn the_command_api_answers_with_the_result_of_a_scan_that_ends_in_time() {
    for scene in FollowScene::on_both().await {
        let (executor, caller) = (scene.stage.executor.clone(), scene.admin.clone());
        let given = parameters(scene.one_scanner());
        let waiting = tokio::spawn(async move { executor.remote(&caller, "RescanAndWait", given).await });
        while scene.starts() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        scene.simulator.advance(HALF + REST);
        let answer = serde_json::to_value(waiting.await.unwrap().unwrap()).unwrap();
        assert_eq!(answer["returnData"], "Successful", "{answer}");
        assert_eq!(answer["contextData"][0]["Status"], "done");
        assert_eq!(scene.starts(), 1);
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_end_the_wait() {
    for scene in FollowScene::on_both().await {
        let (executor, caller) = (scene.stage.executor.clone(), scene.admin.clone());
        let given = parameters(scene.one_scanner());
        let waiting = tokio::spawn(async move { executor.remote(&caller, "RescanAndWait", given).await });
        let run = loop {
            let runs = scene.stage.executor.runs(&scene.admin, &RunFilter::default()).await.unwrap();
            if let Some(run) = runs.into_iter().find(|run| run.following.is_some()) {
                break run.id;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        waiting.abort();
        let _ = waiting.await;
        let other = scene.another().await;
        assert_eq!(scene.minute(&other, HALF + REST).await, 1);
        scene.assert_ended(run, RunStatus::Successful, "openedCount").await;
    }
}

fn hourly(parameters: Value) -> Value {
    json!({
        "name": "Hourly", "site": "Security Operations", "integration": "coda-footprint", "command": COMMAND,
        "parameters": parameters, "everyMinutes": 1, "alertTo": ["soc@example.com"], "alertAfter": 1,
    })
}

#[tokio::test]
async fn a_schedule_waits_for_its_scan_without_a_place_and_logs_the_result_at_the_end() {
    for scene in FollowScene::on_both().await {
        let (stage, executor) = (&scene.stage, &scene.stage.executor);
        let wired = Wired::on(stage);
        wired.create(stage, &scene.admin, draft(hourly(scene.one_scanner()))).await.unwrap();
        assert_eq!(wired.minute(stage).await, 1);
        assert_eq!(wired.scheduler.in_hand(), 0);
        assert!(wired.log(stage, &scene.admin, "Hourly").await.is_empty(), "the scan is not over");
        assert_eq!(wired.minute(stage).await, 0, "the schedule is not due while its scan runs");
        assert_eq!(scene.starts(), 1);
        // Another process ends it.
        let other = scene.another().await;
        assert_eq!(scene.minute(&other, HALF + REST).await, 1);
        let log = wired.log(stage, &scene.admin, "Hourly").await;
        assert_eq!(log.iter().map(|run| run.status).collect::<Vec<_>>(), [ScheduleRunStatus::Successful]);
        assert!(log[0].output.get().contains("openedCount") && log[0].error.is_none(), "{log:?}");
        assert!(log[0].ended_at.milliseconds_since(log[0].started_at) >= 60_000, "{log:?}");
        // The missed due times run once. This scan is stopped.
        assert_eq!(wired.minute(stage).await, 1);
        assert_eq!(scene.starts(), 2);
        assert_eq!(scene.minute(executor, HALF).await, 0);
        scene.simulator.stop_scans();
        assert_eq!(scene.minute(executor, Duration::ZERO).await, 1);
        let log = wired.log(stage, &scene.admin, "Hourly").await;
        assert_eq!((log.len(), log[0].status), (2, ScheduleRunStatus::Failed));
        assert!(log[0].error.as_deref().unwrap().starts_with("Rescan And Wait failed.\n"), "{log:?}");
        stage.clock.advance(Duration::from_secs(120));
        wired.scheduler.tell().await.unwrap();
        wired.scheduler.deliver().await.unwrap();
        let subjects = wired.delivered.subjects();
        assert_eq!(subjects.len(), 1, "{subjects:?}");
    }
}

#[tokio::test]
async fn a_schedule_whose_host_dies_after_the_start_is_not_interrupted_and_does_not_start_again() {
    for scene in FollowScene::on_both().await {
        let stage = &scene.stage;
        let wired = Wired::on(stage);
        wired.create(stage, &scene.admin, draft(hourly(scene.one_scanner()))).await.unwrap();
        stage.clock.advance(Duration::from_secs(60));
        let claim = wired.scheduler.look().await.unwrap().claims.remove(0);
        let item = claim.item();
        // The host starts the scan, and dies before it has told the store that the due time is done.
        assert!(wired.scheduler.run(claim).await);
        let again = format!(
            "INSERT INTO work (schedule_id, due_at, node, claimed_until) VALUES ({}, {}, 'dead', 0)",
            item.schedule, item.due_at.0
        );
        crate::schedules::clocks::execute(&stage.test.address, &again).await.unwrap();
        let next = Wired::on(stage);
        assert_eq!(next.minute(stage).await, 0);
        assert!(next.log(stage, &scene.admin, "Hourly").await.is_empty());
        assert_eq!(scene.minute(&stage.executor, HALF + REST).await, 1);
        let log = next.log(stage, &scene.admin, "Hourly").await;
        assert_eq!(log.iter().map(|run| run.status).collect::<Vec<_>>(), [ScheduleRunStatus::Successful]);
        assert_eq!(scene.starts(), 1);
    }
}
