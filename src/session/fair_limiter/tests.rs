//! Who passes when.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use soar_connector::testing::ManualClock;

use super::limiter::LONGEST_WINDOW;
use super::{FairLimiter, QueueKey};

fn fair_limiter(clock: &ManualClock, per_second: u32, in_flight: usize) -> Arc<FairLimiter> {
    FairLimiter::new(Arc::new(clock.clone()), per_second, in_flight)
}

/// Lets `requests` of a tenant pass, each noting its tenant and the time.
fn send(fair_limiter: &Arc<FairLimiter>, tenant: i64, requests: usize, notes: &mpsc::Sender<(i64, Duration)>) {
    for _ in 0..requests {
        let (fair_limiter, notes) = (Arc::clone(fair_limiter), notes.clone());
        tokio::spawn(async move {
            let _permit = fair_limiter.pass(QueueKey::Tenant(Some(tenant))).await.unwrap();
            notes.send((tenant, fair_limiter.clock.elapsed())).unwrap();
        });
    }
}

async fn collect(notes: &mpsc::Receiver<(i64, Duration)>, count: usize) -> Vec<(i64, Duration)> {
    let mut collected = Vec::new();
    while collected.len() < count {
        tokio::task::yield_now().await;
        collected.extend(notes.try_iter());
    }
    collected
}

#[tokio::test]
async fn a_tenant_that_floods_does_not_starve_the_others() {
    let clock = ManualClock::new();
    let fair_limiter = fair_limiter(&clock, 10, 4);
    let (sender, notes) = mpsc::channel();
    send(&fair_limiter, 1, 1_000, &sender);
    tokio::task::yield_now().await;
    send(&fair_limiter, 2, 5, &sender);
    send(&fair_limiter, 3, 5, &sender);
    let passed = collect(&notes, 60).await;
    for tenant in [2, 3] {
        let last = passed.iter().rposition(|(who, _)| *who == tenant).unwrap();
        let served = passed.iter().filter(|(who, _)| *who == tenant).count();
        assert_eq!(served, 5, "tenant {tenant} was served whole within 60 of 1,010 requests");
        assert!(last < 40, "tenant {tenant} took turns with the flood, but its last request was number {last}");
    }
}

#[tokio::test]
async fn a_login_goes_before_all_who_wait_for_it() {
    let fair_limiter = fair_limiter(&ManualClock::new(), 1_000, 1);
    let permit = fair_limiter.pass(QueueKey::Tenant(Some(1))).await;
    let (sender, notes) = mpsc::channel();
    send(&fair_limiter, 1, 50, &sender);
    tokio::task::yield_now().await;
    let login = tokio::spawn({
        let (fair_limiter, notes) = (Arc::clone(&fair_limiter), sender.clone());
        async move {
            let _permit = fair_limiter.pass(QueueKey::Login).await.unwrap();
            notes.send((-1, fair_limiter.clock.elapsed())).unwrap();
        }
    });
    tokio::task::yield_now().await;
    drop(permit);
    login.await.unwrap();
    assert_eq!(notes.try_iter().next().map(|(who, _)| who), Some(-1));
}

#[tokio::test]
async fn the_rate_holds_over_time() {
    let clock = ManualClock::new();
    let fair_limiter = fair_limiter(&clock, 50, 8);
    let (sender, notes) = mpsc::channel();
    send(&fair_limiter, 1, 250, &sender);
    let passed = collect(&notes, 250).await;
    let first_second = passed.iter().filter(|(_, at)| *at < Duration::from_secs(1)).count();
    assert!((50..=100).contains(&first_second), "{first_second} in the first second: a burst of 50, then 50 a second");
    let end = passed.last().unwrap().1;
    assert!((Duration::from_millis(3_900)..Duration::from_millis(4_500)).contains(&end), "250 requests took {end:?}");
}

#[tokio::test]
async fn no_more_pass_at_once_than_may() {
    let fair_limiter = fair_limiter(&ManualClock::new(), 1_000, 3);
    let permits = [
        fair_limiter.pass(QueueKey::Tenant(None)).await,
        fair_limiter.pass(QueueKey::Tenant(None)).await,
        fair_limiter.pass(QueueKey::Tenant(Some(1))).await,
    ];
    assert!(permits.iter().all(Option::is_some));
    let waiting = tokio::spawn({
        let fair_limiter = Arc::clone(&fair_limiter);
        async move { fair_limiter.pass(QueueKey::Tenant(Some(2))).await }
    });
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(!waiting.is_finished());
    drop(permits);
    waiting.await.unwrap();
    assert_eq!(fair_limiter.in_flight(), 0, "every permit came back");
}

#[tokio::test]
async fn nobody_passes_inside_a_retry_after_window() {
    let clock = ManualClock::new();
    let fair_limiter = fair_limiter(&clock, 1_000, 8);
    fair_limiter.close_for(Duration::from_secs(30));
    let (sender, notes) = mpsc::channel();
    send(&fair_limiter, 1, 20, &sender);
    let passed = collect(&notes, 20).await;
    assert!(passed.iter().all(|(_, at)| *at >= Duration::from_secs(30)), "{passed:?}");
    assert_eq!(fair_limiter.closed_for(), None);
}

#[tokio::test]
async fn who_waits_when_the_window_closes_is_sent_away_and_no_window_is_longer_than_an_hour() {
    let clock = ManualClock::new();
    let fair_limiter = fair_limiter(&clock, 1_000, 1);
    let permit = fair_limiter.pass(QueueKey::Tenant(None)).await;
    let waiting = tokio::spawn({
        let fair_limiter = Arc::clone(&fair_limiter);
        async move { fair_limiter.pass(QueueKey::Tenant(Some(1))).await.is_some() }
    });
    tokio::task::yield_now().await;
    fair_limiter.close_for(Duration::MAX);
    assert!(!waiting.await.unwrap(), "it can fail now instead of at its deadline");
    assert_eq!(fair_limiter.closed_for(), Some(LONGEST_WINDOW));
    drop(permit);
}

#[tokio::test]
async fn who_gives_up_waiting_takes_no_turn_and_no_place() {
    let fair_limiter = fair_limiter(&ManualClock::new(), 1_000, 1);
    let permit = fair_limiter.pass(QueueKey::Tenant(None)).await;
    let given_up = tokio::spawn({
        let fair_limiter = Arc::clone(&fair_limiter);
        async move { fair_limiter.pass(QueueKey::Tenant(Some(1))).await }
    });
    tokio::task::yield_now().await;
    given_up.abort();
    let _ = given_up.await;
    drop(permit);
    fair_limiter.pass(QueueKey::Tenant(Some(2))).await;
    assert_eq!(fair_limiter.in_flight(), 0);
}
