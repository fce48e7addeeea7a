//! The messages between a master and one tenant during a sync.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use soar_store::StoreError;
use soar_store::model::{ConnectionId, MessageNumber, SyncChange, SyncFailure, SyncResult, Tenant, TenantState};
use tokio::time::timeout;

use super::Tenants;
use super::client::{CallFailed, not_authentic, post};
use super::content::{Channel, Fetched, NumbersFor, PreparedMessages, prepare_messages};
use super::envelope::SealedAnswer;
use super::failure::{failure, not_registered, revoked_here, too_slow};
use super::message::{TenantAnswer, TenantRequest};
use crate::conflicts::until_no_conflict;

/// The number of connections read at once.
const BATCH_SIZE: usize = 25;

/// The pauses before a message is sent again after a temporary failure.
const PAUSES: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(1500)];

/// The number of attempts for a message that another sync of the same tenant overtakes.
const OVERTAKEN: usize = 20;

/// A connection for a tenant.
#[derive(Debug, Clone)]
pub(super) struct SyncTarget {
    pub(super) id: ConnectionId,
    pub(super) name: String,
    pub(super) integration: String,
    /// The reason for which the connection is not sent.
    pub(super) failure: Option<SyncFailure>,
}

/// The work of a sync on one tenant.
#[derive(Debug, Clone)]
pub(super) struct SyncJob {
    /// The Tenant Site.
    pub(super) site: String,
    pub(super) plan: bool,
    pub(super) targets: Vec<SyncTarget>,
    /// All other connections are withdrawn.
    pub(super) keep: Option<Vec<ConnectionId>>,
}

/// The results of a job so far.
struct JobResults<'a> {
    tenant: &'a Tenant,
    results: Vec<SyncResult>,
    settled: HashSet<ConnectionId>,
    withdrawn: bool,
}

impl JobResults<'_> {
    fn settle(&mut self, target: &SyncTarget, ended: Result<SyncChange, SyncFailure>) {
        self.settled.insert(target.id);
        let (change, failure) = split(ended);
        self.results.push(SyncResult {
            connection_id: Some(target.id),
            connection: target.name.clone(),
            integration: target.integration.clone(),
            change,
            failure,
            ..self.blank()
        });
    }

    fn withdrawal_failed(&mut self, why: SyncFailure) {
        self.withdrawn = true;
        self.results.push(SyncResult { withdrawal: true, failure: Some(why), ..self.blank() });
    }

    fn blank(&self) -> SyncResult {
        SyncResult {
            tenant_id: Some(self.tenant.id),
            tenant: self.tenant.name.clone(),
            region: self.tenant.region.clone(),
            connection_id: None,
            connection: String::new(),
            integration: String::new(),
            change: SyncChange::Failed,
            withdrawal: false,
            failure: None,
        }
    }
}

fn split(ended: Result<SyncChange, SyncFailure>) -> (SyncChange, Option<SyncFailure>) {
    match ended {
        Ok(change) => (change, None),
        Err(failure) => (SyncChange::Failed, Some(failure)),
    }
}

impl Tenants {
    /// Does the job and returns a result for each connection, also where the tenant fails.
    pub(super) async fn exchange(&self, tenant: &Tenant, job: &SyncJob, fetched: &Fetched) -> Vec<SyncResult> {
        let mut progress = JobResults { tenant, results: Vec::new(), settled: HashSet::new(), withdrawn: false };
        let ended = match tenant.state {
            TenantState::Added => Err(not_registered()),
            TenantState::Revoked => Err(revoked_here()),
            TenantState::Registered => {
                let limit = self.settings.tenant_time();
                timeout(limit, self.work(job, fetched, &mut progress))
                    .await
                    .unwrap_or_else(|_| Err(too_slow(self.settings.tenant_seconds)))
            }
        };
        if let Err(why) = ended {
            // After this failure the following messages would fail too.
            if job.keep.is_some() && !progress.withdrawn {
                progress.withdrawal_failed(why.clone());
            }
            for target in &job.targets {
                if !progress.settled.contains(&target.id) {
                    progress.settle(target, Err(why.clone()));
                }
            }
        }
        progress.results
    }

    async fn work(&self, job: &SyncJob, fetched: &Fetched, progress: &mut JobResults<'_>) -> Result<(), SyncFailure> {
        // Withdraw first, so that the names of withdrawn connections are free for other connections.
        if let Some(keep) = &job.keep {
            self.withdraw(job, keep, fetched, progress).await?;
        }
        let mut waiting: VecDeque<&SyncTarget> = job.targets.iter().collect();
        let (mut at_least, mut trials) = (MessageNumber(0), Trials::default());
        while let Some(next) = waiting.front() {
            if let Some(why) = &next.failure {
                progress.settle(next, Err(why.clone()));
                waiting.pop_front();
                continue;
            }
            let sent = waiting.iter().take_while(|target| target.failure.is_none());
            let ids: Vec<ConnectionId> = sent.take(BATCH_SIZE).map(|target| target.id).collect();
            let PreparedMessages { channel, first, contents } =
                self.next_messages(progress.tenant, fetched, NumbersFor::Connections(&ids), at_least).await?;
            for (number, content) in (first.0..).map(MessageNumber).zip(contents) {
                let Some(target) = waiting.front() else { break };
                let connection = match content {
                    Ok(connection) => connection,
                    Err(why) => {
                        progress.settle(target, Err(why));
                        waiting.pop_front();
                        continue;
                    }
                };
                let request = TenantRequest::Apply { site: job.site.clone(), plan: job.plan, connection };
                match self.trial(&channel, number, &request, &mut trials).await? {
                    Some(TenantAnswer::Applied { change }) => progress.settle(target, Ok(change)),
                    Some(TenantAnswer::Refused(why)) => progress.settle(target, Err(why)),
                    Some(_) => return Err(not_authentic().failure),
                    // The tenant would refuse the remaining numbers, since a higher number was taken.
                    None => {
                        at_least = trials.last;
                        break;
                    }
                }
                waiting.pop_front();
            }
        }
        Ok(())
    }

