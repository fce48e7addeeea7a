//! The probes `/healthz` and `/readyz`, and `/metrics`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use soar_store::model::Surface;
use soar_store::{StoreError, Trouble, Undelivered};

use crate::Server;
use crate::gate::{ApiCall, ApiReply, credentials};
use soar_host::access::{AuthenticatedKey, AuthenticationError};

/// The timeout for the store in `/readyz`.
const STORE_TIMEOUT: Duration = Duration::from_secs(3);

/// Answers that the process runs.
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// Answers whether the store works and the scheduler runs due work.
pub(super) async fn ready(State(host): State<Arc<Server>>) -> Response {
    let looking = async {
        host.directory.current().await?;
        let alerts = host.store.reader().await?.records().undelivered().await?;
        Ok::<_, StoreError>((host.store.failing().await, alerts))
    };
    match tokio::time::timeout(STORE_TIMEOUT, looking).await {
        Ok(Ok((None, alerts))) => match host.scheduler.as_ref().and_then(|scheduler| scheduler.stuck()) {
            None => ready_text(alerts).into_response(),
            Some(since) => {
                not_ready(&format!("The scheduler has not looked for due work for {} seconds.", since.as_secs()))
            }
        },
        Ok(Ok((Some(trouble), _))) => not_ready(trouble.advice()),
        Ok(Err(error)) => {
            if !host.store.note(&error) {
                tracing::error!(%error, "the store does not answer");
            }
            not_ready(error.trouble().map_or("The store does not answer.", Trouble::advice))
        }
        Err(_) => not_ready("The store does not answer in time."),
    }
}

/// The answer of a ready host. Undelivered alerts are reported, but do not make the host unready, since other hosts
/// could not deliver them either.
fn ready_text(alerts: Undelivered) -> String {
    match alerts.messages {
        0 => "ok\n".to_owned(),
        messages => {
            format!("ok\nUndelivered alerts: {messages}, the oldest for {} s.\n", alerts.age.as_secs())
        }
    }
}

fn not_ready(why: &str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response()
}

/// The metrics, for callers that may see them.
pub(super) async fn metrics(State(host): State<Arc<Server>>, request: Request) -> Response {
    if !host.settings.open_metrics {
        // Authenticated, limited and audited like any other call with a key, so that keys cannot be guessed here.
        let mut call = ApiCall::begin(&host, Surface::Management, &request, "metrics");
        call.label = "metrics".into();
        if let Err(refusal) = call.check_address() {
            return call.write_and_answer(refusal).await;
        }
        if let Err(error) = may_see(&host, request.headers()).await {
            error.key().clone_into(&mut call.entry.key);
            return call.write_and_answer(ApiReply::unauthenticated(error)).await;
        }
        call.note_valid_key();
    }
    let in_flight = host.settings.calls_in_flight().saturating_sub(host.in_flight.available_permits());
    let text = match host.metrics.render(host.audit.waiting(), in_flight) {
        Ok(text) => text,
        Err(error) => {
            let text = format!("The host cannot write its metrics. {error}\n");
            return (StatusCode::INTERNAL_SERVER_ERROR, text).into_response();
        }
    };
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

async fn may_see(host: &Server, headers: &HeaderMap) -> Result<(), AuthenticationError> {
    let snapshot = host.directory.current().await.map_err(|_| AuthenticationError::Unknown)?;
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = match bearer.and_then(|value| value.strip_prefix("Bearer ")) {
        Some(key) => AuthenticatedKey::check_api_key(&snapshot, key.trim(), host.now())?,
        None => AuthenticatedKey::check(&snapshot, host.seal.as_ref(), credentials::read(headers)?, false, host.now())?,
    };
    shown.administrator(&snapshot).map(|_| ())
}
