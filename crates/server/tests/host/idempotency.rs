//! Calls under an Idempotency-Key are done once.

use std::time::Duration;

use serde_json::json;
use soar_host::EvenClock;
use soar_store::AnswerClaim;

use crate::support::{TestHost, answer};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_repeated_call_gets_the_first_answer_and_does_nothing() {
    for host in TestHost::on_both().await {
        let call = |name: &str, key: &'static str| {
            host.command("MakeNote", json!({ "Name": name })).header("Idempotency-Key", key)
        };
        let first = answer(call("Note", "one")).await;
        assert_eq!(first.0, 200);
        // Without the key the name would be taken.
        assert_eq!(answer(call("Note", "one")).await, first);
        assert_eq!(host.notes().await, ["Note"]);
        let again = host.audit().await.pop().unwrap();
        assert!(again.reason.starts_with("The call got the answer of the call "), "{again:?}");

        let (status, body) = answer(call("Another", "one")).await;
        assert!(status == 422 && body["Error"].as_str().unwrap().contains("belongs to another call"), "{body}");
        let other = host.command("PatchDevice", json!({ "Name": "Note" })).header("Idempotency-Key", "one");
        assert_eq!(answer(other).await.0, 422);
        // The same text from another user is another Idempotency-Key.
        let by_other = host.by("analyst", "MakeNote", json!({ "Name": "Another" }));
        let by_other = by_other.header("d3key", &host.key).header("Idempotency-Key", "one");
        assert_eq!(answer(by_other).await.0, 200);

        host.clock.advance(HOUR * 24);
        assert_eq!(answer(call("Note", "one")).await, first, "until it is purged");
        let mut transaction = host.test.store.transaction().await.unwrap();
        assert!(transaction.records().purge_answers(host.now()).await.unwrap() > 0);
        transaction.commit().await.unwrap();
        assert_ne!(answer(call("Note", "one")).await, first, "it ran again: the name is taken");
    }
}

#[tokio::test]
async fn a_refusal_is_repeated_and_a_failure_of_the_hosts_own_is_not() {
    for host in TestHost::on_both().await {
        let call = |mode: &str, key: &'static str| {
            host.command("MakeNote", json!({ "Name": "Note", "Mode": mode })).header("Idempotency-Key", key)
        };
        let refused = answer(call("refuse", "r")).await;
        assert_eq!(answer(call("refuse", "r")).await, refused);
        assert!(host.audit().await.pop().unwrap().reason.starts_with("The call got the answer"));
        assert_eq!(answer(call("store", "s")).await.0, 500);
        assert_eq!(answer(call("store", "s")).await.0, 500);
        assert_eq!(
            host.audit().await.pop().unwrap().reason,
            "The store holds a value that this version cannot read: a secret cause"
        );
    }
}

#[tokio::test]
async fn two_at_once_are_done_once_and_answered_alike() {
    for host in TestHost::on_both().await {
        let call = || {
            let request = host.command("MakeNote", json!({ "Name": "Note", "Mode": "wait" }));
            tokio::spawn(answer(request.header("Idempotency-Key", "two")))
        };
        let first = call();
        host.gate.entered().await;
        let second = call();
        host.gate.let_one_go();
        // If the second call ran the command too, it would wait at the gate for ever.
        let (first, second) = (first.await.unwrap(), second.await.unwrap());
        assert_eq!(
            first,
            (200, json!({ "error": "", "returnData": "Successful", "contextData": [{ "Name": "Note" }] }))
        );
        assert_eq!(first, second);
        assert_eq!(host.notes().await, ["Note"]);
    }
}

#[tokio::test]
async fn an_integration_command_that_still_runs_is_not_run_beside_itself() {
    for host in TestHost::on_both().await {
        let call = || {
            let request = host.command("PatchDevice", json!({ "Name": "a", "Mode": "wait" }));
            request.header("Idempotency-Key", "patch")
        };
        let first = tokio::spawn(answer(call()));
        host.gate.entered().await;
        let response = call().send().await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (409, &"1".parse().unwrap()));
        host.gate.let_one_go();
        let first = first.await.unwrap();
        assert_eq!(answer(call()).await, first);
        assert_eq!(host.vendor.calls(), 1);
    }
}

