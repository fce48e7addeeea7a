//! Rescan And Wait: followed to its end, across restarts, and told apart from what only looks like it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use footprint_simulator::{Generation, Options, Simulator};
use serde_json::{Value, json};
use soar_connector::{
    Collector, Connector, ExecutionContext, FollowToken, Invocation, Outcome, Polled, Progress, Step,
};

use crate::support::{GENERATIONS, administrator, error_of, run};

const COMMAND: &str = "Rescan And Wait";

async fn instance(generation: Generation) -> Simulator {
    Simulator::start(Options { generation, devices: 60, ..Options::default() }).await.unwrap()
}

fn invocation(connector: &Arc<dyn Connector>, parameters: Value) -> Invocation {
    connector.manifest().invocation(COMMAND, parameters.as_object().unwrap()).unwrap()
}

async fn start(simulator: &Simulator, parameters: Value) -> (Invocation, FollowToken) {
    let connector = administrator(simulator);
    let invocation = invocation(&connector, parameters);
    let (token, _) = connector.start(&invocation, &ExecutionContext::new()).await.expect("it starts");
    (invocation, token)
}

/// Asks with a connector that knows nothing of earlier ones, as after a restart.
async fn poll(simulator: &Simulator, invocation: &Invocation, token: &FollowToken) -> Result<FollowToken, Outcome> {
    let connector = administrator(simulator);
    let mut sink = Collector::new(Some(invocation.command()), Collector::DEFAULT_LIMIT);
    match connector.poll(invocation, token, &ExecutionContext::new(), &mut sink).await {
        Polled::Running(running, _) => Ok(running.token),
        Polled::Ended(conclusion) => Err(sink.finish(conclusion)),
        Polled::Unanswered { error, .. } => panic!("{error}"),
    }
}

fn writes(simulator: &Simulator) -> usize {
    simulator.requests().iter().filter(|request| request.method == "PATCH").count()
}

