//! One call of the management API: it is authenticated and read before its operation runs.

use std::collections::HashSet;
use std::error::Error as _;
use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts as _, MatchedPath, OriginalUri, Path, Query, Request};
use axum::http::{Extensions, HeaderMap, StatusCode, Uri};
use axum::response::Response;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use soar_store::model::{AuditEntry, Surface};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::Parameter;

use super::body::{in_words, parsed, problem};
use super::{BASE, described_routes};
use crate::Server;
use crate::gate::{ApiCall, ApiReply, CallSlot, IDEMPOTENCY_KEY, IdempotencyKey, bounded_json, read_json, without_nul};
use crate::limits::CountsBytes;
use soar_host::Refusal;
use soar_host::operations::{self, OperationError, Operations, RequestContext, Tried};

/// The operations whose description has the header Idempotency-Key, such as `POST /api/manage/v1/keys`.
static DONE_ONCE: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let mut done_once = HashSet::new();
    for (path, item) in described_routes().into_openapi().paths.paths {
        let methods = [("POST", item.post), ("PUT", item.put), ("PATCH", item.patch), ("DELETE", item.delete)];
        for (method, operation) in methods {
            let parameters = operation.and_then(|operation| operation.parameters).unwrap_or_default();
            let is_key = |parameter: &RefOr<Parameter>| match parameter {
                RefOr::T(Parameter { name, .. }) => IDEMPOTENCY_KEY.as_str().eq_ignore_ascii_case(name),
                RefOr::Ref(_) => false,
            };
            if parameters.iter().any(is_key) {
                done_once.insert(format!("{method} {BASE}{path}"));
            }
        }
    }
    done_once
});

/// A call with the parameters of its path, its query and its body, each parsed into a type.
pub(super) struct Managed<P = Nothing, Q = Nothing, B = NoBody> {
    pub(super) request: ManagedRequest,
    /// The parameters of the path.
    pub(super) path: P,
    /// The query parameters.
    pub(super) query: Q,
    pub(super) body: B,
}

/// An authenticated call.
pub(super) struct ManagedRequest {
    call: ApiCall,
    pub(super) context: RequestContext,
    /// The permits of the running call.
    _place: CallSlot,
}

/// No path parameters, or no query parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// A type of body.
pub(super) trait RequestBody: Sized + Send {
    /// Whether the call only reads what the key's owner may see. Keys that may not manage may then make it too.
    const IS_READING: bool = false;

    /// Reads the body. Also returns the bytes for the fingerprint of a call under an Idempotency-Key.
    fn read(
        headers: &HeaderMap,
        body: Body,
        host: &Server,
        share: &mut (impl CountsBytes + Send),
    ) -> impl Future<Output = Result<(Self, Bytes), ApiReply>> + Send;
}

/// No body. `READS` is [`RequestBody::IS_READING`].
pub(super) struct NoBody<const READS: bool = false>;

/// No body, in a call that only reads what the key's owner may see.
pub(super) type NoBodyReadOnly = NoBody<true>;

impl<const READS: bool> RequestBody for NoBody<READS> {
    const IS_READING: bool = READS;

    async fn read(
        _: &HeaderMap,
        _: Body,
        _: &Server,
        _: &mut (impl CountsBytes + Send),
    ) -> Result<(Self, Bytes), ApiReply> {
        Ok((Self, Bytes::new()))
    }
}

