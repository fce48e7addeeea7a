//! Schedules of commands on real connections.

use serde_json::{Value, json};
use soar_host::scheduler::{ScheduleChange, ScheduleDraft};
use soar_store::model::{Caller, Role, ScheduleRunStatus};

use super::wired::{Wired, draft, nightly};
use crate::direct::DirectRuns as _;
use crate::stage::{ExecutorStage, because, simulator};

#[tokio::test]
async fn any_command_runs_by_a_schedule_in_its_makers_name_and_its_log_has_input_output_and_error() {
    for stage in ExecutorStage::on_both().await {
        let (simulator, wired) = (simulator().await, Wired::on(&stage));
        stage.footprint(&simulator, "Production").await;
        let analyst = stage.caller("Ann", &stage.site, &[(stage.site.id, Role::Analyst)]).await;
        give(&stage, &analyst, Role::Analyst).await;
        let device = simulator.known().agent_device;
        let mut asked = nightly();
        asked["parameters"] = json!({ "Device ID": device });
        let made = wired.create(&stage, &analyst, draft(asked)).await.unwrap();
        assert_eq!((made.user.as_str(), made.every_minutes), ("Ann", Some(1)));
        assert_eq!(wired.minute(&stage).await, 1);
        let change = ScheduleChange {
            parameters: json!({ "Device ID": simulator.known().missing_device }).as_object().cloned(),
            ..ScheduleChange::default()
        };
        wired.update(&stage, &analyst, "nightly", change).await.unwrap();
        assert_eq!(wired.minute(&stage).await, 1);
        let log = wired.log(&stage, &analyst, "Nightly").await;
        assert_eq!(
            log.iter().map(|run| run.status).collect::<Vec<_>>(),
            [ScheduleRunStatus::Failed, ScheduleRunStatus::Successful]
        );
        assert!(log[0].error.as_deref().unwrap().starts_with("List Device Vulnerabilities failed.\n"), "{log:?}");
        assert_eq!(log[1].input.get(), json!({ "Device ID": device }).to_string());
        let output: Value = serde_json::from_str(log[1].output.get()).unwrap();
        assert_eq!(output["returnData"], "Successful");
        let runs = stage.executor.runs(&analyst, &Default::default()).await.unwrap();
        assert_eq!(runs.iter().filter(|run| run.user == "Ann").count(), 2, "and in the run history");
        assert_eq!(runs[1].request_id, log[1].request_id);
    }
}

#[tokio::test]
async fn a_schedule_runs_with_the_rights_that_its_maker_has_at_that_moment() {
    for stage in ExecutorStage::on_both().await {
        let (simulator, wired) = (simulator().await, Wired::on(&stage));
        stage.footprint(&simulator, "Production").await;
        let analyst = stage.caller("Ann", &stage.site, &[(stage.site.id, Role::Analyst)]).await;
        wired.create(&stage, &analyst, draft(nightly())).await.unwrap();
        give(&stage, &analyst, Role::Viewer).await;
        assert_eq!(wired.minute(&stage).await, 1);
        let log = wired.log(&stage, &stage.administrator().await, "Nightly").await;
        assert_eq!(log[0].status, ScheduleRunStatus::Failed);
        assert!(log[0].error.as_deref().unwrap().contains("right to use connections"), "{log:?}");
    }
}

#[tokio::test]
async fn who_may_not_and_what_cannot_work_is_refused_with_what_to_do() {
    for stage in ExecutorStage::on_both().await {
        let (simulator, wired) = (simulator().await, Wired::on(&stage));
        stage.footprint(&simulator, "Production").await;
        let administrator = stage.administrator().await;
        let viewer = stage.caller("Vic", &stage.site, &[(stage.site.id, Role::Viewer)]).await;
        let analyst = stage.caller("Ann", &stage.site, &[(stage.site.id, Role::Analyst)]).await;
        assert!(because(wired.create(&stage, &viewer, draft(nightly())).await).contains("right to use connections"));
        let bad = [
            ("everyMinutes", json!(0), "expected 1 to"),
            ("cron", json!("30 2 * * *"), "either an interval in minutes"),
            ("command", json!("Make Coffee"), "Make Coffee"),
            ("parameters", json!({"Device": "x"}), "Device"),
            ("name", json!(" "), "The name of the schedule is empty"),
            ("alertAfter", json!(0), "1 to 100"),
            ("alertTo", json!(["soc"]), "Expected a mail address"),
            ("site", json!("Nowhere"), "There is no site"),
            ("connection", json!("Staging"), "There is no connection \"Staging\""),
        ];
        for (field, value, expected) in bad {
            let mut asked = nightly();
            asked[field] = value;
            let refused = because(wired.create(&stage, &administrator, draft(asked)).await);
            assert!(refused.contains(expected), "{field}: {refused}");
        }
        let mut cron = nightly();
        cron["everyMinutes"] = Value::Null;
        cron["cron"] = json!("61 * * * *");
        assert!(because(wired.create(&stage, &administrator, draft(cron.clone())).await).contains("five fields"));
        cron["cron"] = json!("30 2 * * 1-5");
        let made = wired.create(&stage, &administrator, draft(cron)).await.unwrap();
        assert_eq!((made.cron.as_deref(), made.time_zone), (Some("30 2 * * 1-5"), Some(stage.site.time_zone.clone())));
        let again = because(wired.create(&stage, &analyst, draft(nightly())).await);
        assert!(again.contains("schedule \"Nightly\" exists already"), "{again}");
        let stop = ScheduleChange { active: Some(false), ..ScheduleChange::default() };
        assert!(because(wired.update(&stage, &analyst, "Nightly", stop.clone()).await).contains("manage connections"));
        assert!(because(wired.delete(&stage, &analyst, "Nightly").await).contains("manage connections"));
        assert!(because(wired.delete(&stage, &administrator, "Weekly").await).contains("no schedule \"Weekly\""));
        wired.update(&stage, &administrator, "NIGHTLY", stop).await.unwrap();
        let change = ScheduleChange { every_minutes: Some(5), ..ScheduleChange::default() };
        let changed = wired.update(&stage, &administrator, "Nightly", change).await.unwrap();
        assert_eq!((changed.active, changed.every_minutes, changed.cron), (false, Some(5), None));
        assert!(wired.list(&stage, &administrator, Some(stage.client.id)).await.is_empty(), "by site");
        assert!(wired.list(&stage, &viewer_elsewhere(&stage).await, None).await.is_empty(), "others' sites");
        assert_eq!(wired.list(&stage, &analyst, None).await.len(), 1);
        wired.delete(&stage, &administrator, "Nightly").await.unwrap();
        assert!(wired.list(&stage, &analyst, None).await.is_empty());
        let unknown = serde_json::from_value::<ScheduleDraft>(json!({"name": "x", "interval": 5}));
        assert!(unknown.is_err(), "a field that nobody knows is refused");
    }
}

/// A user with a role on another site only.
async fn viewer_elsewhere(stage: &ExecutorStage) -> Caller {
    stage.caller("Eve", &stage.client, &[(stage.client.id, Role::Analyst)]).await
}

/// Gives the caller's user a role in the store, where schedules look.
async fn give(stage: &ExecutorStage, caller: &Caller, role: Role) {
    let mut transaction = stage.test.store.transaction().await.unwrap();
    transaction.records().set_role(caller.user.id, stage.site.id, role).await.unwrap();
    transaction.commit().await.unwrap();
}
