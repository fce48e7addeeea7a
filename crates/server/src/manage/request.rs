//! One call of the management API: read whole, and allowed, before its operation runs; and answered once.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts as _, MatchedPath, OriginalUri, Path, Query, Request};
use axum::http::{Extensions, HeaderMap, StatusCode, Uri};
use axum::response::Response;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use soar_store::model::{Allowed, AuditEntry, Surface};

use super::body::without_values;
use crate::Server;
use crate::gate::{Call, IdempotencyKey, Place, Reply, bounded_json, read_json, without_nul};
use crate::limits::CountsBytes;
use soar_host::Refusal;
use soar_host::operations::{self, OperationError, Operations, RequestContext, Tried};

/// A call with its address, its parameters after the question mark and its body, each read into a type.
pub(super) struct Managed<P = Nothing, Q = Nothing, B = NoBody> {
    pub(super) request: ManagedRequest,
    /// The parts of the address.
    pub(super) path: P,
    /// What follows the question mark.
    pub(super) query: Q,
    pub(super) body: B,
}

/// A call that is allowed, without what it asks for.
pub(super) struct ManagedRequest {
    call: Call,
    pub(super) context: RequestContext,
    /// The call's place among the calls that run at once.
    _place: Place,
}

/// No parts of the address, or nothing after the question mark.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// How a body is read.
pub(super) trait RequestBody: Sized + Send {
    /// The body, and the bytes that tell one call under an Idempotency-Key from another one.
    fn read(
        headers: &HeaderMap,
        body: Body,
        host: &Server,
        share: &mut (impl CountsBytes + Send),
    ) -> impl Future<Output = Result<(Self, Bytes), Reply>> + Send;
}

/// No body is read.
pub(super) struct NoBody;

impl RequestBody for NoBody {
    async fn read(
        _: &HeaderMap,
        _: Body,
        _: &Server,
        _: &mut (impl CountsBytes + Send),
    ) -> Result<(Self, Bytes), Reply> {
        Ok((Self, Bytes::new()))
    }
}

impl<T: DeserializeOwned + Send> RequestBody for T {
    async fn read(
        headers: &HeaderMap,
        body: Body,
        host: &Server,
        share: &mut (impl CountsBytes + Send),
    ) -> Result<(Self, Bytes), Reply> {
        let bytes = read_json(headers, body, &host.settings, share).await?;
        let unexpected = |error| malformed(format!("The body is not what was expected: {}.", without_values(&error)));
        let read = serde_json::from_slice(&bytes).map_err(unexpected)?;
        without_nul(&bytes)?;
        Ok((read, bytes))
    }
}

impl<P, Q, B> FromRequest<Arc<Server>> for Managed<P, Q, B>
where
    P: DeserializeOwned + Send,
    Q: DeserializeOwned + Send,
    B: RequestBody,
{
    /// The answer, whose entry is written.
    type Rejection = Response;

    async fn from_request(request: Request, host: &Arc<Server>) -> Result<Self, Response> {
        let what = format!("{} {}", request.method(), whole_address(request.extensions(), request.uri()).path());
        let mut call = Call::begin(host, Surface::Management, &request, &what);
        match read(&mut call, request).await {
            Ok((context, place, path, query, body)) => {
                Ok(Self { request: ManagedRequest { call, context, _place: place }, path, query, body })
            }
            Err(reply) => Err(call.write_and_answer(reply).await),
        }
    }
}