impl<T: DeserializeOwned + Send> RequestBody for T {
    async fn read(
        headers: &HeaderMap,
        body: Body,
        host: &Server,
        share: &mut (impl CountsBytes + Send),
    ) -> Result<(Self, Bytes), ApiReply> {
        let bytes = read_json(headers, body, &host.settings, share).await?;
        // serde would take the items of an array as the members of an object, in their order.
        if bytes.trim_ascii_start().first() == Some(&b'[') {
            return Err(malformed("The body is not valid: it is an array. Expected a JSON object.".to_owned()));
        }
        let read = parsed(&bytes).map_err(|problem| malformed(format!("The body is not valid: {problem}.")))?;
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
    /// The answer, whose audit entry is written.
    type Rejection = Response;

    async fn from_request(request: Request, host: &Arc<Server>) -> Result<Self, Response> {
        let what = format!("{} {}", request.method(), whole_address(request.extensions(), request.uri()).path());
        let mut call = ApiCall::begin(host, Surface::Management, &request, &what);
        match read(&mut call, request).await {
            Ok((context, place, path, query, body)) => {
                Ok(Self { request: ManagedRequest { call, context, _place: place }, path, query, body })
            }
            Err(reply) => Err(call.write_and_answer(reply).await),
        }
    }
}

async fn read<P, Q, B>(call: &mut ApiCall, request: Request) -> Result<(RequestContext, CallSlot, P, Q, B), ApiReply>
where
    P: DeserializeOwned + Send,
    Q: DeserializeOwned + Send,
    B: RequestBody,
{
    let (mut head, body) = request.into_parts();
    if let Some(path) = head.extensions.get::<MatchedPath>() {
        let path = path.as_str();
        // The metrics have the same label with and without the base path.
        let path = path.strip_prefix(&call.host.settings.base_path).unwrap_or(path);
        call.label = format!("{} {path}", head.method).into();
    }
    let mut entered = call.enter(&head.headers).await?;
    if let Some(known) = entered.snapshot.user_numbered(entered.shown.known.key.owner) {
        known.user.name.clone_into(&mut call.entry.username);
    }
    let (owner, refusal) = if B::IS_READING {
        (
            entered.shown.reader(&entered.snapshot),
            "The key may not read this. Use an API key that is not limited to commands.",
        )
    } else {
        (
            entered.shown.administrator(&entered.snapshot),
            "The key may not use the management API. Use an administrator's key that may manage and is not limited to \
             sites or commands.",
        )
    };
    let owner = owner
        .map_err(|error| ApiReply { reason: error.to_string(), ..ApiReply::error(StatusCode::FORBIDDEN, refusal) })?;
    let is_done_once = head.method.is_safe() || DONE_ONCE.contains(&*call.label);
    if !is_done_once && head.headers.contains_key(IDEMPOTENCY_KEY) {
        return Err(malformed(
            "This operation takes no header Idempotency-Key: each call runs it again. Leave the header out.".to_owned(),
        ));
    }
    // The address in the audit entry may be cut.
    let address = whole_address(&head.extensions, &head.uri).to_string();
    // No name contains NUL, and PostgreSQL cannot store it.
    if address.contains("%00") {
        return Err(malformed("The address contains a NUL character.".to_owned()));
    }
    let Path(path) = Path::<P>::from_request_parts(&mut head, &()).await.map_err(|error| {
        // An invalid id is the id of no resource.
        ApiReply::error(
            StatusCode::NOT_FOUND,
            format!("There is nothing at {}: {}.", head.uri.path(), path_problem(&error)),
        )
    })?;
    let Query(query) = Query::<Q>::try_from_uri(&head.uri)
        .map_err(|error| malformed(format!("The query parameters are not valid: {}.", query_problem(&error))))?;
    let (body, bytes) = B::read(&head.headers, body, &call.host, &mut entered.share).await?;
    let target = format!("{} {address}", head.method);
    let access_key = entered.shown.known.key.id;
    let idempotency = IdempotencyKey::read(&head.headers, &target, &bytes)?
        .map(|IdempotencyKey { key, fingerprint }| operations::IdempotencyKey { key, fingerprint, access_key });
    let mut entry = call.entry.clone();
    entry.status = i64::from(StatusCode::OK.as_u16());
    let context = RequestContext {
        user: owner.user.clone(),
        roles: owner.roles.clone(),
        reach: entered.shown.known.key.sites.clone(),
        key: Some(entered.shown.known.key.name.clone()),
        key_expires_at: entered.shown.known.key.expires_at,
        entry,
        idempotency,
    };
    let place = CallSlot::take(&call.host, entered.share)?;
    Ok((context, place, path, query, body))
}

/// The whole address. A nested router sees only the rest of it.
fn whole_address<'a>(extensions: &'a Extensions, uri: &'a Uri) -> &'a Uri {
    extensions.get::<OriginalUri>().map_or(uri, |OriginalUri(uri)| uri)
}

fn path_problem(error: &PathRejection) -> String {
    if let PathRejection::FailedToDeserializePathParams(error) = error
        && let ErrorKind::ParseErrorAtKey { key, expected_type, .. } = error.kind()
    {
        return format!("{key}: expected {}", in_words(expected_type));
    }
    error.to_string()
}

fn query_problem(error: &QueryRejection) -> String {
    let text = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    if let Some(at) = text.find("unknown field `") {
        return problem("", &text[at..]).replacen("field", "parameter", 1);
    }
    match text.split_once(": ") {
        // The name of the parameter. The text without one may have a colon too.
        Some((name, text)) if !name.contains(' ') => problem(name, text),
        _ => problem("", &text),
    }
}

fn malformed(error: String) -> ApiReply {
    ApiReply::error(StatusCode::BAD_REQUEST, error)
}

impl ManagedRequest {
    pub(super) fn operations(&self) -> &Operations {
        &self.call.host.operations
    }

    /// The same call, with the status 201 for success.
    #[must_use]
    pub(super) fn creating(mut self) -> Self {
        self.context.entry.status = i64::from(StatusCode::CREATED.as_u16());
        self
    }

    /// Answers a call that read something, and writes its audit entry.
    pub(super) async fn answer<T: Serialize>(self, read: Result<T, OperationError>) -> Response {
        let reply = self.reply(read);
        self.call.write_and_answer(reply).await
    }

    /// Answers a call that changed something. The audit entry of a success is written with the change. The audit entry
    /// of a failure is written now.
    pub(super) async fn answer_change<T: Serialize>(self, changed: Result<T, OperationError>) -> Response {
        if changed.is_err() {
            let reply = self.reply(changed);
            return self.call.write_and_answer(reply).await;
        }
        let mut reply = self.reply(changed);
        if !reply.status.is_success() {
            // The change is made, but there is no memory for its answer.
            reply = ApiReply::done(reply.reason);
        }
        self.call.answer_written(reply)
    }

    /// Answers an operation that called a vendor or another instance, and writes its audit entry.
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
                // The store may have failed before or after the effect of the operation.
                let is_open = matches!(error, OperationError::Refusal(Refusal::Store(_)));
                let reply = self.reply(Err::<(), _>(error));
                let reply = if is_open { ApiReply::maybe_done(reply.reason) } else { reply };
                self.call.write_and_answer(reply).await
            }
        }
    }

    /// Answers an export without its file, and writes its audit entry.
    pub(super) async fn answer_export(self, about: String) -> Response {
        let reply = ApiReply { reason: about, ..self.reply(Ok(())) };
        self.call.write_and_answer(reply).await
    }

    fn reply<T: Serialize>(&self, ended: Result<T, OperationError>) -> ApiReply {
        let status = u16::try_from(self.context.entry.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        let room = self.call.host.store.answer_room();
        match ended.and_then(|value| Ok(bounded_json(&value, room)?)) {
            Ok(body) => ApiReply::body(status.unwrap_or(StatusCode::OK), body),
            Err(error) => ApiReply::failed(&self.call.host.store, &self.call.entry, &error),
        }
    }
}
