//! Runs an integration command. A vendor cannot be part of a transaction, so under an Idempotency-Key the claim is kept
//! before and the answer after; what happened in between when the host stopped there is known only of reading commands.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use futures_util::FutureExt as _;

use super::IntegrationCommands;
use super::admission::Admitted;
use super::service::Finished;
use crate::gate::{Call, Reply, replayed};
use crate::host::Host;
use crate::store::{AnswerClaim, StoreError};
use crate::utility::Refusal;

/// How long a claim counts as running after it was last said to, in milliseconds.
const CLAIMED: i64 = 30_000;

/// How often a running call says that it runs.
const RENEWAL: Duration = Duration::from_secs(10);

/// How a repeated call goes on.
enum Repeat {
    Run,
    Answer(Reply),
}

pub(super) async fn run(call: &mut Call, commands: &dyn IntegrationCommands, admitted: &Admitted) -> Finished {
    let Some(idempotency) = &admitted.idempotency else {
        return Finished::Unwritten(execute(call, commands, admitted).await.0);
    };
    let claim = AnswerClaim {
        user: admitted.caller.user.id,
        key: idempotency.key.clone(),
        fingerprint: idempotency.fingerprint.clone(),
        request_id: call.entry.request_id.clone(),
    };
    let host = Arc::clone(&call.host);
    match make_claim(&host, &claim, admitted.command.reads_only()).await {
        Ok(Repeat::Run) => {}
        Ok(Repeat::Answer(reply)) => return Finished::Unwritten(reply),
        Err(error) => return Finished::Unwritten(store_failed(call, &error)),
    }
    let (reply, is_final) = {
        let running = execute(call, commands, admitted);
        tokio::pin!(running);
        loop {
            tokio::select! {
                done = &mut running => break done,
                () = tokio::time::sleep(RENEWAL) => renew(&host, &claim).await,
            }
        }
    };
    match keep(call, &claim, &reply, is_final).await {
        Ok(()) => Finished::Written(reply),
        Err(error) => {
            let reply = store_failed(call, &error);
            Finished::Unwritten(reply)
        }
    }
}

/// Runs the command; whether a repeat is to get the same answer.
async fn execute(call: &Call, commands: &dyn IntegrationCommands, admitted: &Admitted) -> (Reply, bool) {
    let running = commands.run(&admitted.caller, &admitted.command.manifest.name, &admitted.raw);
    match AssertUnwindSafe(running).catch_unwind().await {
        Ok(Ok(answer)) => (Reply::answer(&answer), true),
        Ok(Err(Refusal::Because(error))) => (Reply::refused(error), true),
        // A store that fails may do so before or after the vendor was called.
        Ok(Err(Refusal::Store(error))) => (store_failed(call, &error), false),
        Err(_panic) => {
            let request_id = &call.entry.request_id;
            tracing::error!(request_id, command = call.entry.command, "a command panicked");
            (Reply::unexpected("The command panicked."), false)
        }
    }
}

async fn make_claim(host: &Host, claim: &AnswerClaim, reads_only: bool) -> Result<Repeat, StoreError> {
    let now = host.now();
    let mut transaction = host.store.transaction().await?;
    let mut records = transaction.records();
    let expires_at = now + host.settings.answers_kept();
    let repeat = match records.claim_answer(claim, now + CLAIMED, expires_at, now).await? {
        None => Repeat::Run,
        Some(earlier) => match replayed(&earlier, &claim.fingerprint) {
            Some(reply) => Repeat::Answer(reply),
            None if earlier.runs_until > now => Repeat::Answer(still_running()),
            None if !records.take_over_claim(claim, &earlier, now + CLAIMED).await? => Repeat::Answer(still_running()),
            None if reads_only => Repeat::Run,
            None => {
                let reply = unknown_outcome();
                records.keep_answer(claim, reply.status.as_u16(), &String::from_utf8_lossy(&reply.body)).await?;
                Repeat::Answer(reply)
            }
        },
    };
    transaction.commit().await?;
    Ok(repeat)
}

async fn renew(host: &Host, claim: &AnswerClaim) {
    let renewed = async {
        let mut transaction = host.store.transaction().await?;
        transaction.records().extend_claim(claim, host.now() + CLAIMED).await?;
        transaction.commit().await
    };
    if let Err(error) = renewed.await {
        tracing::warn!(request_id = claim.request_id, %error, "a running call could not say that it runs");
    }
}

/// Keeps the answer and the entry. Without a final answer, a reading command may run again; of a writing one the claim
/// stays, so that a repeat learns that nobody knows.
async fn keep(call: &mut Call, claim: &AnswerClaim, reply: &Reply, is_final: bool) -> Result<(), StoreError> {
    let entry = call.conclude(reply).clone();
    let mut transaction = call.host.store.transaction().await?;
    let mut records = transaction.records();
    if is_final {
        records.keep_answer(claim, reply.status.as_u16(), &String::from_utf8_lossy(&reply.body)).await?;
    } else {
        // From now on it counts as ended without an answer.
        records.extend_claim(claim, entry.at).await?;
    }
    records.append_audit(&[entry]).await?;
    transaction.commit().await
}

fn still_running() -> Reply {
    let error = "The first call under this Idempotency-Key still runs. Repeat it later to get its answer.";
    Reply { retry_after: Some(1), ..Reply::error(StatusCode::CONFLICT, error) }
}

fn unknown_outcome() -> Reply {
    Reply::refused(
        "The outcome of the first call under this Idempotency-Key is unknown: the host stopped while it ran. Check in \
         the product whether its change was made, and only if it was not, call again under a new Idempotency-Key.",
    )
}

fn store_failed(call: &Call, error: &StoreError) -> Reply {
    tracing::error!(request_id = call.entry.request_id, command = call.entry.command, %error, "the store failed");
    Reply::unexpected(error.to_string())
}
