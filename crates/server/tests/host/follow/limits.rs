//! Limits of followed runs, and starts that start nothing.

use serde_json::json;
use soar_host::executor::ExecutorSettings;
use soar_store::model::RunStatus;

use super::{FollowScene, HALF, REST};
use crate::stage::because;

#[tokio::test]
async fn one_run_too_many_is_refused_before_it_starts_anything() {
    for (limits, whose) in [
        (ExecutorSettings { followed_per_site: 1, ..ExecutorSettings::default() }, "The site \"Security Operations\""),
        (ExecutorSettings { followed: 1, ..ExecutorSettings::default() }, "The instance"),
    ] {
        for scene in FollowScene::on_both_with(limits.clone()).await {
            let executor = &scene.stage.executor;
            let (one, two) = tokio::join!(
                scene.start_on(executor, scene.one_scanner()),
                scene.start_on(executor, scene.one_scanner())
            );
            let (started, refused) = if one.is_ok() { (one, two) } else { (two, one) };
            let text = because(refused.map(|_| ()));
            assert!(text.starts_with(&format!("{whose} has 1 runs whose work goes on")), "{text}");
            assert_eq!(scene.starts(), 1);
            assert_eq!(scene.minute(executor, HALF + REST).await, 1);
            scene.assert_ended(started.unwrap().run, RunStatus::Successful, "openedCount").await;
            assert!(scene.start_on(executor, scene.one_scanner()).await.is_ok(), "there is room again");
        }
    }
}

#[tokio::test]
async fn a_start_that_the_product_refuses_fails_and_is_not_followed() {
    for scene in FollowScene::on_both_with(ExecutorSettings { followed: 1, ..ExecutorSettings::default() }).await {
        let executor = &scene.stage.executor;
        let inactive = json!({ "Scanner ID": scene.simulator.known().inactive_scanner });
        for (parameters, code) in
            [(inactive, "scanner-inactive"), (json!({ "Follow": "no token" }), "invalid-parameter")]
        {
            let refused = scene.start_on(executor, parameters).await.unwrap();
            assert!(refused.under_way.is_none());
            assert_eq!(refused.outcome.error.unwrap().code, code);
            assert_eq!(scene.run(refused.run).await.status, RunStatus::Failed);
        }
        scene.simulator.clear_requests();
        let run = scene.start().await;
        assert_eq!(scene.minute(executor, HALF + REST).await, 1);
        scene.assert_ended(run, RunStatus::Successful, "openedCount").await;
    }
}
