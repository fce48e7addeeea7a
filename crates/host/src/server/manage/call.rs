//! Answers a call of the management API: by the same keys, limits, log and idempotency as a command.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;

use super::Operation;
use super::operation::{Done, ManageError, Managed};
use crate::gate::{Call, IdempotencyKey, Reply, read_json, replayed};
use crate::host::Host;
use crate::model::Surface;
use crate::store::{AnswerClaim, StoreError};

struct Admitted {
    /// The number of the administrator.
    user: i64,
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
    body: Bytes,
    idempotency: Option<IdempotencyKey>,
    place: OwnedSemaphorePermit,
}

pub(super) async fn call(
    operation: &'static Operation,
    State(host): State<Arc<Host>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Response {
    let what = format!("{} {}", request.method(), request.uri().path());
    let mut call = Call::begin(&host, Surface::Management, &request, &what);
    call.label = operation.id.into();
    let request_id = call.entry.request_id.clone();
    match admit(&mut call, operation, path, request).await {
        Ok(admitted) => {
            let finished = tokio::spawn(run(call, operation, admitted)).await;
            finished.unwrap_or_else(|error| {
                tracing::error!(request_id, %error, "a call broke");
                Reply::unexpected("").into_response(&request_id)
            })
        }
        Err(reply) => call.write_and_answer(reply).await,
    }
}

async fn admit(
    call: &mut Call,
    operation: &Operation,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Result<Admitted, Reply> {
    let (head, body) = request.into_parts();
    let entered = call.enter(&head.headers).await?;
    if let Some(known) = entered.snapshot.user_numbered(entered.shown.known.key.owner) {
        known.user.name.clone_into(&mut call.entry.username);
    }
    let administrator = entered.shown.administrator(&entered.snapshot).map_err(|error| Reply {
        reason: error.to_string(),
        ..Reply::error(
            StatusCode::FORBIDDEN,
            "The key does not open the management API. Use one that may manage, of an administrator.",
        )
    })?;
    let malformed = |error: String| Reply::error(StatusCode::BAD_REQUEST, error);
    let path = path.map_err(|error| malformed(format!("The address cannot be read: {error}.")))?;
    let path: Vec<_> = path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let query = read_query(operation, &head)?;
    let host = Arc::clone(&call.host);
    let body = match operation.body {
        Some(_) => read_json(&head.headers, body, &host.settings).await?,
        None => Bytes::new(),
    };
    // No name holds NUL, and PostgreSQL takes no text that does.
    if path.iter().chain(&query).any(|(_, value)| value.contains('\0')) {
        return Err(malformed("The address holds a NUL character.".to_owned()));
    }
    if body.windows(6).any(|escape| escape == br"\u0000") {
        return Err(malformed("The body holds a NUL character, which no text can be kept with.".to_owned()));
    }
    let idempotency =
        if operation.changes() { IdempotencyKey::read(&head.headers, &call.entry.command, &body)? } else { None };
    Ok(Admitted { user: administrator.user.id, path, query, body, idempotency, place: entered.place })
}

fn read_query(operation: &Operation, head: &Parts) -> Result<Vec<(String, String)>, Reply> {
    let malformed = |error: String| Reply::error(StatusCode::BAD_REQUEST, error);
    let query: axum::extract::Query<Vec<(String, String)>> = axum::extract::Query::try_from_uri(&head.uri)
        .map_err(|error| malformed(format!("What follows the question mark cannot be read: {error}.")))?;
    let query = query.0;
    for (index, (name, _)) in query.iter().enumerate() {
        let quoted = soar_connector::name::quoted(name);
        if !operation.query.iter().any(|known| known.name == name) {
            let valid: Vec<_> = operation.query.iter().map(|known| known.name).collect();
            return Err(malformed(format!("Unknown parameter {quoted}. Valid: {}.", valid.join(", "))));
        }
        if query.iter().take(index).any(|(other, _)| other == name) {
            return Err(malformed(format!("The parameter {quoted} is there twice.")));
        }
    }
    Ok(query)
}

async fn run(mut call: Call, operation: &'static Operation, admitted: Admitted) -> Response {
    let result = if operation.changes() {
        change(&mut call, operation, &admitted).await
    } else {
        read(&call, operation, &admitted).await
    };
    let response = match result {
        Ok((reply, true)) => {
            if let Err(error) = call.host.directory.refresh().await {
                tracing::warn!(%error, "a change is noticed later, for the store does not answer");
            }
            call.answer_written(reply)
        }
        Ok((reply, false)) => call.write_and_answer(reply).await,
        Err(error) => {
            let reply = refused(&call, &error);
            call.write_and_answer(reply).await
        }
    };
    drop(admitted.place);
    response
}

async fn read(call: &Call, operation: &Operation, admitted: &Admitted) -> Result<(Reply, bool), ManageError> {
    let mut reader = call.host.store.reader().await?;
    let done = (operation.run)(Managed {
        host: &call.host,
        records: reader.records(),
        now: call.entry.at,
        path: &admitted.path,
        query: &admitted.query,
        body: &admitted.body,
    })
    .await?;
    Ok((reply(operation, &done), false))
}

/// The reply, and whether its entry was written with the change.
async fn change(call: &mut Call, operation: &Operation, admitted: &Admitted) -> Result<(Reply, bool), ManageError> {
    let host = Arc::clone(&call.host);
    let now = call.entry.at;
    let mut transaction = host.store.transaction().await?;
    let claim = admitted.idempotency.as_ref().map(|idempotency| AnswerClaim {
        user: admitted.user,
        key: idempotency.key.clone(),
        fingerprint: idempotency.fingerprint.clone(),
        request_id: call.entry.request_id.clone(),
    });
    if let Some(claim) = &claim {
        let expires_at = now + host.settings.answers_kept();
        if let Some(earlier) = transaction.records().claim_answer(claim, now, expires_at, now).await? {
            let reply = replayed(&earlier, &claim.fingerprint)
                .unwrap_or_else(|| Reply::unexpected("A claim without an answer was kept."));
            return Ok((reply, false));
        }
    }
    let done = (operation.run)(Managed {
        host: &host,
        records: transaction.records(),
        now,
        path: &admitted.path,
        query: &admitted.query,
        body: &admitted.body,
    })
    .await?;
    let reply = reply(operation, &done);
    let entry = call.conclude(&reply).clone();
    transaction.records().append_audit(&[entry]).await?;
    if let Some(claim) = &claim {
        let kept = done.repeated.as_ref().unwrap_or(&done.body).to_string();
        transaction.records().keep_answer(claim, reply.status.as_u16(), &kept).await?;
    }
    transaction.commit().await?;
    Ok((reply, true))
}

fn reply(operation: &Operation, done: &Done) -> Reply {
    let status = StatusCode::from_u16(operation.status).unwrap_or(StatusCode::OK);
    Reply { reason: done.about.clone(), ..Reply::body(status, done.body.to_string()) }
}

fn refused(call: &Call, error: &ManageError) -> Reply {
    let status = match error {
        ManageError::Malformed(_) => StatusCode::BAD_REQUEST,
        ManageError::Store(StoreError::Invalid(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        ManageError::Store(StoreError::NotFound { .. }) => StatusCode::NOT_FOUND,
        ManageError::Store(StoreError::Duplicate { .. } | StoreError::InUse { .. }) => StatusCode::CONFLICT,
        ManageError::Store(error) => {
            tracing::error!(request_id = call.entry.request_id, %error, "the store failed");
            return Reply::unexpected(error.to_string());
        }
    };
    Reply::error(status, error.to_string())
}
