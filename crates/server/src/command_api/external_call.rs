//! Runs a command that has to do with others than the store: a vendor, or another instance. They cannot be part of a
//! transaction, so under an Idempotency-Key the claim is kept before and the answer after; what happened in between when
//! the host stopped there is known only of commands that do no harm when they are done twice.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use futures_util::FutureExt as _;
use soar_store::model::AccessKeyId;
use soar_store::{AnswerClaim, StoreError};

use super::admission::AuthorizedCall;
use super::request::bad_parameters;
use super::service::CallEnd;
use crate::Server;
use crate::gate::{Call, Reply, replayed};
use soar_host::Refusal;
use soar_host::commands::Runner;

/// How long a claim counts as running after it was last said to.
const CLAIMED: Duration = Duration::from_secs(30);

/// How often a running call says that it runs.
const RENEWAL: Duration = Duration::from_secs(10);

/// What running the command came to.
struct Executed {
    reply: Reply,
    repeat: AfterRun,
    /// Whether it may have changed something.
    is_done: bool,
}

/// What a repeat under the same Idempotency-Key gets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AfterRun {
    /// The same answer.
    SameAnswer,
    /// A run of its own where that does no harm. Else it learns that the outcome of the first call is unknown.
    Unknown,
    /// A run of its own: the first call was wrong, and ran nothing.
    OwnRun,
}

/// How a repeated call goes on.
enum Repeat {
    Run,
    Answer(Reply),
}

pub(super) async fn run(call: &mut Call, authorized: &AuthorizedCall) -> CallEnd {
    if let Runner::External(command) = &authorized.command.runner
        && let Err(problems) = command.check(&authorized.parameters)
    {
        return CallEnd::Unwritten(Reply::error(StatusCode::BAD_REQUEST, problems.join(" ")));
    }
    let Some(idempotency) = &authorized.idempotency else {
        let Executed { reply, is_done, .. } = execute(call, authorized).await;
        call.is_done = is_done;
        return CallEnd::Unwritten(reply);
    };
    let claim = AnswerClaim {
        user: authorized.caller.user.id,
        access_key: call.key.unwrap_or(AccessKeyId(0)),
        key: idempotency.key.clone(),
        fingerprint: idempotency.fingerprint.clone(),
        request_id: call.entry.request_id.clone(),
    };
    let host = Arc::clone(&call.host);
    match make_claim(&host, &claim, may_repeat(authorized)).await {
        Ok(Repeat::Run) => {}
        Ok(Repeat::Answer(reply)) => return CallEnd::Unwritten(reply),
        Err(error) => return CallEnd::Unwritten(Reply::store_failed(&host.store, &call.entry, &error)),
    }
    let Executed { reply, repeat, is_done } = {
        let running = execute(call, authorized);
        tokio::pin!(running);
        loop {
            tokio::select! {
                done = &mut running => break done,
                () = tokio::time::sleep(RENEWAL) => renew(&host, &claim).await,
            }
        }
    };
    match keep(call, &claim, &reply, repeat).await {
        Ok(()) => CallEnd::Written(reply),
        Err(error) => {
            let failed = Reply::store_failed(&host.store, &call.entry, &error);
            CallEnd::Unwritten(match (is_done, repeat) {
                (false, _) => failed,
                (true, AfterRun::SameAnswer) => Reply::done(failed.reason),
                // It has no answer that says more.
                (true, _) => Reply::maybe_done(failed.reason),
            })
        }
    }
}

/// Whether a call whose first run was cut off may run again. Of a command that only reads, no call is kept.
fn may_repeat(authorized: &AuthorizedCall) -> bool {
    matches!(authorized.command.runner, Runner::External(_))
}

/// Runs the command.
async fn execute(call: &Call, authorized: &AuthorizedCall) -> Executed {
    let AuthorizedCall { command, caller, raw, parameters, .. } = authorized;
    let running = async {
        match &command.runner {
            Runner::Integration(commands) => commands.run(caller, &command.endpoint, raw.clone()).await,
            Runner::External(command) => command.run(caller, parameters).await,
            Runner::Utility(_) => Err(Refusal::Unable("The command runs within a transaction.".to_owned())),
        }
    };
    let changes = !command.reads_only();
    match AssertUnwindSafe(running).catch_unwind().await {
        Ok(Ok(answer)) => {
            let reply = Reply::answer(&answer, call.host.store.answer_room()).unwrap_or_else(|error| {
                let failed = Reply::store_failed(&call.host.store, &call.entry, &error);
                if changes { Reply::done(failed.reason) } else { failed }
            });
            Executed { reply, repeat: AfterRun::SameAnswer, is_done: changes }
        }
        Ok(Err(error @ (Refusal::Because(_) | Refusal::Unable(_) | Refusal::About(_)))) => {
            Executed { reply: Reply::refused(error.to_string()), repeat: AfterRun::SameAnswer, is_done: false }
        }
        Ok(Err(Refusal::Parameters(problems))) => {
            Executed { reply: bad_parameters(&problems), repeat: AfterRun::OwnRun, is_done: false }
        }
        // A store that fails may do so before or after the vendor was called.
        Ok(Err(Refusal::Store(error))) => {
            let failed = Reply::store_failed(&call.host.store, &call.entry, &error);
            let reply = if changes { Reply::maybe_done(failed.reason) } else { failed };
            Executed { reply, repeat: AfterRun::Unknown, is_done: changes }
        }
        Err(_panic) => {
            let request_id = &call.entry.request_id;
            tracing::error!(request_id, command = call.entry.command, "a command panicked");
            let reply = Reply::unexpected("The command panicked.");
            Executed { reply, repeat: AfterRun::Unknown, is_done: changes }
        }
    }
}

async fn make_claim(host: &Server, claim: &AnswerClaim, may_repeat: bool) -> Result<Repeat, StoreError> {
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
            None if may_repeat => Repeat::Run,
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

async fn renew(host: &Server, claim: &AnswerClaim) {
    let renewed = async {
        let mut transaction = host.store.transaction().await?;
        transaction.records().extend_claim(claim, host.now() + CLAIMED).await?;
        transaction.commit().await
    };
    if let Err(error) = renewed.await
        && !host.store.note(&error)
    {
        tracing::warn!(request_id = claim.request_id, %error, "a running call could not say that it runs");
    }
}

/// Keeps the answer, or what else a repeat needs, together with the entry.
async fn keep(call: &mut Call, claim: &AnswerClaim, reply: &Reply, repeat: AfterRun) -> Result<(), StoreError> {
    let entry = call.conclude(reply).clone();
    let mut transaction = call.host.store.transaction().await?;
    let mut records = transaction.records();
    match repeat {
        AfterRun::SameAnswer => {
            records.keep_answer(claim, reply.status.as_u16(), &String::from_utf8_lossy(&reply.body)).await?;
        }
        // From now on the call counts as ended without an answer.
        AfterRun::Unknown => records.extend_claim(claim, entry.at).await?,
        AfterRun::OwnRun => records.give_up_claim(claim).await?,
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
