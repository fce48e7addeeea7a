//! Syncs many tenants, several at once and independently of each other. Each result is stored as it arrives, so memory
//! does not grow with the number of tenants.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use soar_connector::name::{quoted, suggestion};
use soar_store::model::name::named;
use soar_store::model::{
    Caller, SyncChange, SyncFailure, SyncResult, SyncRun, SyncRunId, SyncStatus, Tenant, TenantId,
};
use soar_store::{NewSyncRun, StoreError, TenantFilter};
use tokio::task::JoinSet;

use super::Tenants;
use super::content::Fetched;
use super::exchange::SyncJob;
use super::order::SyncOrder;
use super::request::{ConnectionInfo, SyncRequest};
use super::service::demand;
use crate::Refusal;
use crate::conflicts::until_no_conflict;

/// The number of tenants read at once.
const PAGE: i64 = 100;

/// The time after the timeout of a tenant within which a run must store a result.
const GRACE: Duration = Duration::from_secs(30);

/// The progress of a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncProgress {
    /// The run's id.
    pub run: SyncRunId,
    /// The number of finished tenants.
    pub done: i64,
    /// The number of all tenants of the sync.
    pub of: i64,
    /// The number of tenants with failures.
    pub failed: i64,
}

/// The receiver of the progress.
type OnProgress<'a> = &'a (dyn Fn(SyncProgress) + Send + Sync);

/// The tenants of a run.
enum TenantSelection {
    /// The tenants of the request.
    Filter(TenantFilter),
    /// The tenants with failures in a run, after this tenant.
    Failed { run: SyncRunId, after: TenantId },
}

impl Tenants {
    /// Syncs connections. With `plan` it changes nothing and returns the results that the sync would have.
    ///
    /// # Errors
    /// [`Refusal`] when the sync did not begin. Later failures are results of the run.
    pub async fn sync(
        &self,
        caller: &Caller,
        request: &SyncRequest,
        plan: bool,
        on_progress: OnProgress<'_>,
    ) -> Result<SyncRun, Refusal> {
        demand(caller)?;
        let problems = request.problems();
        if !problems.is_empty() {
            return Err(Refusal::Because(problems.join(" ")));
        }
        self.client().map_err(Refusal::Because)?;
        let given =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let filter = TenantFilter {
            region: given(&request.tenant_region),
            name: if request.all_tenants { None } else { given(&request.tenant_name) },
            without_revoked: request.all_tenants,
            after: None,
        };
        let of = self.connections.store.reader().await?.records().count_tenants(&filter).await?;
        if of == 0 {
            return Err(self.no_such_tenant(&filter).await?);
        }
        let (order, unknown) = self.order(request.clone(), plan).await?;
        self.carry_out(caller, order, unknown, TenantSelection::Filter(filter), of, None, on_progress).await
    }

    /// Repeats the failed parts of a run, and nothing else.
    ///
    /// # Errors
    /// [`Refusal`] when the sync did not begin.
    pub async fn retry_failed(
        &self,
        caller: &Caller,
        run: SyncRunId,
        on_progress: OnProgress<'_>,
    ) -> Result<SyncRun, Refusal> {
        demand(caller)?;
        self.client().map_err(Refusal::Because)?;
        let before = self.connections.store.reader().await?.records().sync_run(run).await?;
        match before.status {
            SyncStatus::Running => {
                return Err(Refusal::Unable(format!("The run {run} is under way. Retry once it has ended.")));
            }
            SyncStatus::Interrupted => {
                return Err(Refusal::Because(format!(
                    "The run {run} was interrupted before it had synced every tenant. Run the sync again: it changes \
                     only what is not yet synced."
                )));
            }
            SyncStatus::Successful => {
                return Err(Refusal::Because(format!("The run {run} has no failures, so there is nothing to retry.")));
            }
            SyncStatus::PartiallySuccessful | SyncStatus::Failed if before.tenants_failed == 0 => {
                return Err(Refusal::Because(format!(
                    "The run {run} failed only for connections that do not exist on this master. Run the sync again \
                     with other connections."
                )));
            }
            SyncStatus::PartiallySuccessful | SyncStatus::Failed => {}
        }
        let request: SyncRequest = serde_json::from_str(before.request.get())
            .map_err(|error| StoreError::Unreadable(format!("the request of a sync: {error}")))?;
        let (order, _) = self.order(request, before.planned).await?;
        let of = before.tenants_failed;
        self.carry_out(
            caller,
            order,
            Vec::new(),
            TenantSelection::Failed { run, after: TenantId(0) },
            of,
            Some(run),
            on_progress,
        )
        .await
    }

    async fn no_such_tenant(&self, filter: &TenantFilter) -> Result<Refusal, StoreError> {
        let mut reader = self.connections.store.reader().await?;
        let known = reader.records().tenants(&TenantFilter::default(), 1000).await?;
        let region =
            filter.region.as_ref().map(|region| format!(" in the region {}", quoted(region))).unwrap_or_default();
        Ok(Refusal::Because(match &filter.name {
            Some(name) => {
                let others = named(&known, name, |one| &one.name);
                let near = match others.first() {
                    Some(other) => format!(" There is a tenant of that name in {}.", quoted(&other.region)),
                    None => suggestion(name, known.iter().map(|one| one.name.as_str())),
                };
                format!("There is no tenant {}{region}.{near} `footprint tenant list` shows the tenants.", quoted(name))
            }
            None => format!("There are no tenants{region}. `footprint tenant add` adds a tenant."),
        }))
    }

