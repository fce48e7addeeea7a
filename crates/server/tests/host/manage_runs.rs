//! Runs over the management API.

use serde_json::json;
use soar_connector::RawParameters;

use crate::served::{CANARY, ServedHost};
use crate::stage::parameters;
use crate::support::answer;

#[tokio::test]
async fn runs_of_all_sites_are_listed_narrowed_down_and_seen_a_page_at_a_time() {
    for host in ServedHost::on_both().await {
        let made = host.connection("Main").await;
        let path = format!("/connections/{}", made["id"]);
        for _ in 0..2 {
            assert_eq!(answer(host.call("POST", &format!("{path}/test"))).await.0, 200);
        }
        host.send("PATCH", &path, &json!({ "site": "Client" })).await;
        let admin = host.stage.administrator().await;
        let there = soar_store::model::Caller { site: host.stage.client.clone(), ..admin };
        let raw = parameters(json!({ "Note": format!("a {CANARY}") }));
        host.stage.executor.run(&there, "gate", None, "Break Down", raw).await.unwrap();
        let numbers = async |query: &str| {
            let (status, page) = host.get(&format!("/runs{query}")).await;
            assert_eq!(status, 200, "{query}: {page}");
            let runs = page["runs"].as_array().unwrap().clone();
            assert!(runs.iter().all(|run| run.get("outcome").is_none()), "{page}");
            runs.iter().map(|run| run["id"].as_i64().unwrap()).collect::<Vec<_>>()
        };
        let all = numbers("").await;
        assert!(all.len() == 3 && all.is_sorted_by(|one, other| one > other), "{all:?}");
        assert_eq!(numbers("?site=Client").await, all[..1]);
        assert_eq!(numbers("?site=security%20operations").await, all[1..]);
        assert_eq!(numbers("?status=Failed").await, all[..1]);
        assert_eq!(numbers("?command=test%20connection&user=ADMIN").await, all[1..]);
        assert_eq!(numbers(&format!("?connection={}", made["id"])).await, all);
        assert!(numbers("?connection=0").await.is_empty() && numbers("?before=0").await.is_empty());
        let (_, page) = host.get("/runs?limit=2").await;
        assert_eq!(page["next"], json!(all[1]));
        let (_, last) = host.get(&format!("/runs?limit=2&before={}", all[1])).await;
        assert_eq!((last["runs"].as_array().unwrap().len(), last.get("next")), (1, None));
        for (query, status) in
            [("?limit=0", 400), ("?limit=1001", 400), ("?status=Late", 400), ("?site=Nowhere", 404), ("?colour=1", 400)]
        {
            assert_eq!(host.get(&format!("/runs{query}")).await.0, status, "{query}");
        }
        let (status, run) = host.get(&format!("/runs/{}", all[0])).await;
        assert_eq!((status, &run["status"], &run["site"]), (200, &json!("Failed"), &json!("Client")));
        assert_eq!(run["outcome"]["returnData"], json!("Failed"));
        assert!(!run.to_string().contains("canary"), "{run}");
        for id in ["0", "x", "99999"] {
            assert_eq!(host.get(&format!("/runs/{id}")).await.0, 404, "{id}");
        }
        host.assert_canary_is_hidden().await;
    }
}

#[tokio::test]
async fn a_run_is_cancelled_and_one_that_has_ended_stays_as_it_is() {
    for host in ServedHost::on_both().await {
        host.connection("Main").await;
        let admin = host.stage.administrator().await;
        let executor = host.stage.executor.clone();
        let run = tokio::spawn(async move { executor.run(&admin, "gate", None, "Wait", RawParameters::new()).await });
        host.stage.gate.state.wait_for_begun(1).await;
        let (_, page) = host.get("/runs?status=Running").await;
        let path = format!("/runs/{}/cancel", page["runs"][0]["id"]);
        let cancel = || host.call("POST", &path).header("Idempotency-Key", "once");
        assert_eq!(answer(cancel()).await, (200, json!({ "wasRunning": true })));
        let noted = host.noted().await;
        assert_eq!((noted.0, noted.2), (format!("POST /api/manage/v1{path}"), true));
        host.stage.gate.state.wait_for_dropped(1).await;
        let finished = run.await.unwrap().unwrap();
        assert_eq!(finished.outcome.error.unwrap().code, "cancelled");
        assert_eq!(answer(cancel()).await.1, json!({ "wasRunning": true }), "answered as before");
        assert_eq!(answer(host.call("POST", &path)).await, (200, json!({ "wasRunning": false })));
        let (_, run) = host.get(&format!("/runs/{}", page["runs"][0]["id"])).await;
        assert_eq!(run["status"], json!("Cancelled"));
        assert_eq!(answer(host.call("POST", "/runs/99999/cancel")).await.0, 404);
    }
}
