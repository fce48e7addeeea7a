//! Commands run within their time, and their handlers' failures become Error tabs with the manifest's cause and cure.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use soar_connector::manifest::ManifestFile;
use soar_connector::{
    Collector, CommandEntry, Commands, ExecutionContext, Failure, Handler, HandlerCall, InvalidCall, Outcome, Progress,
    RawParameters, ReplyPage, Step,
};

const CONNECTOR: ManifestFile<'static> = ManifestFile {
    name: "connector.toml",
    text: r#"
        id = "sample"
        name = "Sample"
        vendor = "Nobody"
        category = "Test"
        description = "A product in memory."
        health-check = "Read"
        settings = []
        errors = [
          { code = "gone", statuses = [410], cause = "It is gone.", cure = "Look elsewhere.", retryable = true },
          { code = "timed-out", cause = "The sample is slow.", cure = "Wait." },
        ]
    "#,
};

macro_rules! manifest {
    ($name:literal, $effect:literal) => {
        ManifestFile {
            name: concat!($name, ".toml"),
            text: concat!(
                "name = \"",
                $name,
                "\"\ndescription = \"Does it.\"\neffect = \"",
                $effect,
                "\"\npermissions = [\"Anyone\"]\n\
                 endpoint = \"GET /\"\nreply = [\"array\"]\ncolumns = [{ name = \"ID\", path = \"$.id\" }]\n\
                 inputs = [{ name = \"Count\", type = \"integer\", description = \"How many.\", example = 1 }]\n"
            ),
        }
    };
}

const ENTRIES: &[CommandEntry<str>] = &[
    CommandEntry { manifest: manifest!("Read", "read"), handler: &Read },
    CommandEntry { manifest: manifest!("Fail", "read"), handler: &Fail },
    CommandEntry { manifest: manifest!("Hang", "read"), handler: &Hang },
    CommandEntry { manifest: manifest!("Change", "write"), handler: &ChangeHandler },
];

struct Read;
struct Fail;
struct Hang;
struct ChangeHandler;

#[async_trait]
impl Handler<str> for Read {
    async fn run(&self, connection: &str, mut call: HandlerCall<'_>) -> Result<(), Failure> {
        let rows: Vec<_> = (0..call.parameters().integer("Count").unwrap_or(2)).map(|id| json!({ "id": id })).collect();
        call.report.warn("connected-to", connection);
        call.report.receipt.requests += 1;
        call.page(ReplyPage::derived(&rows)).await
    }
}

#[async_trait]
impl Handler<str> for Fail {
    async fn run(&self, _: &str, mut call: HandlerCall<'_>) -> Result<(), Failure> {
        call.page(ReplyPage::derived(&[json!({ "id": 1 })])).await?;
        match call.parameters().integer("Count") {
            Some(status) => Err(Failure::of_status(u16::try_from(status).unwrap(), "It was here.")),
            None => Err(Failure::new("unreadable-reply", "It is no JSON.").at(200)),
        }
    }
}

#[async_trait]
impl Handler<str> for Hang {
    async fn run(&self, _: &str, call: HandlerCall<'_>) -> Result<(), Failure> {
        call.report.receipt.requests += 1;
        std::future::pending().await
    }
}

#[async_trait]
impl Handler<str> for ChangeHandler {
    async fn run(&self, _: &str, call: HandlerCall<'_>) -> Result<(), Failure> {
        call.report.in_doubt = true;
        std::future::pending().await
    }
}

async fn run(command: &str, parameters: serde_json::Value) -> Outcome {
    run_with(Progress::default(), command, parameters).await
}

async fn run_with(progress: Progress, command: &str, parameters: serde_json::Value) -> Outcome {
    let commands = Commands::load(CONNECTOR, ENTRIES).unwrap();
    let invocation = commands.manifest().invocation(command, parameters.as_object().unwrap()).unwrap();
    let context = ExecutionContext { request_id: "the-id".to_owned(), progress, ..ExecutionContext::new() };
    let mut collector = Collector::new(Some(invocation.command()), Collector::DEFAULT_LIMIT);
    let limit = Duration::from_millis(100);
    let conclusion = commands.run("here", &invocation, &context, limit, &mut collector).await;
    collector.finish(conclusion)
}

