//! Answers a call of the management API: by the same keys, limits, log and idempotency as a command.

use std::fs::File;
use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use soar_store::model::{AuditEntry, Caller, Surface, User};
use soar_store::{AnswerClaim, StoreError};
use tokio::sync::OwnedSemaphorePermit;

use super::operation::{Done, Managed, Run, WorkInside, WorkOutside};
use super::{ManageError, Operation, transfer};
use crate::gate::{Call, IdempotencyKey, Reply, read_json, receive, replayed};
use crate::host::Host;
use crate::transfer::{Format, Subject};

/// How often a transaction is done again that lost against another one.
const ATTEMPTS: u32 = 4;

/// For what fingerprints are sealed.
const FINGERPRINT: &str = "answers/fingerprint";

struct Admitted {
    administrator: User,
    key: String,
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
    body: Bytes,
    /// A body that is a file, and how it is written.
    upload: Option<(File, Format)>,
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
    let (mut upload, mut read) = (None, Bytes::new());
    if operation.is_import() {
        let format = transfer::format_of(&head.headers)?;
        upload = Some((receive(body, &host.settings).await?, format));
    } else if operation.body.is_some() {
        read = read_json(&head.headers, body, &host.settings).await?;
    }
    let body = read;
    // No name holds NUL, and PostgreSQL takes no text that does.
    if path.iter().chain(&query).any(|(_, value)| value.contains('\0')) {
        return Err(malformed("The address holds a NUL character.".to_owned()));
    }
    if body.windows(6).any(|escape| escape == br"\u0000") {
        return Err(malformed("The body holds a NUL character, which no text can be kept with.".to_owned()));
    }
    // The whole address: what the entry keeps of it may be cut.
    let address = head.uri.path_and_query().map_or(head.uri.path(), |address| address.as_str());
    let target = format!("{} {address}", head.method);
    let idempotency = if operation.is_once() { IdempotencyKey::read(&head.headers, &target, &body)? } else { None };
    let (administrator, key) = (administrator.user.clone(), entered.shown.known.key.name.clone());
    Ok(Admitted { administrator, key, path, query, body, upload, idempotency, place: entered.place })
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

async fn run(mut call: Call, operation: &'static Operation, mut admitted: Admitted) -> Response {
    let upload = admitted.upload.take();
    // An import is many transactions, and what has to do with others is none at all.
    let stays_done = operation.changes() && matches!(operation.run, Run::Import(_) | Run::Outside(_));
    let result = match operation.run {
        Run::Export(subject) => return export(call, operation, &admitted, subject).await,
        Run::Import(subject) => import(&mut call, operation, &admitted, subject, upload).await,
        Run::Inside(work) if operation.changes() => change_or_try_again(&mut call, operation, work, &admitted).await,
        Run::Inside(work) => read(&mut call, operation, work, &admitted).await,
        Run::Outside(work) => outside(&mut call, operation, work, &admitted).await,
    };
    let response = match result {
        Ok((reply, true)) => {
            if let Err(error) = call.host.directory.refresh().await {
                tracing::warn!(%error, "a change is noticed later, for the store does not answer");
            }
            call.answer_written(reply)
        }
        Ok((reply, false)) => {
            call.is_done = stays_done;
            call.write_and_answer(reply).await
        }
        Err(error) => {
            let reply = error.reply(&call);
            let is_open = stays_done && reply.status.is_server_error() && !matches!(error, ManageError::NoConnectors);
            let reply = if is_open { Reply::maybe_done(reply.reason) } else { reply };
            call.write_and_answer(reply).await
        }
    };
    drop(admitted.place);
    response
}

impl Admitted {
    fn managed<'a, R>(&'a self, call: &'a Call, records: R) -> Managed<'a, R> {
        Managed {
            host: &call.host,
            administrator: &self.administrator,
            key: &self.key,
            request_id: &call.entry.request_id,
            records,
            now: call.entry.at,
            path: &self.path,
            query: &self.query,
            body: &self.body,
        }
    }
}

/// The reply, and whether its entry was written already.
type Replied = Result<(Reply, bool), ManageError>;

async fn read(call: &mut Call, operation: &Operation, work: WorkInside, admitted: &Admitted) -> Replied {
    let mut reader = call.host.store.reader().await?;
    let done = work(admitted.managed(call, reader.records())).await?;
    drop(reader);
    Ok((reply(call, operation, &done), false))
}

async fn outside(call: &mut Call, operation: &Operation, work: WorkOutside, admitted: &Admitted) -> Replied {
    let done = work(admitted.managed(call, ())).await?;
    Ok((reply(call, operation, &done), false))
}

/// The administrator; what reads or writes files for long holds no reader of the store meanwhile.
async fn any_caller(call: &Call, admitted: &Admitted) -> Result<Caller, ManageError> {
    let mut reader = call.host.store.reader().await?;
    admitted.managed(call, reader.records()).any_caller().await
}

async fn import(
    call: &mut Call,
    operation: &Operation,
    admitted: &Admitted,
    subject: Subject,
    upload: Option<(File, Format)>,
) -> Replied {
    let (file, format) = upload.ok_or_else(|| ManageError::Malformed("There is no body.".to_owned()))?;
    let mut entry = call.entry.clone();
    (entry.status, entry.accepted) = (i64::from(operation.status), true);
    entry.reason = format!("{subject} as {format}");
    let caller = any_caller(call, admitted).await?;
    let report = transfer::import(admitted.managed(call, ()), caller, (subject, format), file, &entry).await?;
    let done = Done::new(&report, report.to_string())?;
    Ok((reply(call, operation, &done), false))
}

async fn export(mut call: Call, operation: &Operation, admitted: &Admitted, subject: Subject) -> Response {
    let exported = async {
        let caller = any_caller(&call, admitted).await?;
        let exported = transfer::export(admitted.managed(&call, ()), caller, subject).await?;
        let done = Done::new((), format!("{} rows", exported.rows))?;
        Ok::<_, ManageError>((exported, done))
    };
    match exported.await {
        Ok((exported, done)) => {
            let reply = reply(&mut call, operation, &done);
            let response = call.write_and_answer(reply).await;
            // Without its entry nothing is handed out.
            if response.status().is_success() { exported.into_response(response) } else { response }
        }
        Err(error) => {
            let reply = error.reply(&call);
            call.write_and_answer(reply).await
        }
    }
}

async fn change_or_try_again(call: &mut Call, operation: &Operation, work: WorkInside, admitted: &Admitted) -> Replied {
    let mut attempt = 1;
    loop {
        match change(call, operation, work, admitted).await {
            Err(error) if error.is_conflict() && attempt < ATTEMPTS => attempt += 1,
            ended => return ended,
        }
    }
}

async fn change(call: &mut Call, operation: &Operation, work: WorkInside, admitted: &Admitted) -> Replied {
    let host = Arc::clone(&call.host);
    let now = call.entry.at;
    let claim = admitted.idempotency.as_ref().map(|idempotency| claim(call, admitted, idempotency)).transpose()?;
    let mut transaction = host.store.transaction().await?;
    if let Some((claim, fingerprint)) = &claim {
        let expires_at = now + host.settings.answers_kept();
        if let Some(mut earlier) = transaction.records().claim_answer(claim, now, expires_at, now).await? {
            earlier.fingerprint = opened(&host, &earlier.fingerprint);
            let reply = replayed(&earlier, fingerprint)
                .unwrap_or_else(|| Reply::unexpected("A claim without an answer was kept."));
            return Ok((reply, false));
        }
    }
    let done = work(admitted.managed(call, transaction.records())).await?;
    let reply = reply(call, operation, &done);
    let entry = call.conclude(&reply).clone();
    transaction.records().append_audit(&[entry]).await?;
    if let Some((claim, _)) = &claim {
        let kept = done.repeated.as_ref().unwrap_or(&done.body);
        transaction.records().keep_answer(claim, reply.status.as_u16(), kept).await?;
    }
    transaction.commit().await?;
    if let Some(afterwards) = done.afterwards {
        afterwards(&host);
    }
    Ok((reply, true))
}

/// The claim of a call, and the fingerprint that it seals: of a body with a secret, the fingerprint alone would let the
/// store's readers try out what the secret may be.
fn claim(call: &Call, admitted: &Admitted, idempotency: &IdempotencyKey) -> Result<(AnswerClaim, String), ManageError> {
    let plain = idempotency.fingerprint.clone();
    let sealed = call.host.seal.seal(FINGERPRINT, plain.as_bytes());
    let sealed = sealed.map_err(|error| StoreError::Unreadable(error.to_string()))?;
    let claim = AnswerClaim {
        user: admitted.administrator.id,
        key: idempotency.key.clone(),
        fingerprint: STANDARD.encode(sealed),
        request_id: call.entry.request_id.clone(),
    };
    Ok((claim, plain))
}

/// What was sealed; nothing where the key is gone, so that the call counts as another one.
fn opened(host: &Host, fingerprint: &str) -> String {
    let sealed = STANDARD.decode(fingerprint).ok();
    let plain = sealed.and_then(|sealed| host.seal.open(FINGERPRINT, &sealed).ok());
    plain.and_then(|plain| std::str::from_utf8(&plain).map(str::to_owned).ok()).unwrap_or_default()
}

fn reply(call: &mut Call, operation: &Operation, done: &Done) -> Reply {
    call.entry.site = AuditEntry::kept(&done.site);
    let status = StatusCode::from_u16(operation.status).unwrap_or(StatusCode::OK);
    Reply { reason: done.about.clone(), ..Reply::body(status, done.body.clone()) }
}