fn rows(outcome: &Outcome) -> Vec<Value> {
    serde_json::to_value(&outcome.raw_data).unwrap().as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_rescan_is_followed_across_restarts_and_tells_what_it_changed() {
    for generation in GENERATIONS {
        let simulator = instance(generation).await;
        let scanner = simulator.known().active_scanner;
        let states = async || {
            let list = run(&*administrator(&simulator), "List Vulnerabilities", json!({})).await;
            let raw = serde_json::to_value(&list.raw_data).unwrap();
            let pages: Vec<Value> = raw.as_array().unwrap().clone();
            let rows = pages.iter().flat_map(|page| page.as_array().unwrap().clone());
            rows.map(|row| (row["id"].as_u64().unwrap(), row["state"].as_str().unwrap().to_owned()))
                .collect::<std::collections::BTreeMap<_, _>>()
        };
        let before = states().await;
        let (invocation, token) = start(&simulator, json!({ "Scanner ID": scanner })).await;
        assert_eq!(writes(&simulator), 1);
        let token = poll(&simulator, &invocation, &token).await.expect("it is requested");
        simulator.advance(Duration::from_secs(30));
        let token = poll(&simulator, &invocation, &token).await.expect("it runs");
        simulator.advance(Duration::from_secs(31));
        let outcome = poll(&simulator, &invocation, &token).await.expect_err("it is over");
        assert!(outcome.is_successful(), "{generation}: {:?}", outcome.error);
        assert_eq!(writes(&simulator), 1, "it was started once");

        let row = &rows(&outcome)[0];
        let is_legacy = generation == Generation::Legacy;
        assert_eq!((&row["scannerId"], &row["inferred"]), (&json!(scanner), &json!(is_legacy)), "{generation}");
        assert_eq!(outcome.warnings.iter().any(|warning| warning.code == "scan-inferred"), is_legacy);
        assert_eq!(row["status"], if is_legacy { "ended" } else { "done" });
        let after = states().await;
        let ids = |member: &str| -> BTreeSet<u64> {
            row[member].as_array().unwrap().iter().map(|finding| finding["id"].as_u64().unwrap()).collect()
        };
        let is_fixed = |state: Option<&String>| state.is_some_and(|state| state == "fixConfirmed");
        let changed = |kind: &str| -> BTreeSet<u64> {
            let of_kind = |(id, state): (&u64, &String)| {
                let was = before.get(id);
                let fits = match kind {
                    "opened" => was.is_none(),
                    "fixed" => was.is_some() && !is_fixed(was) && is_fixed(Some(state)),
                    _ => is_fixed(was) && !is_fixed(Some(state)),
                };
                fits.then_some(*id)
            };
            after.iter().filter_map(of_kind).collect()
        };
        for kind in ["opened", "fixed", "reopened"] {
            let (found, expected) = (ids(kind), changed(kind));
            // A date that the instance left empty proves nothing; a warning counts these.
            assert!(found.is_subset(&expected), "{generation} {kind}: {found:?} of {expected:?}");
            let unproven = outcome.warnings.iter().any(|warning| warning.code == "changes-unproven");
            assert!(found == expected || unproven, "{generation} {kind}: {found:?} of {expected:?}");
            assert_eq!(row[format!("{kind}Count")], found.len());
        }
        assert!(!ids("fixed").is_empty(), "{generation}");
    }
}

#[tokio::test]
async fn in_one_go_it_shows_progress_and_ends_with_the_scan() {
    for generation in GENERATIONS {
        let options =
            Options { generation, devices: 30, scan_duration: Duration::from_millis(300), ..Options::default() };
        let simulator = Simulator::start(options).await.unwrap();
        let (told, heard) = std::sync::mpsc::channel();
        let told = std::sync::Mutex::new(told);
        let progress = Progress::new(move |step| drop(told.lock().unwrap().send(step)));
        let context = ExecutionContext { progress, ..ExecutionContext::new() };
        let connector = administrator(&simulator);
        let known = simulator.known();
        // The first target of that entry.
        let target = known.user_input + 36;
        for parameters in [json!({}), json!({ "User Input ID": known.user_input }), json!({ "Target ID": target })] {
            let outcome = connector.execute(COMMAND, parameters.as_object().unwrap(), &context).await;
            assert!(outcome.is_successful(), "{generation} {parameters}: {:?}", outcome.error);
            assert!(!rows(&outcome).is_empty(), "{generation} {parameters}");
        }
        let tokens = heard.try_iter().filter(|step| matches!(step, Step::Following { .. })).count();
        assert!(tokens >= 4, "{generation}");
    }
}

#[tokio::test]
async fn a_token_given_as_parameter_follows_and_starts_nothing() {
    for generation in GENERATIONS {
        let simulator = instance(generation).await;
        let (_, token) = start(&simulator, json!({ "Scanner ID": simulator.known().active_scanner })).await;
        let context = ExecutionContext { time_limit: Some(Duration::from_millis(200)), ..ExecutionContext::new() };
        let parameters = json!({ "Follow": token.as_str() });
        let outcome = administrator(&simulator).execute(COMMAND, parameters.as_object().unwrap(), &context).await;
        let (code, text) = error_of(&outcome);
        assert_eq!(code, "still-running", "{generation}: {text}");
        let again = text.split("Follow = ").nth(1).unwrap().trim_end_matches('.').to_owned();
        simulator.advance(Duration::from_secs(61));
        let outcome = run(&*administrator(&simulator), COMMAND, json!({ "Follow": again })).await;
        // On legacy a job that was never seen is waited for; this one was.
        assert!(outcome.is_successful(), "{generation}: {:?}", outcome.error);
        assert_eq!(writes(&simulator), 1, "{generation}");
    }
}

#[tokio::test]
async fn a_start_without_an_answer_is_followed_by_the_scanners_job_and_a_running_scan_is_joined() {
    for generation in GENERATIONS {
        let simulator = instance(generation).await;
        let scanner = simulator.known().active_scanner;
        // The scan begins, and its reply is lost: here another caller starts it meanwhile.
        simulator.inject("rescan close count=1".parse().unwrap());
        let connector = administrator(&simulator);
        let call = invocation(&connector, json!({ "Scanner ID": scanner }));
        let (token, conclusion) = connector.start(&call, &ExecutionContext::new()).await.expect("a token all the same");
        assert!(conclusion.warnings.iter().any(|warning| warning.code == "start-unproven"), "{generation}");
        assert!(run(&*connector, "Patch Rescan", json!({ "Scanner ID": scanner })).await.is_successful());
        let token = poll(&simulator, &call, &token).await.expect("the job is listed");

        let (joined_call, joined) = start(&simulator, json!({ "Scanner ID": scanner })).await;
        let joined = poll(&simulator, &joined_call, &joined).await.expect("the same job");
        simulator.advance(Duration::from_secs(61));
        for (call, token, was_running) in [(&call, token, false), (&joined_call, joined, true)] {
            let outcome = poll(&simulator, call, &token).await.expect_err("it is over");
            let row = &rows(&outcome)[0];
            assert_eq!((&row["inferred"], &row["wasRunning"]), (&json!(true), &json!(was_running)), "{generation}");
            assert!(outcome.warnings.iter().any(|warning| warning.code == "scan-inferred"));
        }
    }
}

#[tokio::test]
async fn where_every_scanner_is_busy_the_running_scans_are_followed() {
    for generation in [Generation::Middle, Generation::Current] {
        let simulator = instance(generation).await;
        assert!(run(&*administrator(&simulator), "Patch Rescan", json!({})).await.is_successful());
        let (_, token) = start(&simulator, json!({})).await;
        let json = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, token.as_str()).unwrap();
        let token: Value = serde_json::from_slice(&json).unwrap();
        let scans = token["s"].as_array().unwrap();
        assert!(scans.len() >= 2 && scans.iter().all(|scan| scan["r"] == true), "{generation}: {token}");
    }
}

