//! The events of pages that show what happens: one stream per visible tab, which names the topics with news.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{Stream, unfold};
use secrecy::SecretString;
use soar_server::Server;
use soar_server::pages::StreamPlace;
use soar_store::model::UserId;
use soar_store::{Activity, StoreError};
use tokio::time::{Instant, interval_at};

use super::error::PageResult;
use super::page::Page;

/// The interval between two looks at the store.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// The number of looks between two checks of the session.
const LOOKS_PER_CHECK: u32 = 15;

/// The interval between comments that keep a quiet stream open.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// The topic of a page whose subject can end between the page and its stream of events. It has news once per stream.
const BEGINNING: &str = "beginning";

/// One stream of events.
struct Watch {
    server: Arc<Server>,
    token: SecretString,
    ticks: tokio::time::Interval,
    looks: u32,
    seen: Option<Activity>,
    /// Whether no look has succeeded yet.
    is_new: bool,
    user: UserId,
    /// Whether a command that the user started from a page was running at the last look.
    was_running: bool,
    _place: StreamPlace,
}

/// Answers with the stream of events.
pub(crate) async fn events(page: Page) -> PageResult {
    let server = Arc::clone(&page.state().server);
    let user = page.session()?.user.id;
    let place = server.begin_stream(user)?;
    let seen = look(&server).await.ok();
    let watch = Watch {
        server,
        token: page.token()?,
        ticks: interval_at(Instant::now() + POLL_INTERVAL, POLL_INTERVAL),
        looks: 0,
        seen,
        is_new: true,
        user,
        // A run can end between the page and its stream of events.
        was_running: true,
        _place: place,
    };
    Ok(answer(unfold(watch, next)))
}

fn answer(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

/// The next event. The stream ends with the session, and when the server shuts down.
async fn next(mut watch: Watch) -> Option<(Result<Event, Infallible>, Watch)> {
    loop {
        tokio::select! {
            () = watch.server.shuts_down() => return None,
            _ = watch.ticks.tick() => {}
        }
        watch.looks += 1;
        if watch.looks.is_multiple_of(LOOKS_PER_CHECK) && !is_signed_in(&watch).await {
            return None;
        }
        // A store that fails has no news. The pages themselves say that it fails.
        let Ok(activity) = look(&watch.server).await else { continue };
        let seen = watch.seen.replace(activity);
        let mut topics = seen.map(|seen| news(seen, activity)).unwrap_or_default();
        topics.extend(progress(&mut watch));
        if std::mem::take(&mut watch.is_new) {
            topics.push(BEGINNING);
        }
        if !topics.is_empty() {
            return Some((Ok(Event::default().data(topics.join(" "))), watch));
        }
    }
}

/// The topic of commands that the user started from a page, while one is running and when it has ended.
fn progress(watch: &mut Watch) -> Option<&'static str> {
    let is_running = watch.server.operations.results.has_running(watch.user);
    let has_news = is_running || watch.was_running;
    watch.was_running = is_running;
    has_news.then_some("progress")
}

async fn is_signed_in(watch: &Watch) -> bool {
    // A store that fails ends no session.
    watch.server.sign_in().peek(&watch.token).await.map_or(true, |session| session.is_some())
}

async fn look(server: &Server) -> Result<Activity, StoreError> {
    server.store.reader().await?.records().activity().await
}

/// The topics in which something has happened.
fn news(seen: Activity, now: Activity) -> Vec<&'static str> {
    let mut topics = Vec::new();
    let runs = |activity: Activity| (activity.latest_run, activity.running, activity.latest_progress);
    if runs(seen) != runs(now) {
        topics.push("runs");
    }
    if seen.latest_incident != now.latest_incident {
        topics.push("incidents");
    }
    if seen.latest_check != now.latest_check {
        topics.push("health");
    }
    if (seen.latest_sync_result, seen.running_syncs) != (now.latest_sync_result, now.running_syncs) {
        topics.push("syncs");
    }
    if (seen.latest_finding, seen.unread_tenants) != (now.latest_finding, now.unread_tenants) {
        topics.push("findings");
    }
    topics
}
