//! The limits of running and waiting commands, and changes of their connection meanwhile.

use std::sync::atomic::Ordering;

use serde_json::json;
use soar_host::executor::ExecutorSettings;
use soar_host::utility::CommandResult;

use super::{none, settings};
use crate::stage::{ExecutorStage, because, parameters};

#[tokio::test]
async fn no_more_run_or_wait_than_may() {
    let limits = ExecutorSettings { per_connection: 2, per_site: 3, waiting: 1, ..settings() };
    for stage in ExecutorStage::on_both_with(limits, Default::default()).await {
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
        // The third waits, and the fourth is refused.
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
        // Another connection has its own slots, within the limit of the site.
        running.push(start("Two"));
        state.wait_for_begun(3).await;
        // A waiting caller that goes away makes room.
        third.abort();
        assert!(third.await.unwrap_err().is_cancelled());
        while stage.executor.waiting() > 0 {
            tokio::task::yield_now().await;
        }
        let late = start("One");
        while stage.executor.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        // The waiting command runs on the changed connection.
        stage.update(&admin, one.id, json!({"active": false})).await.unwrap();
        state.go_on.add_permits(3);
        for run in running {
            assert_eq!(run.await.unwrap().unwrap().return_data, CommandResult::Successful);
        }
        let text = because(late.await.unwrap());
        assert!(text.contains("inactive"), "{text}");
        assert_eq!(*state.begun.borrow(), 3);
    }
}

#[tokio::test]
async fn a_change_holds_for_the_next_command_and_not_for_one_under_way() {
    for stage in ExecutorStage::on_both().await {
        let admin = stage.administrator().await;
        let connection = stage.gate("Main").await;
        let (executor, caller) = (stage.executor.clone(), admin.clone());
        let running = tokio::spawn(async move { executor.remote(&caller, "Wait", none()).await });
        stage.gate.state.wait_for_begun(1).await;
        let built = stage.gate.state.built.load(Ordering::SeqCst);
        let change = json!({"parameters": {"Server URL": "http://new.example", "Password": "new"}});
        stage.update(&admin, connection.id, change).await.unwrap();
        let answer = stage.executor.remote(&admin, "TestConnection", none()).await.unwrap();
        assert_eq!(answer.context_data.unwrap().values()[0], json!({"Server": "http://new.example", "Length": 3}));
        stage.gate.state.go_on.add_permits(1);
        let answer = running.await.unwrap().unwrap();
        assert_eq!(answer.context_data.unwrap().values()[0]["Server"], "http://gate.example");
        // One to try the change out, and one for all commands that come.
        let (one, two) = tokio::join!(
            stage.executor.remote(&admin, "TestConnection", none()),
            stage.executor.remote(&admin, "TestConnection", none())
        );
        assert!(one.is_ok() && two.is_ok());
        assert_eq!(stage.gate.state.built.load(Ordering::SeqCst), built + 2);
    }
}