    #[allow(clippy::too_many_arguments, reason = "each argument has another source")]
    async fn carry_out(
        &self,
        caller: &Caller,
        order: SyncOrder,
        unknown: Vec<(ConnectionInfo, SyncFailure)>,
        mut selection: TenantSelection,
        of: i64,
        retry_of: Option<SyncRunId>,
        on_progress: OnProgress<'_>,
    ) -> Result<SyncRun, Refusal> {
        let run = self.begin(caller, &order, unknown, retry_of).await?;
        let mut progress = SyncProgress { run, done: 0, of, failed: 0 };
        on_progress(progress);
        let fetched = Arc::new(Fetched::default());
        let (mut tasks, mut page) = (JoinSet::new(), VecDeque::new());
        loop {
            while tasks.len() < self.settings.at_once {
                if page.is_empty() {
                    page = self.next_page(&order, &mut selection).await?;
                }
                let Some((tenant, job)) = page.pop_front() else { break };
                let (tenants, fetched) = (self.clone(), Arc::clone(&fetched));
                tasks.spawn(async move {
                    let results = tenants.exchange(&tenant, &job, &fetched).await;
                    let failed = results.iter().any(|result| result.change == SyncChange::Failed);
                    tenants.keep(run, &results).await.map(|()| failed)
                });
            }
            match tasks.join_next().await {
                None => break,
                Some(Ok(kept)) => {
                    progress.failed += i64::from(kept?);
                    progress.done += 1;
                    on_progress(progress);
                }
                Some(Err(error)) => {
                    tracing::error!(run = run.0, %error, "the sync of a tenant panicked");
                    return Err(Refusal::Unable(
                        "The host panicked during the sync of a tenant. The host's log has the \
                                                cause."
                            .to_owned(),
                    ));
                }
            }
        }
        let mut transaction = self.connections.store.transaction().await?;
        transaction.records().end_sync(run).await?;
        let ended = transaction.records().sync_run(run).await?;
        transaction.commit().await?;
        Ok(ended)
    }

    async fn begin(
        &self,
        caller: &Caller,
        order: &SyncOrder,
        unknown: Vec<(ConnectionInfo, SyncFailure)>,
        retry_of: Option<SyncRunId>,
    ) -> Result<SyncRunId, Refusal> {
        let request = serde_json::to_string(&order.request);
        let new = NewSyncRun {
            request: request.map_err(|error| StoreError::Unreadable(error.to_string()))?,
            planned: order.plan,
            retry_of,
            username: caller.user.name.clone(),
            request_id: caller.request_id.clone(),
        };
        let mut transaction = self.connections.store.transaction().await?;
        let mut records = transaction.records();
        let run = records.begin_sync(&new, self.lease()).await?;
        // A missing connection is no failure of a tenant, so it has one result.
        let results: Vec<_> = unknown.into_iter().map(|(info, why)| unknown_result(&info, why)).collect();
        records.note_unsent(run, &results).await?;
        transaction.commit().await?;
        Ok(run)
    }

    async fn keep(&self, run: SyncRunId, results: &[SyncResult]) -> Result<(), StoreError> {
        until_no_conflict(|| async {
            let mut transaction = self.connections.store.transaction().await?;
            transaction.records().note_sync_results(run, results, self.lease()).await?;
            transaction.commit().await
        })
        .await
    }

    /// The time within which a run stores its next result.
    fn lease(&self) -> Duration {
        self.settings.tenant_time() + GRACE
    }

    async fn next_page(
        &self,
        order: &SyncOrder,
        selection: &mut TenantSelection,
    ) -> Result<VecDeque<(Tenant, SyncJob)>, StoreError> {
        let mut reader = self.connections.store.reader().await?;
        let mut records = reader.records();
        match selection {
            TenantSelection::Filter(filter) => {
                let tenants = records.tenants(filter, PAGE).await?;
                filter.after = Some(tenants.last().map_or(TenantId(i64::MAX), |tenant| tenant.id));
                Ok(tenants
                    .into_iter()
                    .map(|tenant| {
                        let job = order.job(&tenant);
                        (tenant, job)
                    })
                    .collect())
            }
            TenantSelection::Failed { run, after } => {
                let failed = records.failed_tenants(*run, *after, PAGE).await?;
                *after = failed.last_key_value().map_or(TenantId(i64::MAX), |(tenant, _)| *tenant);
                let mut jobs = VecDeque::new();
                for (id, (connections, withdrawal)) in failed {
                    let tenant = match records.tenant(id).await {
                        Ok(tenant) => tenant,
                        // The tenant was removed meanwhile.
                        Err(StoreError::NotFound { .. }) => continue,
                        Err(error) => return Err(error),
                    };
                    let job = order.retried(&tenant, &connections, withdrawal);
                    jobs.push_back((tenant, job));
                }
                Ok(jobs)
            }
        }
    }
}

fn unknown_result(info: &ConnectionInfo, why: SyncFailure) -> SyncResult {
    SyncResult {
        tenant_id: None,
        tenant: String::new(),
        region: String::new(),
        connection_id: info.connection_id,
        connection: info.connection_name.clone().unwrap_or_default(),
        integration: info.integration_name.clone().unwrap_or_default(),
        change: SyncChange::Failed,
        withdrawal: false,
        failure: Some(why),
    }
}
