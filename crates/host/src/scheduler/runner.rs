//! Runs checks and commands of schedules on the host's executor.

use async_trait::async_trait;
use soar_connector::{Parameters, RawParameters};
use soar_store::model::{Allowed, Caller, CheckResult, Connection, RunReport, Schedule, SnapshotStatus};
use soar_store::{Store, StoreError};
use uuid::Uuid;

use super::WorkRunner;
use crate::Refusal;
use crate::executor::Executor;
use crate::findings::{
    COLLECT_FINDINGS, CollectionToMake, FindingCollector, FindingSettings, PlannedCollection, collect_manifest,
};

/// Runs commands in the name of each schedule's user.
#[derive(Debug, Clone)]
pub struct ExecutorRunner {
    executor: Executor,
    store: Store,
    findings: FindingSettings,
}

impl ExecutorRunner {
    /// A runner on `executor`, whose connections are in `store`.
    #[must_use]
    pub fn new(executor: Executor, store: Store) -> Self {
        Self { executor, store, findings: FindingSettings::default() }
    }

    /// Sets the settings of collections of findings.
    #[must_use]
    pub fn collecting(self, findings: FindingSettings) -> Self {
        Self { findings, ..self }
    }

    /// The caller for a schedule's command, with the user's current rights.
    async fn caller(&self, schedule: &Schedule, request_id: &str) -> Result<Caller, Refusal> {
        let mut reader = self.store.reader().await?;
        let mut records = reader.records();
        let missing =
            |what| Refusal::Unable(format!("The schedule's {what} no longer exists. Make the schedule again."));
        let site = records.sites().await?.into_iter().find(|site| Some(site.id) == schedule.what.site_id);
        let user = records.users().await?.into_iter().find(|user| Some(user.id) == schedule.what.user_id);
        let (site, user) = (site.ok_or_else(|| missing("site"))?, user.ok_or_else(|| missing("user"))?);
        let roles = records.roles(user.id).await?;
        Ok(Caller { user, site, roles, reach: Allowed::All, key: None, request_id: request_id.to_owned() })
    }

    async fn run_command(&self, schedule: &Schedule, request_id: &str) -> Result<Option<RunReport>, Refusal> {
        let what = &schedule.what;
        let caller = self.caller(schedule, request_id).await?;
        let connection = self.store.reader().await?.records().connection(what.connection_id).await?;
        if what.command == COLLECT_FINDINGS {
            return self.collect_findings(&caller, &connection, what.parameters.clone(), request_id).await.map(Some);
        }
        let finished = self.executor.run_scheduled(&caller, &connection, schedule).await?;
        if finished.under_way.is_some() {
            return Ok(None);
        }
        // The run history has the outcome limited in size and without secrets.
        let kept = self.store.reader().await?.records().run(finished.run).await?.outcome;
        Ok(Some(RunReport {
            output: kept.map_or_else(|| "null".to_owned(), |outcome| outcome.get().to_owned()),
            error: finished.outcome.error.as_ref().map(ToString::to_string),
            request_id: request_id.to_owned(),
        }))
    }
}

impl ExecutorRunner {
    /// Collects the findings of a connection. It fails if a tenant was not read as a whole.
    async fn collect_findings(
        &self,
        caller: &Caller,
        connection: &Connection,
        parameters: RawParameters,
        request_id: &str,
    ) -> Result<RunReport, Refusal> {
        let integration = [connection.integration.as_str()];
        let connection = self.executor.connections().choose(caller, &integration, Some(&connection.name)).await?;
        let tenants = collect_manifest().map(|command| Parameters::parse(command, &parameters)).transpose();
        let tenants = tenants.map_err(Refusal::Parameters)?;
        let tenants = tenants.and_then(|given| given.list("Tenants").map(<[String]>::to_vec)).unwrap_or_default();
        let wanted = CollectionToMake { connections: vec![connection.id], tenants };
        let planned = PlannedCollection::of_listed(&self.executor, vec![connection], &wanted).await?;
        let mut transaction = self.store.transaction().await?;
        let id = planned.create(&mut transaction.records(), &caller.user.name).await?;
        transaction.commit().await?;
        let collector = FindingCollector::new(self.executor.clone(), self.findings.clone());
        let snapshots = collector.finish(id, &|_| ()).await?;
        let incomplete = snapshots.iter().filter(|one| one.status != SnapshotStatus::Whole);
        let incomplete =
            incomplete.map(|one| format!("{}: {}", one.tenant_name, one.problem.as_deref().unwrap_or_default()));
        let incomplete: Vec<_> = incomplete.chain(planned.left_out.iter().cloned()).collect();
        let all = snapshots.len() + planned.left_out.len();
        let error = (!incomplete.is_empty()).then(|| {
            let (most, count) = (incomplete.iter().take(10).cloned().collect::<Vec<_>>(), incomplete.len());
            let text = format!("{count} of {all} tenants were not read as a whole. {}", most.join(" "));
            format!("{COLLECT_FINDINGS} failed.\nStatus Code: N/A.\nMessage: {}", soar_connector::sentence(&text))
        });
        let output = serde_json::json!({ "collection": id, "tenants": snapshots }).to_string();
        Ok(RunReport { output, error, request_id: request_id.to_owned() })
    }
}

#[async_trait]
impl WorkRunner for ExecutorRunner {
    async fn check(&self, schedule: &Schedule) -> CheckResult {
        self.executor.check(schedule.what.connection_id, &schedule.what.command).await
    }

    async fn run(&self, schedule: &Schedule) -> Option<RunReport> {
        let request_id = Uuid::now_v7().to_string();
        let why = match self.run_command(schedule, &request_id).await {
            Ok(report) => return report,
            Err(Refusal::Store(error)) => store_failed(schedule, &error),
            Err(why) => why.to_string(),
        };
        let why = soar_connector::sentence(&why);
        Some(RunReport {
            output: "null".to_owned(),
            error: Some(format!("{} failed.\nStatus Code: N/A.\nMessage: {why}", schedule.what.command)),
            request_id,
        })
    }
}

fn store_failed(schedule: &Schedule, error: &StoreError) -> String {
    tracing::error!(schedule = schedule.id.0, %error, "a schedule's command could not be run");
    "The host's store failed. The host's log has the cause.".to_owned()
}