/// The unsealed fingerprint of a call, as an older host stored it.
fn fingerprint(command: &str, body: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(command.as_bytes()).update(&[0]).update(body);
    hasher.finalize().to_hex().to_string()
}

/// Makes the claim of a host that stopped while a call ran.
async fn leave_a_claim(host: &TestHost, command: &str, body: &[u8]) -> AnswerClaim {
    let mut transaction = host.test.store.transaction().await.unwrap();
    let mut records = transaction.records();
    let user = records.user("Admin").await.unwrap().id;
    let claim = AnswerClaim {
        user,
        access_key: soar_store::model::AccessKeyId(1),
        key: "left".to_owned(),
        fingerprint: fingerprint(command, body),
        request_id: "of the host that ended".to_owned(),
    };
    let now = host.now();
    let (runs_until, expires_at) = (now + Duration::from_secs(30), now + Duration::from_secs(86_400));
    assert!(records.claim_answer(&claim, runs_until, expires_at).await.unwrap().is_none());
    transaction.commit().await.unwrap();
    claim
}

#[tokio::test]
async fn fingerprints_are_sealed_and_answers_under_unsealed_ones_are_still_repeated() {
    for command in ["MakeNote", "PatchDevice"] {
        for host in TestHost::on_both().await {
            let request = || host.command(command, json!({ "Name": "Note" })).header("Idempotency-Key", "left");
            let body = request().build().unwrap().body().unwrap().as_bytes().unwrap().to_vec();
            let claim = leave_a_claim(&host, command, &body).await;
            let mut transaction = host.test.store.transaction().await.unwrap();
            let kept = r#"{"error":"","returnData":"Successful"}"#;
            assert!(transaction.records().keep_answer(&claim, 200, kept).await.unwrap());
            transaction.commit().await.unwrap();
            let repeated = answer(request()).await;
            assert_eq!(repeated, (200, json!({ "error": "", "returnData": "Successful" })));
            let other = host.command(command, json!({ "Name": "Other" })).header("Idempotency-Key", "left");
            assert_eq!(answer(other).await.0, 422);
            assert!(host.notes().await.is_empty() && host.vendor.calls() == 0, "nothing ran");

            let new = || host.command(command, json!({ "Name": command })).header("Idempotency-Key", "new");
            let body = new().build().unwrap().body().unwrap().as_bytes().unwrap().to_vec();
            assert_eq!(answer(new()).await.0, 200);
            let mut transaction = host.test.store.transaction().await.unwrap();
            let claim = AnswerClaim { key: "new".to_owned(), ..claim };
            let now = host.now();
            let earlier = transaction.records().claim_answer(&claim, now, now).await.unwrap().unwrap();
            assert_ne!(earlier.fingerprint, fingerprint(command, &body), "it is sealed");
        }
    }
}

#[tokio::test]
async fn after_a_crash_a_repeat_of_a_writing_command_says_that_nobody_knows() {
    for host in TestHost::on_both().await {
        let request = || host.command("PatchDevice", json!({ "Name": "a" })).header("Idempotency-Key", "left");
        let body = request().build().unwrap().body().unwrap().as_bytes().unwrap().to_vec();
        leave_a_claim(&host, "PatchDevice", &body).await;
        assert_eq!(answer(request()).await.0, 409, "it may still run elsewhere");
        host.clock.advance(Duration::from_secs(30));
        let first = answer(request()).await;
        let error = first.1["error"].as_str().unwrap();
        assert!(first.0 == 200 && error.contains("unknown") && error.contains("Check"), "{error}");
        assert_eq!(answer(request()).await, first);
        assert_eq!(host.vendor.calls(), 0);
    }
}

#[tokio::test]
async fn a_command_that_only_reads_runs_each_time_and_nothing_is_kept_of_it() {
    for host in TestHost::on_both().await {
        for command in ["ListDevices", "ShowNotes"] {
            let request = || {
                let parameters = if command == "ListDevices" { json!({ "Name": "a" }) } else { json!({}) };
                host.command(command, parameters).header("Idempotency-Key", "read")
            };
            assert_eq!(answer(request()).await.0, 200);
            assert_eq!(answer(request()).await.0, 200);
            // The Idempotency-Key is still unused, and a malformed key is refused.
            assert_eq!(answer(request().header("Idempotency-Key", "twice")).await.0, 400);
        }
        assert_eq!(host.vendor.calls(), 2);
        let note = host.command("MakeNote", json!({ "Name": "Note" })).header("Idempotency-Key", "read");
        assert_eq!(answer(note).await.0, 200);
    }
}

