//! Utility commands are one set of operations: the Command API and the terminal have the same timeout, the same guard against
//! panics, and the same plans.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use soar_connector::RawParameters;
use soar_host::Refusal;
use soar_host::commands::CommandRunner;
use soar_host::operations::{CommandEnd, OperationError, RequestContext, UtilityCall};
use soar_store::model::{Allowed, AuditEntry, Surface};

use crate::support::{FullHost, TestHost, answer};

/// A call of the test's command `MakeNote` from the terminal.
async fn at_the_terminal(host: &TestHost, mode: &str) -> Result<CommandEnd, OperationError> {
    let mut reader = host.test.store.reader().await.unwrap();
    let mut records = reader.records();
    let (user, site) = (records.user("Admin").await.unwrap(), records.site("Security Operations").await.unwrap());
    drop(reader);
    let context = RequestContext {
        user,
        roles: BTreeMap::new(),
        reach: Allowed::All,
        key: None,
        key_expires_at: None,
        entry: AuditEntry::new(host.now(), Surface::Terminal, "terminal"),
        idempotency: None,
    };
    let registered = host.host.commands.find("MakeNote").unwrap();
    let CommandRunner::Utility(command) = &registered.runner else { panic!("MakeNote is a utility command") };
    let raw = RawParameters::from_iter([("Name".to_owned(), json!("Note")), ("Mode".to_owned(), json!(mode))]);
    let call = UtilityCall::parse(command.as_ref(), &registered.manifest, context.caller(site), &raw).unwrap();
    host.host.operations.run_utility(&context, &call).await
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_undone_wherever_it_is_called() {
    for host in TestHost::on_both_with(|settings| settings.command_seconds = 1).await {
        let call =
            host.command("MakeNote", json!({ "Name": "Note", "Mode": "wait" })).header("Idempotency-Key", "slow");
        let (status, body) = answer(call).await;
        let expected = "The command took longer than its timeout of 1 s and was undone. Nothing was changed. Try it with \
                        fewer items.";
        assert_eq!((status, body), (503, json!({ "Error": expected })));
        let error = at_the_terminal(&host, "wait").await.unwrap_err();
        assert!(matches!(error, OperationError::Refusal(Refusal::TimedOut(_))), "{error:?}");
        assert_eq!(error.to_string(), expected);
        assert!(host.notes().await.is_empty());
        // The answer was not kept: a repeat runs the command.
        let call =
            host.command("MakeNote", json!({ "Name": "Note", "Mode": "wait" })).header("Idempotency-Key", "slow");
        host.gate.let_one_go();
        assert_eq!(answer(call).await.0, 200);
    }
}

#[tokio::test]
async fn a_command_that_panics_is_undone_wherever_it_is_called() {
    for host in TestHost::on_both().await {
        assert_eq!(answer(host.command("MakeNote", json!({ "Name": "Note", "Mode": "panic" }))).await.0, 500);
        let error = at_the_terminal(&host, "panic").await.unwrap_err();
        assert!(matches!(error, OperationError::Refusal(Refusal::Panicked)), "{error:?}");
        assert!(host.notes().await.is_empty());
    }
}

#[tokio::test]
async fn a_refusal_at_the_terminal_is_undone_and_its_entry_is_written_once() {
    for host in TestHost::on_both().await {
        let before = host.audit().await.len();
        let end = at_the_terminal(&host, "refuse").await.unwrap();
        assert!(end.is_recorded);
        assert!(matches!(end.ended, Err(Refusal::Because(_))), "{:?}", end.ended);
        let audit = host.audit().await;
        assert_eq!(audit.len(), before + 1);
        let entry = audit.last().unwrap();
        assert_eq!((entry.accepted, entry.reason.as_str()), (false, "It is refused after it wrote."));
        assert!(host.notes().await.is_empty());
    }
}

/// A call at the end of a bulk command's address.
async fn close(host: &FullHost, end: &str, numbers: &[&str], more: Value, key: &str) -> (u16, Value) {
    let mut body = json!({
        "Username": "Admin", "Site": "Security Operations",
        "CommandParams": {
            "Incident Numbers": numbers, "Username": "Admin",
            "Bypass Required Pending Tasks": "Yes", "Bypass All Required Fields": "Yes",
        },
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let call = host.post(&format!("CloseIncidentInBulk{end}")).header("d3key", &host.key).json(&body);
    answer(if key.is_empty() { call } else { call.header("Idempotency-Key", key) }).await
}

async fn status_of(host: &FullHost, number: &str) -> String {
    let incident = host.test.store.reader().await.unwrap().records().incident(number).await.unwrap();
    incident.status.to_string()
}

#[tokio::test]
async fn a_bulk_command_is_planned_over_http_and_the_plan_applies_once_while_its_ground_holds() {
    for host in FullHost::on_both().await {
        host.prepare(&["1", "2", "3"], &[]).await;
        let nothing = json!({});
        let (status, plan) = close(&host, "/plan", &["1", "2"], nothing.clone(), "").await;
        assert_eq!((status, &plan["command"]), (200, &json!("Close Incident in Bulk")), "{plan}");
        assert_eq!(plan["items"][0]["changes"][0], json!({ "field": "Status", "from": "Open", "to": "Closed" }));
        assert_eq!(status_of(&host, "1").await, "Open", "a plan changes nothing");

        let fingerprint = json!({ "Fingerprint": plan["fingerprint"] });
        let (status, moved) = close(&host, "/apply", &["1", "3"], fingerprint.clone(), "").await;
        assert_eq!((status, &moved["returnData"]), (200, &json!("Failed")), "{moved}");
        assert!(moved["error"].as_str().unwrap().contains("the command or its parameters"), "{moved}");
        assert_eq!(close(&host, "/apply", &["1", "2"], nothing.clone(), "").await.0, 400, "a fingerprint is missing");

        let applied = close(&host, "/apply", &["1", "2"], fingerprint.clone(), "once").await;
        assert_eq!((applied.0, &applied.1["returnData"]), (200, &json!("Successful")), "{}", applied.1);
        assert_eq!(close(&host, "/apply", &["1", "2"], fingerprint.clone(), "once").await, applied, "it is repeated");
        // The same body at another address is another call.
        assert_eq!(close(&host, "", &["1", "2"], fingerprint.clone(), "once").await.0, 422);
        let (_, again) = close(&host, "/apply", &["1", "2"], fingerprint, "").await;
        assert!(again["error"].as_str().unwrap().starts_with("The basis of the plan has changed"), "{again}");
        assert_eq!(
            (status_of(&host, "1").await, status_of(&host, "3").await),
            ("Closed".to_owned(), "Open".to_owned())
        );

        let as_nobody = json!({ "CommandParams": {
            "Incident Numbers": ["3"], "Username": "nobody",
            "Bypass Required Pending Tasks": "Yes", "Bypass All Required Fields": "Yes",
        } });
        let (status, refused) = close(&host, "/plan", &[], as_nobody, "").await;
        assert!(status == 200 && refused["returnData"] == "Failed", "{refused}");
        assert!(refused["error"].as_str().unwrap().contains("nobody"), "{refused}");
        for end in ["/plan", "/apply"] {
            let body = json!({ "Username": "Admin", "Site": "Security Operations" });
            let call = host.post(&format!("GetIncidents{end}")).header("d3key", &host.key).json(&body);
            let (status, error) = answer(call).await;
            assert!(status == 404 && error["Error"].as_str().unwrap().contains("cannot be planned"), "{error}");
            // Without a key the answer has no details.
            assert_eq!(answer(host.post(&format!("CloseIncidentInBulk{end}")).json(&body)).await.0, 401);
        }
    }
}