    async fn withdraw(
        &self,
        job: &SyncJob,
        keep: &[ConnectionId],
        fetched: &Fetched,
        progress: &mut JobResults<'_>,
    ) -> Result<(), SyncFailure> {
        let request = || TenantRequest::Withdraw { site: job.site.clone(), plan: job.plan, keep: keep.to_vec() };
        match self.say(progress.tenant, fetched, request).await? {
            TenantAnswer::Withdrawn { connections } => {
                progress.withdrawn = true;
                for gone in connections {
                    progress.results.push(SyncResult {
                        connection_id: Some(gone.id),
                        connection: gone.name,
                        integration: gone.integration,
                        change: SyncChange::Withdrawn,
                        withdrawal: true,
                        ..progress.blank()
                    });
                }
            }
            TenantAnswer::Refused(why) => progress.withdrawal_failed(why),
            _ => return Err(not_authentic().failure),
        }
        Ok(())
    }

    /// Sends one message and returns the answer. Tries again after a temporary failure.
    pub(super) async fn say(
        &self,
        tenant: &Tenant,
        fetched: &Fetched,
        request: impl Fn() -> TenantRequest,
    ) -> Result<TenantAnswer, SyncFailure> {
        let mut trials = Trials::default();
        loop {
            let PreparedMessages { channel, first, .. } =
                self.next_messages(tenant, fetched, NumbersFor::One, trials.last).await?;
            if let Some(answer) = self.trial(&channel, first, &request(), &mut trials).await? {
                return Ok(answer);
            }
        }
    }

    async fn next_messages(
        &self,
        tenant: &Tenant,
        fetched: &Fetched,
        purpose: NumbersFor<'_>,
        at_least: MessageNumber,
    ) -> Result<PreparedMessages, SyncFailure> {
        let prepared =
            until_no_conflict(|| prepare_messages(&self.connections, fetched, tenant.id, purpose, at_least)).await;
        prepared.map_err(|error| store_failed(tenant, &error))?.ok_or_else(revoked_here)
    }

    /// Sends a message once. Returns `None` where the message needs a new number.
    async fn trial(
        &self,
        channel: &Channel,
        number: MessageNumber,
        request: &TenantRequest,
        trials: &mut Trials,
    ) -> Result<Option<TenantAnswer>, SyncFailure> {
        match self.call(channel, number, request).await {
            Ok(TenantAnswer::Overtaken { last }) => {
                trials.last = last;
                trials.overtaken += 1;
                if trials.overtaken > OVERTAKEN {
                    return Err(failure(
                        "overtaken",
                        "Another sync of this tenant is under way and overtook the message each time.",
                        "Retry once it has ended.",
                    ));
                }
                Ok(None)
            }
            Ok(answer) => {
                trials.failed = 0;
                Ok(Some(answer))
            }
            Err(failed) => match PAUSES.get(trials.failed).filter(|_| failed.may_pass) {
                Some(pause) => {
                    trials.failed += 1;
                    tokio::time::sleep(*pause).await;
                    Ok(None)
                }
                None => Err(failed.failure),
            },
        }
    }

    async fn call(
        &self,
        channel: &Channel,
        number: MessageNumber,
        request: &TenantRequest,
    ) -> Result<TenantAnswer, CallFailed> {
        let broken = |cause: String| {
            CallFailed::for_good(failure(
                "broken",
                cause,
                "Report this to the maker of the \
                                                                                    host.",
            ))
        };
        let client = self.client().map_err(broken)?;
        let sealed = channel.envelope.seal_request(number, request);
        let sealed = sealed.ok_or_else(|| broken("The message could not be sealed.".to_owned()))?;
        let answer: SealedAnswer = post(client, &self.settings, &channel.url, "call", &sealed).await?;
        channel.envelope.open_answer(&sealed, &answer).map_err(|_| not_authentic())
    }
}

/// Counts the failed attempts of a message.
struct Trials {
    failed: usize,
    overtaken: usize,
    /// The last number that the tenant took.
    last: MessageNumber,
}

impl Default for Trials {
    fn default() -> Self {
        Self { failed: 0, overtaken: 0, last: MessageNumber(0) }
    }
}

fn store_failed(tenant: &Tenant, error: &StoreError) -> SyncFailure {
    tracing::error!(tenant = tenant.name, %error, "the connections for a tenant could not be read");
    failure(
        "store-failed",
        "The connections could not be read from this master's store. The master's log has the cause.",
        "Correct the store, then retry.",
    )
}