#[tokio::test]
async fn an_idempotency_key_that_cannot_be_one_is_refused() {
    for host in TestHost::on_both().await {
        for key in ["", " ", &"x".repeat(256), "ü"] {
            let request = host.command("MakeNote", json!({ "Name": "Note" })).header("Idempotency-Key", key);
            assert_eq!(answer(request).await.0, 400, "{key}");
        }
        assert!(host.notes().await.is_empty());
    }
}

#[tokio::test]
async fn a_repeat_while_the_clock_is_a_year_ahead_does_nothing_twice() {
    for host in TestHost::on_both().await {
        let call = || host.command("MakeNote", json!({ "Name": "Note" })).header("Idempotency-Key", "one");
        let first = answer(call()).await;
        host.clock.advance(Duration::from_secs(365 * 86_400));
        assert_eq!(answer(call()).await, first);
        assert_eq!(host.notes().await.len(), 1);
    }
}

#[tokio::test]
async fn answers_that_have_expired_are_deleted() {
    for host in TestHost::on_both().await {
        let call = host.command("MakeNote", json!({ "Name": "Note" })).header("Idempotency-Key", "one");
        assert_eq!(answer(call).await.0, 200);
        let mut transaction = host.test.store.transaction().await.unwrap();
        let day = Duration::from_secs(86_400);
        assert_eq!(transaction.records().purge_answers(host.now() + day - Duration::from_millis(1)).await.unwrap(), 0);
        assert_eq!(transaction.records().purge_answers(host.now() + day).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_host_whose_clock_is_ahead_deletes_no_answer_too_early_and_keeps_none_too_long() {
    for host in TestHost::on_both().await {
        let ahead = host.beside(HOUR * 24 * 400).await;
        for (host, note) in [(&host, "here"), (&ahead, "there")] {
            let call = host.command("MakeNote", json!({ "Name": note })).header("Idempotency-Key", note);
            assert_eq!(answer(call).await.0, 200);
        }
        let mut clock = EvenClock::default();
        let mut purged_after = async |time: Duration| {
            host.clock.advance(time);
            ahead.clock.advance(time);
            ahead.host.purge_answers(&mut clock).await.unwrap()
        };
        assert_eq!(purged_after(Duration::ZERO).await, 0);
        assert_eq!(purged_after(HOUR).await, 0);
        assert_eq!(purged_after(HOUR * 23).await, 2);
    }
}

#[tokio::test]
async fn a_running_call_is_no_lost_one_for_a_host_whose_clock_is_ahead_and_its_end_replaces_a_verdict() {
    for host in TestHost::on_both().await {
        let ahead = host.beside(Duration::from_secs(60)).await;
        let call = |host: &TestHost| {
            let request = host.command("PatchDevice", json!({ "Name": "a", "Mode": "wait" }));
            request.header("Idempotency-Key", "patch")
        };
        let first = tokio::spawn(answer(call(&host)));
        host.gate.entered().await;
        assert_eq!(answer(call(&ahead)).await.0, 409);
        // As if the first host were suspended until its claim had expired.
        host.clock.advance(Duration::from_secs(31));
        let (status, unknown) = answer(call(&ahead)).await;
        assert!(status == 200 && unknown["error"].as_str().unwrap().contains("did not renew its claim"), "{unknown}");
        host.gate.let_one_go();
        let first = first.await.unwrap();
        assert_ne!(first.1, unknown);
        assert_eq!(answer(call(&ahead)).await, first);
        assert_eq!((host.vendor.calls(), ahead.vendor.calls()), (1, 0));
    }
}

#[tokio::test]
async fn a_key_that_is_no_key_is_refused_before_anything_is_done() {
    for host in TestHost::on_both().await {
        for key in ["", "two words", &"k".repeat(256)] {
            let call = host.command("MakeNote", json!({ "Name": "Note" })).header("Idempotency-Key", key);
            let (status, refused) = answer(call).await;
            assert!(status == 400 && refused["Error"].as_str().unwrap().contains("Idempotency-Key"), "{refused}");
        }
        assert!(host.notes().await.is_empty());
    }
}
