//! Asks one question about work: how far it is, or to end it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use soar_connector::name::quoted;
use soar_connector::{
    Collector, ExecutionContext, FollowToken, Invocation, Outcome, Plugin, Polled, Redactor, ReplyPage, RunningWork,
    Sink, SinkError,
};
use soar_store::model::{Connection, ConnectionSites, Run, RunStatus};
use soar_store::{HeldRoom, Records, StoreError, followed_sealing_context};
use tokio::time::timeout;

use super::super::agent::through;
use super::super::connectors::ReadyConnector;
use super::super::shared::ExecutorState;
use super::super::watching::Tee;
use super::call::FollowedCall;
use super::failures::{conclusion, error, outcome, with_token};
use super::found::{FollowAnswer, FollowClaim, FollowedEnd};
use super::judge::JudgedQuestion;
use super::sums::Sums;

/// The time until a question is asked again that could not be asked.
const RETRY_INTERVAL: Duration = Duration::from_secs(30);

/// Keeps the pages of a question until it is known that the work is over.
struct KeptPages {
    tee: Tee,
    pages: Vec<ReplyPage>,
}

#[async_trait]
impl Sink for KeptPages {
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        self.tee.page(page.clone()).await?;
        self.pages.push(page);
        Ok(())
    }
}

/// The call of a followed run, and the connection that it runs on.
struct Usable {
    connection: Connection,
    plugin: Arc<dyn Plugin>,
    invocation: Invocation,
}

/// Asks a claimed question.
///
/// # Errors
/// [`StoreError`] when the store failed. The question is asked again then.
pub(super) async fn question(shared: &Arc<ExecutorState>, claim: &FollowClaim) -> Result<FollowAnswer, StoreError> {
    let followed = &claim.followed;
    let (run, usable) = {
        let mut reader = shared.store().reader().await?;
        let mut records = reader.records();
        let run = records.run(followed.run).await?;
        let usable = usable(shared, &mut records, claim, &run).await?;
        (run, usable)
    };
    let (token, usable) = match (FollowToken::new(&followed.token), usable) {
        (Ok(token), Ok(usable)) => (token, usable),
        (Err(_), _) => return Ok(given_up(run, "The store holds no token of the work.", &followed.token)),
        (_, Err(problem)) => return Ok(given_up(run, &problem, &followed.token)),
    };
    let Usable { connection, plugin, invocation } = usable;
    let (id, limit) = (connection.id, shared.settings.time_limit());
    let sums = Sums::read(&followed.sums);
    let judged =
        JudgedQuestion { shared, claim, run, invocation: &invocation, plugin: &*plugin, token: token.clone(), sums };
    if followed.cancel_requested {
        let asked = timeout(limit, cancel(shared, &connection, &judged)).await;
        let text = asked.unwrap_or_else(|_| "The product did not answer in time.".to_owned());
        return Ok(judged.cancelled(&text));
    }
    let asked = timeout(limit, async {
        let ready = ready(shared, &connection, &plugin).await?;
        let _turns = turns(shared, &connection, judged.run.site_id).await?;
        let context = ExecutionContext { request_id: judged.run.request_id.clone(), ..ExecutionContext::new() };
        let collector = Some(Collector::new(Some(invocation.command()), shared.settings.largest_reply_bytes));
        let room = shared.store().answer_room().clone();
        let tee = Tee { collector, room, held: HeldRoom::default(), watcher: None };
        let mut sink = KeptPages { tee, pages: Vec::new() };
        let polled = ready.connector.poll(&invocation, &token, &context, &mut sink).await;
        Ok::<_, String>((ready, polled, sink))
    });
    let asked = asked.await.unwrap_or_else(|_| Err(format!("No answer came within {} s.", limit.as_secs())));
    let (ready, polled, sink) = match asked {
        Ok(asked) => asked,
        Err(problem) => return Ok(judged.unanswered(&problem, RETRY_INTERVAL)),
    };
    let redactor = Arc::clone(&ready.redactor);
    Ok(match polled {
        Polled::Running(RunningWork { token, status, percent, wait }, receipt) => {
            let status = redactor.clean(&status).into_owned();
            JudgedQuestion { token, ..judged }.having_sent(&receipt).running(status, percent, wait)
        }
        Polled::Unanswered { error, wait, receipt } => {
            shared.connectors.refetch_secrets(id);
            let judged = judged.having_sent(&receipt);
            judged.unanswered(&redactor.clean(&error.message), wait)
        }
        Polled::Ended(last) => {
            let mut last = judged.sums.conclude(last);
            last.receipt.elapsed = claim.waited(shared);
            let collector = sink.tee.collector.unwrap_or_else(|| Collector::new(Some(invocation.command()), 0));
            let outcome = through(collector.finish(last), ready.agent.as_deref());
            if !outcome.is_successful() {
                shared.connectors.refetch_secrets(id);
            }
            let outcome = with_token(outcome, &invocation.follow_again(&token));
            let status = if outcome.is_successful() { RunStatus::Successful } else { RunStatus::Failed };
            let room = sink.tee.held;
            FollowAnswer::Ended(Box::new(FollowedEnd {
                run: judged.run,
                status,
                outcome,
                pages: sink.pages,
                room,
                redactor,
            }))
        }
    })
}