async fn read<P, Q, B>(call: &mut Call, request: Request) -> Result<(RequestContext, Place, P, Q, B), Reply>
where
    P: DeserializeOwned + Send,
    Q: DeserializeOwned + Send,
    B: RequestBody,
{
    let (mut head, body) = request.into_parts();
    if let Some(path) = head.extensions.get::<MatchedPath>() {
        let path = path.as_str();
        // The metrics count a call as the same with the base path and without it.
        let path = path.strip_prefix(&call.host.settings.base_path).unwrap_or(path);
        call.label = format!("{} {path}", head.method).into();
    }
    let mut entered = call.enter(&head.headers).await?;
    if let Some(known) = entered.snapshot.user_numbered(entered.shown.known.key.owner) {
        known.user.name.clone_into(&mut call.entry.username);
    }
    let administrator = entered.shown.administrator(&entered.snapshot).map_err(|error| Reply {
        reason: error.to_string(),
        ..Reply::error(
            StatusCode::FORBIDDEN,
            "The key does not open the management API. Use an administrator's key that may manage and is limited to no \
             sites or commands.",
        )
    })?;
    // What the entry keeps of the address may be cut.
    let address = whole_address(&head.extensions, &head.uri).to_string();
    // No name holds a NUL, and PostgreSQL takes no text that does.
    if address.contains("%00") {
        return Err(malformed("The address holds a NUL character.".to_owned()));
    }
    let Path(path) = Path::<P>::from_request_parts(&mut head, &()).await.map_err(|error| {
        // A number that cannot be read is the number of nothing.
        Reply::error(StatusCode::NOT_FOUND, format!("There is nothing at {}: {error}.", head.uri.path()))
    })?;
    let Query(query) = Query::<Q>::try_from_uri(&head.uri).map_err(|error| {
        malformed(format!("What follows the question mark cannot be read: {}.", query_problem(&error)))
    })?;
    let (body, bytes) = B::read(&head.headers, body, &call.host, &mut entered.share).await?;
    let target = format!("{} {address}", head.method);
    let access_key = entered.shown.known.key.id;
    let idempotency = IdempotencyKey::read(&head.headers, &target, &bytes)?
        .map(|IdempotencyKey { key, fingerprint }| operations::IdempotencyKey { key, fingerprint, access_key });
    let mut entry = call.entry.clone();
    entry.status = i64::from(StatusCode::OK.as_u16());
    let context = RequestContext {
        user: administrator.user.clone(),
        roles: administrator.roles.clone(),
        // A key that is limited to sites does not open this API.
        reach: Allowed::All,
        key: Some(entered.shown.known.key.name.clone()),
        key_expires_at: entered.shown.known.key.expires_at,
        entry,
        idempotency,
    };
    let place = Place::take(&call.host, entered.share)?;
    Ok((context, place, path, query, body))
}

/// The address as it was called: a nested router sees only its rest.
fn whole_address<'a>(extensions: &'a Extensions, uri: &'a Uri) -> &'a Uri {
    extensions.get::<OriginalUri>().map_or(uri, |OriginalUri(uri)| uri)
}

fn query_problem(error: &impl std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

fn malformed(error: String) -> Reply {
    Reply::error(StatusCode::BAD_REQUEST, error)
}

impl ManagedRequest {
    pub(super) fn operations(&self) -> &Operations {
        &self.call.host.operations
    }

    /// The same call, whose success makes something.
    #[must_use]
    pub(super) fn creating(mut self) -> Self {
        self.context.entry.status = i64::from(StatusCode::CREATED.as_u16());
        self
    }

    /// Answers what an operation read, and writes the call's entry.
    pub(super) async fn answer<T: Serialize>(self, read: Result<T, OperationError>) -> Response {
        let reply = self.reply(read);
        self.call.write_and_answer(reply).await
    }

    /// Answers what an operation changed. Its entry is written with the change; that of a failure is written now.
    pub(super) async fn answer_change<T: Serialize>(self, changed: Result<T, OperationError>) -> Response {
        if changed.is_err() {
            let reply = self.reply(changed);
            return self.call.write_and_answer(reply).await;
        }
        let mut reply = self.reply(changed);
        if !reply.status.is_success() {
            // The change is made, and there is no room for its answer.
            reply = Reply::done(reply.reason);
        }
        self.call.answer_written(reply)
    }

    /// Answers an operation that waited for something other than the store, and writes the call's entry.
    pub(super) async fn answer_tried<T: Serialize>(mut self, tried: Result<Tried<T>, OperationError>) -> Response {
        match tried {
            Ok(Tried { value, about, site }) => {
                self.call.entry.site = AuditEntry::kept(&site);
                let mut reply = self.reply(Ok(value));
                reply.reason = about;
                self.call.is_done = true;
                self.call.write_and_answer(reply).await
            }
            Err(error) => {
                // A store that fails may do so before or after the operation was carried out.
                let is_open = matches!(error, OperationError::Refusal(Refusal::Store(_)));
                let reply = self.reply(Err::<(), _>(error));
                let reply = if is_open { Reply::maybe_done(reply.reason) } else { reply };
                self.call.write_and_answer(reply).await
            }
        }
    }

    /// Answers a whole export, without its file, and writes the call's entry.
    pub(super) async fn answer_export(self, about: String) -> Response {
        let reply = Reply { reason: about, ..self.reply(Ok(())) };
        self.call.write_and_answer(reply).await
    }

    fn reply<T: Serialize>(&self, ended: Result<T, OperationError>) -> Reply {
        let status = u16::try_from(self.context.entry.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        let room = self.call.host.store.answer_room();
        match ended.and_then(|value| Ok(bounded_json(&value, room)?)) {
            Ok(body) => Reply::body(status.unwrap_or(StatusCode::OK), body),
            Err(error) => Reply::failed(&self.call.host.store, &self.call.entry, &error),
        }
    }
}
