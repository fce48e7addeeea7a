//! Runs that are cancelled, time out, panic, or whose process ends or dies.

use std::time::Duration;

use soar_host::executor::ExecutorSettings;
use soar_host::utility::CommandResult;
use soar_store::RunFilter;
use soar_store::model::RunStatus;

use super::{none, settings};
use crate::direct::DirectRuns as _;
use crate::stage::{ExecutorStage, because};

#[tokio::test]
async fn a_run_is_cancelled_by_its_number_also_from_another_process() {
    for stage in ExecutorStage::on_both().await {
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
            assert!(text.contains("was cancelled") && text.contains("may have had an effect"), "{text}");
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
    for stage in ExecutorStage::on_both().await {
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
    for stage in ExecutorStage::on_both().await {
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
        assert_eq!(running.await.unwrap().unwrap().return_data, CommandResult::Successful);
        closing.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_command_that_takes_too_long_or_breaks_down_fails_and_nothing_else_does() {
    for stage in
        ExecutorStage::on_both_with(ExecutorSettings { time_limit_seconds: 1, ..settings() }, Default::default()).await
    {
        let admin = stage.administrator().await;
        stage.gate("Main").await;
        let answer = stage.executor.remote(&admin, "Wait", none()).await.unwrap();
        assert!(answer.error.starts_with("Wait failed.\nStatus Code: N/A.\nMessage: "), "{}", answer.error);
        assert!(answer.error.contains("did not end within its timeout of 1 s"), "{}", answer.error);
        stage.gate.state.wait_for_dropped(1).await;
        let answer = stage.executor.remote(&admin, "BreakDown", none()).await.unwrap();
        assert!(answer.error.contains("The connector panicked"), "{}", answer.error);
        let answer = stage.executor.remote(&admin, "TestConnection", none()).await.unwrap();
        assert_eq!(answer.return_data, CommandResult::Successful);
        let runs = stage.executor.runs(&admin, &RunFilter::default()).await.unwrap();
        let statuses: Vec<_> = runs.iter().map(|run| run.status).collect();
        assert_eq!(statuses, [RunStatus::Successful, RunStatus::Failed, RunStatus::Failed]);
    }
}

#[tokio::test]
async fn runs_of_a_process_that_died_are_interrupted_and_those_of_the_living_are_not() {
    for stage in ExecutorStage::on_both().await {
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
        // The process was alive, so its result counts.
        stage.gate.state.go_on.add_permits(2);
        lost.await.unwrap().unwrap();
        kept.await.unwrap().unwrap();
        let runs = stage.executor.runs(&admin, &RunFilter::default()).await.unwrap();
        assert!(runs.iter().all(|run| run.status == RunStatus::Successful), "{runs:?}");
    }
}