#[tokio::test]
async fn a_handler_gets_typed_parameters_and_its_pages_warnings_and_requests_are_in_the_receipt() {
    let outcome = run("read", json!({"count": "3"})).await;
    assert!(outcome.is_successful(), "{:?}", outcome.error);
    assert_eq!(outcome.result.rows, [[json!(0)], [json!(1)], [json!(2)]]);
    let receipt = outcome.receipt;
    assert_eq!((receipt.request_id.as_str(), receipt.pages, receipt.rows, receipt.requests), ("the-id", 1, 3, 1));
    assert_eq!((outcome.warnings[0].code.as_str(), outcome.warnings[0].message.as_str()), ("connected-to", "here"));
}

#[tokio::test]
async fn the_caller_hears_of_each_page() {
    let (steps, heard) = std::sync::mpsc::channel();
    let progress = Progress::new(move |step| steps.send(step).unwrap());
    assert!(run_with(progress, "Read", json!({"Count": 3})).await.is_successful());
    assert_eq!(heard.iter().collect::<Vec<_>>(), [Step::Read { rows: 3, pages: 1, total_pages: None }]);
}

#[tokio::test]
async fn a_failure_is_explained_by_the_connectors_manifest_and_else_by_the_contracts() {
    let outcome = run("Fail", json!({"Count": 410})).await;
    assert!(outcome.result.rows.is_empty(), "half a list looks like a whole one");
    let error = outcome.error.unwrap();
    assert_eq!(error.to_string(), "Fail failed.\nStatus Code: 410.\nMessage: It was here.");
    assert_eq!((error.code.as_str(), error.cause.as_str(), error.retryable), ("gone", "It is gone.", true));
    let error = run("Fail", json!({"Count": 418})).await.error.unwrap();
    assert_eq!(error.code, "unexpected-status");
    assert!(!error.cause.is_empty() && !error.cure.is_empty());
    let error = run("Fail", json!({})).await.error.unwrap();
    assert_eq!((error.code.as_str(), error.status_code.to_string().as_str()), ("unreadable-reply", "200"));
    assert!(!error.cause.is_empty() && !error.cure.is_empty());
}

#[tokio::test]
async fn a_command_that_is_not_done_in_time_fails_and_its_receipt_is_kept() {
    let outcome = run("Hang", json!({})).await;
    let error = outcome.error.unwrap();
    assert_eq!(error.message, "The command was not done within 0.1 seconds.");
    assert_eq!((error.code.as_str(), error.cause.as_str()), ("timed-out", "The sample is slow."));
    assert_eq!(outcome.receipt.requests, 1);
    let error = run("Change", json!({})).await.error.unwrap();
    assert_eq!(error.code, "outcome-unknown");
    assert!(error.message.contains("Outcome unknown") && !error.cure.is_empty());
}

#[test]
fn a_call_is_refused_before_anything_is_run_with_cause_and_cure() {
    let commands = Commands::load(CONNECTOR, ENTRIES).unwrap();
    let refused = |command: &str, raw: serde_json::Value| -> InvalidCall {
        let raw: RawParameters = raw.as_object().unwrap().clone();
        commands.manifest().invocation(command, &raw).unwrap_err()
    };
    for (command, raw, code, first) in [
        ("Raed", json!({}), "unknown-command", "The command failed."),
        ("Read", json!({"Count": "x"}), "invalid-parameter", "Read failed."),
        ("Read", json!({"Cuont": 1}), "unknown-parameter", "Read failed."),
    ] {
        let error = refused(command, raw).error_tab(commands.manifest());
        assert_eq!((error.code.as_str(), error.failure_indicator.as_str()), (code, first));
        assert!(error.message.contains(if code == "invalid-parameter" { "whole number" } else { "Did you mean" }));
        assert!(!error.cause.is_empty() && !error.cure.is_empty());
    }
}