#[tokio::test]
async fn a_start_of_which_no_trace_is_seen_stays_unknown() {
    for generation in GENERATIONS {
        let simulator = instance(generation).await;
        simulator.inject("rescan close".parse().unwrap());
        let outcome =
            run(&*administrator(&simulator), COMMAND, json!({ "Scanner ID": simulator.known().active_scanner })).await;
        assert_eq!(error_of(&outcome).0, "outcome-unknown", "{generation}");
    }
}

#[tokio::test]
async fn a_scan_that_is_stopped_proves_nothing() {
    for generation in [Generation::Middle, Generation::Current] {
        let simulator = instance(generation).await;
        let (call, token) = start(&simulator, json!({ "Scanner ID": simulator.known().active_scanner })).await;
        simulator.advance(Duration::from_secs(30));
        let token = poll(&simulator, &call, &token).await.expect("it runs");
        simulator.stop_scans();
        let outcome = poll(&simulator, &call, &token).await.expect_err("it is over");
        let (code, text) = error_of(&outcome);
        assert!(code == "scan-not-done" && text.contains("stopped"), "{text}");
    }
}

#[tokio::test]
async fn what_cannot_be_rescanned_is_refused_and_nothing_is_started() {
    for generation in GENERATIONS {
        let simulator = instance(generation).await;
        let known = simulator.known();
        let before = simulator.state_fingerprint();
        for (parameters, code) in [
            (json!({ "Scanner ID": known.missing_scanner }), "scanner-not-usable"),
            (json!({ "Scanner ID": known.inactive_scanner }), "scanner-inactive"),
            (json!({ "User Input ID": 1 }), "scan-surface-not-found"),
            (json!({ "Target ID": 1 }), "scan-surface-not-found"),
            (json!({ "Scanner ID": 1, "Target ID": 1 }), "invalid-parameter"),
            (json!({ "Follow": "no token" }), "invalid-parameter"),
            (json!({ "Follow": "bm90LW91cnM" }), "invalid-parameter"),
            (json!({ "Footprint Tenant ID": 3 }), "trial-expired"),
        ] {
            let outcome = run(&*administrator(&simulator), COMMAND, parameters.clone()).await;
            assert_eq!(error_of(&outcome).0, code, "{generation} {parameters}");
        }
        assert_eq!(simulator.state_fingerprint(), before, "{generation}");
    }
}

#[tokio::test]
async fn a_question_that_fails_is_asked_again_and_one_that_is_refused_ends_the_wait() {
    for generation in GENERATIONS {
        let options =
            Options { generation, devices: 20, scan_duration: Duration::from_millis(300), ..Options::default() };
        let simulator = Simulator::start(options).await.unwrap();
        let scanner = simulator.known().active_scanner;
        simulator.inject("scan-status status=500 skip=1 count=20".parse().unwrap());
        let outcome = run(&*administrator(&simulator), COMMAND, json!({ "Scanner ID": scanner })).await;
        assert!(outcome.is_successful(), "{generation}: {:?}", outcome.error);
        simulator.clear_faults();
        simulator.inject("scan-status status=401 skip=1".parse().unwrap());
        let outcome = run(&*administrator(&simulator), COMMAND, json!({ "Scanner ID": scanner })).await;
        assert_eq!(error_of(&outcome).0, "not-permitted", "{generation}");
    }
}

#[tokio::test]
async fn a_wait_that_is_cancelled_leaves_the_scan_running() {
    let simulator = instance(Generation::Current).await;
    let (call, token) = start(&simulator, json!({ "Scanner ID": simulator.known().active_scanner })).await;
    let has_ended = administrator(&simulator).cancel(&call, &token, &ExecutionContext::new()).await.unwrap();
    assert!(!has_ended, "Footprint's API cannot stop a scan");
    poll(&simulator, &call, &token).await.expect("it goes on");
}
