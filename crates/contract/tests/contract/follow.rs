//! Commands whose work goes on in the product: started once, asked about until it is over, followed again with a token.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use soar_connector::manifest::ManifestFile;
use soar_connector::{
    Collector, CommandEntry, Commands, ExecutionContext, Failure, Follow, FollowToken, Handler, HandlerCall, Outcome,
    Poll, Polled, Progress, ReplyPage, RunningWork, Step,
};

const CONNECTOR: ManifestFile<'static> = ManifestFile {
    name: "connector.toml",
    text: r#"
        id = "sample"
        name = "Sample"
        vendor = "Nobody"
        category = "Test"
        description = "A product in memory."
        health-check = "Work"
        settings = []
        errors = [
          { code = "busy", cause = "It is busy.", cure = "Wait.", retryable = true },
          { code = "broken", cause = "It broke.", cure = "Mend it." },
        ]
    "#,
};

const WORK: &str = r#"
name = "Work"
description = "Works."
effect = "write"
permissions = ["Anyone"]
endpoint = "POST /work"
reply = ["array"]
columns = [{ name = "ID", path = "$.id" }]
follow = { token = "Follow", limit = "Wait Limit", default-limit = 1440 }
inputs = [
  { name = "Follow", type = "text", description = "A token.", example = "abc" },
  { name = "Wait Limit", type = "integer", description = "Minutes.", example = 5 },
]
"#;

const ENTRIES: &[CommandEntry<Product>] =
    &[CommandEntry { manifest: ManifestFile::new("work.toml", WORK), handler: &Work }];

/// A product that counts what it is asked.
#[derive(Default)]
struct Product {
    starts: AtomicU32,
    polls: AtomicU32,
    /// How many questions it answers before the work is over.
    lasts: u32,
    /// The question that it is too busy for.
    busy_at: Option<u32>,
    breaks: bool,
}

struct Work;

#[async_trait]
impl Handler<Product> for Work {
    async fn run(&self, _: &Product, _: HandlerCall<'_>) -> Result<(), Failure> {
        Err(Failure::new("broken", "It is followed."))
    }

    fn follow(&self) -> Option<&dyn Follow<Product>> {
        Some(self)
    }
}

#[async_trait]
impl Follow<Product> for Work {
    async fn start(&self, product: &Product, call: HandlerCall<'_>) -> Result<FollowToken, Failure> {
        product.starts.fetch_add(1, Ordering::Relaxed);
        call.report.receipt.requests += 1;
        call.report.warn("started", "It is started.");
        FollowToken::new("job-0")
    }

    async fn poll(&self, product: &Product, token: &FollowToken, mut call: HandlerCall<'_>) -> Result<Poll, Failure> {
        let number = product.polls.fetch_add(1, Ordering::Relaxed) + 1;
        call.report.receipt.requests += 1;
        if product.busy_at == Some(number) {
            return Err(Failure::new("busy", "Come back later."));
        }
        if number <= product.lasts {
            let wait = Duration::from_secs(5);
            let token = FollowToken::new(format!("job-{number}"))?;
            return Ok(Poll::Running(RunningWork { token, status: "working".to_owned(), percent: Some(40), wait }));
        }
        if product.breaks {
            return Err(Failure::new("broken", "It ended badly."));
        }
        call.page(ReplyPage::derived(&[json!({ "id": token.as_str() })])).await?;
        Ok(Poll::Done)
    }

    async fn cancel(&self, _: &Product, token: &FollowToken, _: HandlerCall<'_>) -> Result<bool, Failure> {
        Ok(token.as_str().starts_with("job"))
    }

    async fn wait(&self, _: &Product, _: Duration) {
        tokio::task::yield_now().await;
    }
}

