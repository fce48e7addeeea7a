//! Runs a utility command: what it does, its kept answer and its entry in the audit log are one transaction.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use soar_store::model::AccessKeyId;
use soar_store::{AnswerClaim, Records, StoreError};
use tokio::sync::oneshot;

use super::admission::AuthorizedCall;
use super::service::CallEnd;
use crate::gate::{Call, Reply, replayed};
use soar_host::Refusal;
use soar_host::utility::{Answer, UtilityCommand};

/// How often a transaction is done again that lost against another one.
const ATTEMPTS: u32 = 4;

/// Why the command has no answer.
#[derive(Debug)]
enum Failure {
    Refused(String),
    Store(StoreError),
    Panicked,
    TooLong,
}

/// Runs the command. One that only reads ends when `gone` does: when its caller goes away.
pub(super) async fn run(
    call: &mut Call,
    command: &dyn UtilityCommand,
    authorized: &AuthorizedCall,
    gone: oneshot::Receiver<()>,
) -> CallEnd {
    if authorized.command.reads_only() {
        let reply = tokio::select! {
            reply = read(call, command, authorized) => reply,
            _ = gone => Reply::caller_gone(),
        };
        return CallEnd::Unwritten(reply);
    }
    for attempt in 1.. {
        match change(call, command, authorized).await {
            Ok(finished) => return finished,
            Err(Failure::Store(error)) if error.is_conflict() && attempt < ATTEMPTS => {}
            Err(failure) => return CallEnd::Unwritten(failed(call, failure)),
        }
    }
    CallEnd::Unwritten(Reply::unexpected("The command was never tried."))
}

async fn read(call: &Call, command: &dyn UtilityCommand, authorized: &AuthorizedCall) -> Reply {
    let key = authorized.caller.key.as_deref().unwrap_or_default();
    let answered = match call.host.store.reader_of(key).await {
        Ok(mut reader) => execute(call, command, authorized, &mut reader.records()).await,
        Err(error) => Err(Failure::Store(error)),
    };
    let room = call.host.store.answer_room();
    let reply = answered.and_then(|answer| Reply::answer(&answer, room).map_err(Failure::Store));
    reply.unwrap_or_else(|failure| failed(call, failure))
}

async fn change(
    call: &mut Call,
    command: &dyn UtilityCommand,
    authorized: &AuthorizedCall,
) -> Result<CallEnd, Failure> {
    let host = Arc::clone(&call.host);
    let now = call.entry.at;
    let claim = authorized.idempotency.as_ref().map(|idempotency| AnswerClaim {
        user: authorized.caller.user.id,
        access_key: call.key.unwrap_or(AccessKeyId(0)),
        key: idempotency.key.clone(),
        fingerprint: idempotency.fingerprint.clone(),
        request_id: call.entry.request_id.clone(),
    });
    let mut transaction = host.store.transaction().await.map_err(Failure::Store)?;
    if let Some(claim) = &claim {
        let expires_at = now + host.settings.answers_kept();
        // A repeat waits here for the first call's transaction to end.
        let earlier = transaction.records().claim_answer(claim, now, expires_at, now).await.map_err(Failure::Store)?;
        if let Some(earlier) = earlier {
            let reply = replayed(&earlier, &claim.fingerprint)
                .unwrap_or_else(|| Reply::unexpected("A claim without an answer was kept."));
            return Ok(CallEnd::Unwritten(reply));
        }
    }
    transaction.records().mark().await.map_err(Failure::Store)?;
    let reply = match execute(call, command, authorized, &mut transaction.records()).await {
        Ok(answer) => Reply::answer(&answer, host.store.answer_room()).map_err(Failure::Store)?,
        Err(Failure::Refused(error)) => {
            // What it did before it refused is undone; that it was refused is kept.
            transaction.records().undo_to_mark().await.map_err(Failure::Store)?;
            Reply::refused(error)
        }
        Err(failure) => return Err(failure),
    };
    let entry = call.conclude(&reply).clone();
    transaction.records().append_audit(&[entry]).await.map_err(Failure::Store)?;
    if let Some(claim) = &claim {
        let body = String::from_utf8_lossy(&reply.body);
        let status = reply.status.as_u16();
        transaction.records().keep_answer(claim, status, &body).await.map_err(Failure::Store)?;
    }
    transaction.commit().await.map_err(Failure::Store)?;
    Ok(CallEnd::Written(reply))
}

async fn execute(
    call: &Call,
    command: &dyn UtilityCommand,
    authorized: &AuthorizedCall,
    records: &mut Records<'_>,
) -> Result<Answer, Failure> {
    let limit = Duration::from_secs(call.host.settings.command_seconds);
    let running = command.run(records, &authorized.caller, &authorized.parameters, call.entry.at);
    match tokio::time::timeout(limit, AssertUnwindSafe(running).catch_unwind()).await {
        Ok(Ok(Ok(answer))) => Ok(answer),
        Ok(Ok(Err(Refusal::Store(error)))) => Err(Failure::Store(error)),
        Ok(Ok(Err(refusal))) => Err(Failure::Refused(refusal.to_string())),
        Ok(Err(_panic)) => Err(Failure::Panicked),
        Err(_) => Err(Failure::TooLong),
    }
}

fn failed(call: &Call, failure: Failure) -> Reply {
    let request_id = &call.entry.request_id;
    match failure {
        Failure::Refused(error) => Reply::refused(error),
        Failure::Store(error) => Reply::store_failed(&call.host.store, &call.entry, &error),
        Failure::Panicked => {
            tracing::error!(request_id, command = call.entry.command, "a command panicked");
            Reply::unexpected("The command panicked.")
        }
        Failure::TooLong => Reply::unavailable(
            "The command took too long and was undone. Nothing was changed. Try it with fewer items.",
            "The command took too long.",
        ),
    }
}
