//! Runs checks and commands of schedules on the host's executor.

use async_trait::async_trait;
use soar_store::model::{Allowed, Caller, CheckResult, RunReport, Schedule};
use soar_store::{Store, StoreError};
use uuid::Uuid;

use super::Runner;
use crate::Refusal;
use crate::executor::Executor;

/// Runs commands in the name of each schedule's user.
#[derive(Debug, Clone)]
pub struct ExecutorRunner {
    executor: Executor,
    store: Store,
}

impl ExecutorRunner {
    /// A runner on `executor`, whose connections are in `store`.
    #[must_use]
    pub fn new(executor: Executor, store: Store) -> Self {
        Self { executor, store }
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

    async fn run_command(&self, schedule: &Schedule, request_id: &str) -> Result<RunReport, Refusal> {
        let what = &schedule.what;
        let caller = self.caller(schedule, request_id).await?;
        let connection = self.store.reader().await?.records().connection(what.connection_id).await?;
        let finished = self
            .executor
            .run(&caller, &connection.integration, Some(&connection.name), &what.command, what.parameters.clone())
            .await?;
        // The run history has the outcome limited in size and without secrets.
        let kept = self.store.reader().await?.records().run(finished.run).await?.outcome;
        Ok(RunReport {
            output: kept.map_or_else(|| "null".to_owned(), |outcome| outcome.get().to_owned()),
            error: finished.outcome.error.as_ref().map(ToString::to_string),
            request_id: request_id.to_owned(),
        })
    }
}

#[async_trait]
impl Runner for ExecutorRunner {
    async fn check(&self, schedule: &Schedule) -> CheckResult {
        self.executor.check(schedule.what.connection_id, &schedule.what.command).await
    }

    async fn run(&self, schedule: &Schedule) -> RunReport {
        let request_id = Uuid::now_v7().to_string();
        let why = match self.run_command(schedule, &request_id).await {
            Ok(report) => return report,
            Err(Refusal::Store(error)) => store_failed(schedule, &error),
            Err(why) => why.to_string(),
        };
        let why = soar_connector::sentence(&why);
        RunReport {
            output: "null".to_owned(),
            error: Some(format!("{} failed.\nStatus Code: N/A.\nMessage: {why}", schedule.what.command)),
            request_id,
        }
    }
}

fn store_failed(schedule: &Schedule, error: &StoreError) -> String {
    tracing::error!(schedule = schedule.id.0, %error, "a schedule's command could not be run");
    "The host's store failed. The host's log has the cause.".to_owned()
}
