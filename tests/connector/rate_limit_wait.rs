//! Who waits while somebody else's login sits out a 429: those who have the time, and nobody else.

use std::sync::Arc;
use std::time::Duration;

use footprint_simulator::{Generation, Simulator, UserKind};
use serde_json::json;
use soar_connector::testing::ManualClock;
use soar_connector::{Connector, ExecutionContext, Outcome, RawParameters};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::{connect_with, error_of, plugin_with, run, settings, simulator};

/// By the machine's clock, for what must not wait for the one that stands still.
const AT_ONCE: Duration = Duration::from_secs(20);

/// A connection whose clock stands still for sleepers too, and the waiting caller who is the first to log in.
struct Busy {
    clock: ManualClock,
    simulator: Simulator,
    connector: Arc<dyn Connector>,
    waiting: JoinHandle<Outcome>,
}

impl Busy {
    async fn with(faults: &[&str]) -> Self {
        let clock = ManualClock::held();
        let simulator = simulator(Generation::Current).await;
        let url = simulator.url();
        let given = settings(&url, simulator.user(UserKind::Administrator));
        let connector = connect_with(&plugin_with(clock.clone()), &given);
        for fault in faults {
            simulator.inject(fault.parse().unwrap());
        }
        let shared = Arc::clone(&connector);
        let waiting = tokio::spawn(async move { run(&*shared, "List Scanners", json!({})).await });
        Self { clock, simulator, connector, waiting }
    }

    async fn until(&self, happened: impl Fn(&Self) -> bool) {
        let looking = async {
            while !happened(self) {
                tokio::task::yield_now().await;
            }
        };
        timeout(AT_ONCE, looking).await.expect("it happens");
    }

    async fn test_connection(&self) -> (String, String) {
        let test = run(&*self.connector, "Test Connection", json!({}));
        error_of(&timeout(AT_ONCE, test).await.expect("it does not wait"))
    }

    /// Time goes by, and the waiting caller gets what it waited for; then so does a test.
    async fn end(self) {
        assert!(!self.waiting.is_finished(), "the waiting caller waits");
        self.clock.advance(Duration::from_secs(60));
        let outcome = timeout(AT_ONCE, self.waiting).await.expect("it waits no longer").unwrap();
        assert!(outcome.is_successful() && outcome.receipt.retries == 1, "{outcome:?}");
        assert!(run(&*self.connector, "Test Connection", json!({})).await.is_successful());
    }
}

#[tokio::test]
async fn a_test_connection_does_not_wait_for_a_login_that_sits_out_a_429() {
    for (fault, says) in [
        ("token status=429 retry-after=30 count=1", "come back in 30 seconds, at "),
        ("token status=429 count=1", "Retry in 1 seconds."),
    ] {
        let busy = Busy::with(&[fault]).await;
        busy.until(|busy| !busy.clock.sleeps().is_empty()).await;
        let (code, text) = busy.test_connection().await;
        assert_eq!(code, "rate-limited", "{text}");
        assert!(text.contains("No request was sent") && text.contains(says), "{text}");
        assert_eq!(busy.simulator.requests().len(), 1, "{fault}");
        busy.end().await;
    }
}

#[tokio::test]
async fn a_test_connection_that_waits_already_hears_of_the_429_as_soon_as_it_comes() {
    for fault in ["token status=429 retry-after=30 count=1", "token status=429 count=1"] {
        let busy = Busy::with(&["token delay=200ms count=1", fault]).await;
        busy.until(|busy| busy.simulator.requests().len() == 1).await;
        assert_eq!(busy.test_connection().await.0, "rate-limited", "{fault}");
        busy.end().await;
    }
}

#[tokio::test]
async fn who_has_no_time_for_the_wait_is_told_at_once_and_who_has_waits() {
    let busy = Busy::with(&["token status=429 retry-after=30 count=1"]).await;
    busy.until(|busy| !busy.clock.sleeps().is_empty()).await;
    let within =
        |seconds| ExecutionContext { time_limit: Some(Duration::from_secs(seconds)), ..ExecutionContext::new() };
    let nothing = RawParameters::new();
    let context = within(25);
    let short = busy.connector.execute("List Scanners", &nothing, &context);
    let (code, text) = error_of(&timeout(AT_ONCE, short).await.expect("it does not wait"));
    assert_eq!(code, "rate-limited");
    assert!(text.contains("come back in 30 seconds, at "), "{text}");
    let shared = Arc::clone(&busy.connector);
    let context = within(100);
    let long = tokio::spawn(async move { shared.execute("List Scanners", &RawParameters::new(), &context).await });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!long.is_finished());
    busy.end().await;
    assert!(long.await.unwrap().is_successful());
}