/// The connection and the call, or why the work is no longer followed.
async fn usable(
    shared: &ExecutorState,
    records: &mut Records<'_>,
    claim: &FollowClaim,
    run: &Run,
) -> Result<Result<Usable, String>, StoreError> {
    let name = quoted(&run.connection);
    let connection = match records.connection(run.connection_id).await {
        Ok(connection) => connection,
        Err(StoreError::NotFound { .. }) => return Ok(Err(format!("The connection {name} was deleted."))),
        Err(error) => return Err(error),
    };
    if !connection.active {
        return Ok(Err(format!("The connection {name} was deactivated.")));
    }
    let mut sites = vec![run.site_id];
    sites.extend(match &connection.place {
        ConnectionSites::Site(site) => Some(site.id),
        ConnectionSites::SharedToInternalSites { .. } => None,
    });
    let all = records.sites().await?;
    if let Some(why) = all.iter().filter(|site| sites.contains(&site.id)).find_map(soar_store::model::Site::inactive) {
        return Ok(Err(why));
    }
    let keyring = &shared.connections.keyring;
    let opened = keyring.open(&followed_sealing_context(run.id), &claim.followed.call);
    let opened = opened.map_err(|error| error.to_string()).and_then(|json| {
        serde_json::from_slice::<FollowedCall>(&json).map_err(|error| format!("The call cannot be read: {error}."))
    });
    let call = match opened {
        Ok(call) => call,
        Err(problem) => return Ok(Err(problem)),
    };
    let changed = call.changed(&connection);
    if !changed.is_empty() {
        let changed = changed.join(", ");
        return Ok(Err(format!("The connection {name} was changed since the start: {changed}.")));
    }
    let plugin = match shared.connections.registry.named(&connection.integration) {
        Ok(plugin) => plugin,
        Err(problem) => return Ok(Err(problem.to_string())),
    };
    let invocation = plugin.manifest().invocation(&run.command, &call.parameters);
    let invocation = invocation.map_err(|invalid| invalid.to_string());
    Ok(invocation.map(|invocation| Usable { connection, plugin, invocation }))
}

/// The end of a run whose work the host no longer follows.
fn given_up(run: Run, problem: &str, token: &str) -> FollowAnswer {
    let problem = problem.trim_end_matches('.');
    let message = format!("{problem}. The host no longer follows the work, which goes on in the product");
    let cure = format!("Correct the connection. The token of the work is {token}");
    let failed = conclusion(&run, error(&run, None, "connection-not-usable", &message, &cure));
    let outcome: Outcome = outcome(None, failed);
    let (pages, room, redactor) = (Vec::new(), HeldRoom::default(), Arc::<Redactor>::default());
    FollowAnswer::Ended(Box::new(FollowedEnd { run, status: RunStatus::Failed, outcome, pages, room, redactor }))
}

async fn ready(
    shared: &ExecutorState,
    connection: &Connection,
    plugin: &Arc<dyn Plugin>,
) -> Result<ReadyConnector, String> {
    let fetch_again = Duration::from_secs(shared.settings.fetch_secrets_seconds);
    shared.connectors.get(&shared.connections, connection, plugin, fetch_again).await
}

/// An execution slot of the connection and of the site, for one question.
async fn turns(
    shared: &ExecutorState,
    connection: &Connection,
    site: soar_store::model::SiteId,
) -> Result<(tokio::sync::OwnedSemaphorePermit, tokio::sync::OwnedSemaphorePermit), String> {
    let busy = |what: &str| format!("The {what} is busy with commands.");
    // Always in this order, to avoid a deadlock.
    let first = shared.per_connection.turn(connection.id).await.map_err(|_| busy("connection"))?;
    let second = shared.per_site.turn(site).await.map_err(|_| busy("site"))?;
    Ok((first.0, second.0))
}

/// Asks the product to end the work. Returns a sentence that says whether the work has ended.
async fn cancel(shared: &ExecutorState, connection: &Connection, judged: &JudgedQuestion<'_>) -> String {
    let asked = async {
        let plugin = shared.connections.registry.named(&connection.integration).map_err(|error| error.to_string())?;
        let ready = ready(shared, connection, &plugin).await?;
        let _turns = turns(shared, connection, judged.run.site_id).await?;
        let context = ExecutionContext { request_id: judged.run.request_id.clone(), ..ExecutionContext::new() };
        let ended = ready.connector.cancel(judged.invocation, &judged.token, &context).await;
        ended.map_err(|conclusion| {
            let message = conclusion.error.map(|error| error.message).unwrap_or_default();
            ready.redactor.clean(&message).into_owned()
        })
    };
    match asked.await {
        Ok(true) => "The product has ended the work.".to_owned(),
        Ok(false) => "The product cannot end the work, which goes on.".to_owned(),
        Err(problem) => format!("Whether the work has ended is unknown: {problem}"),
    }
}