async fn run(product: &Product, parameters: Value, limit: Duration, progress: Progress) -> Outcome {
    let commands = Commands::load(CONNECTOR, ENTRIES).unwrap();
    let invocation = commands.manifest().invocation("Work", parameters.as_object().unwrap()).unwrap();
    let context = ExecutionContext { progress, ..ExecutionContext::new() };
    let mut collector = Collector::new(Some(invocation.command()), Collector::DEFAULT_LIMIT);
    let conclusion = commands.run(product, &invocation, &context, limit, &mut collector).await;
    collector.finish(conclusion)
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn work_is_started_once_and_asked_about_until_it_is_over() {
    let product = Product { lasts: 3, busy_at: Some(2), ..Product::default() };
    let (told, heard) = std::sync::mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let progress = Progress::new(move |step| drop(told.lock().unwrap().send(step)));
    let outcome = run(&product, json!({}), MINUTE, progress).await;
    assert!(outcome.is_successful(), "{:?}", outcome.error);
    assert_eq!(outcome.result.rows, [[json!("job-3")]], "the latest token is asked with");
    assert_eq!((product.starts.load(Ordering::Relaxed), outcome.receipt.requests), (1, 5));
    assert_eq!(outcome.warnings.len(), 1);
    let told: Vec<_> = heard
        .iter()
        .filter_map(|step| match step {
            Step::Following { token, status } => Some(format!("{token} {status}")),
            _ => None,
        })
        .collect();
    assert_eq!(told.first().map(String::as_str), Some("job-0 started"));
    assert!(
        told.contains(&"job-1 working, 40 %".to_owned()) && told.contains(&"job-1 Come back later.".to_owned()),
        "{told:?}"
    );
}

#[tokio::test]
async fn work_that_outlasts_its_limit_is_told_with_the_token_to_follow_it_again() {
    let product = Product { lasts: u32::MAX, ..Product::default() };
    let outcome = run(&product, json!({}), Duration::from_millis(50), Progress::default()).await;
    let error = outcome.error.unwrap();
    assert_eq!((error.code.as_str(), error.retryable), ("still-running", true));
    assert!(
        error
            .message
            .starts_with("It is not over after 0.05 seconds (working, 40 %). To follow it again, give Follow = job-")
    );
    let token = error.message.rsplit(' ').next().unwrap().trim_end_matches('.');
    let product = Product { lasts: 1, ..Product::default() };
    let outcome = run(&product, json!({ "Follow": token }), MINUTE, Progress::default()).await;
    assert!(outcome.is_successful());
    assert_eq!(product.starts.load(Ordering::Relaxed), 0, "it is followed and not started");
}

#[tokio::test]
async fn work_that_ends_badly_and_a_text_that_is_no_token_are_failures() {
    let product = Product { breaks: true, ..Product::default() };
    assert_eq!(run(&product, json!({}), MINUTE, Progress::default()).await.error.unwrap().code, "broken");
    let outcome = run(&product, json!({ "Follow": "no token" }), MINUTE, Progress::default()).await;
    assert_eq!(outcome.error.unwrap().code, "invalid-parameter");
    assert_eq!(product.starts.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_host_takes_the_steps_one_by_one_and_cancels() {
    let product = Product { lasts: 1, busy_at: Some(2), ..Product::default() };
    let commands = Commands::load(CONNECTOR, ENTRIES).unwrap();
    let invocation = commands.manifest().invocation("work", &serde_json::Map::new()).unwrap();
    assert_eq!(invocation.follow_limit(), Some(Duration::from_secs(24 * 3600)));
    let context = ExecutionContext::new();
    let (token, conclusion) = commands.start(&product, &invocation, &context, MINUTE).await.unwrap();
    assert_eq!((token.as_str(), conclusion.warnings.len()), ("job-0", 1));
    let mut sink = Collector::new(Some(invocation.command()), Collector::DEFAULT_LIMIT);
    let first = commands.poll(&product, (&invocation, &token), &context, MINUTE, &mut sink).await;
    assert!(matches!(first, Polled::Running(running, _) if running.token.as_str() == "job-1"));
    let second = commands.poll(&product, (&invocation, &token), &context, MINUTE, &mut sink).await;
    assert!(matches!(second, Polled::Unanswered { error, .. } if error.code == "busy"));
    let third = commands.poll(&product, (&invocation, &token), &context, MINUTE, &mut sink).await;
    assert!(matches!(third, Polled::Ended(conclusion) if conclusion.error.is_none()));
    assert!(commands.cancel(&product, (&invocation, &token), &context, MINUTE).await.unwrap());
}

#[test]
fn manifest_and_handler_agree_on_what_is_followed() {
    const PLAIN: &[CommandEntry<Product>] = &[CommandEntry {
        manifest: ManifestFile::new(
            "work.toml",
            "name = \"Work\"\ndescription = \"Works.\"\neffect = \"write\"\npermissions = [\"Anyone\"]\nendpoint = \"POST /work\"",
        ),
        handler: &Work,
    }];
    let error = Commands::load(CONNECTOR, PLAIN).unwrap_err();
    assert_eq!((error.file.as_str(), error.field.as_str()), ("work.toml", "follow"));
}
