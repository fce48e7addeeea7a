//! Runs the tools' commands in this process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use rmcp::model::Extensions;
use soar_connector::{Collector, Command, Connector, ExecutionContext, Invocation, Progress, Step};
use soar_mcp::{Backend, CommandCall, NamedPlan, Problem, ToolAnswer, UsableConnection};
use tokio::sync::Semaphore;

use super::connections::ProfileConnections;
use super::plans::Plans;

/// The only site of this process.
const SITE: &str = "local";

/// The number of commands that run at once.
const AT_ONCE: u32 = 16;

/// The most bytes of replies and their table in one answer.
const LARGEST_ANSWER: usize = 32 * 1024 * 1024;

/// Runs commands on connections of its own.
#[derive(Debug, Clone)]
pub(super) struct DirectBackend {
    connections: Arc<ProfileConnections>,
    plans: Arc<Plans>,
    places: Arc<Semaphore>,
    /// One permit for each change that can be under way.
    changes: Arc<Semaphore>,
    /// A text that no other process has. Only this process keeps the answers of its plans.
    process: String,
}

impl DirectBackend {
    pub(super) fn new(connections: ProfileConnections) -> Self {
        Self {
            connections: Arc::new(connections),
            plans: Arc::default(),
            places: Arc::new(Semaphore::new(AT_ONCE as usize)),
            changes: Arc::new(Semaphore::new(AT_ONCE as usize)),
            process: ExecutionContext::new().request_id,
        }
    }

    /// Waits until no change is under way. Work that goes on in the product, and is only followed, is not waited for.
    pub(super) async fn finish_changes(&self) {
        if let Ok(all) = self.changes.acquire_many(AT_ONCE).await {
            // No further change begins.
            all.forget();
        }
    }

    fn connector(&self, call: &CommandCall) -> Result<Arc<dyn Connector>, Problem> {
        if call.site != SITE {
            return Err(Problem::no_connection(format!("The only site here is {SITE:?}.")));
        }
        self.connections.connector(&call.connection)
    }

    async fn execute(&self, call: &CommandCall, context: ExecutionContext) -> Result<ToolAnswer, Problem> {
        let connector = self.connector(call)?;
        let invocation = Invocation::parse(&call.command, &call.parameters);
        let invocation = invocation.map_err(|problems| {
            let cure = "Call describe-command.";
            Problem::new(problems.code(), problems.to_string(), "The command does not take these parameters.", cure)
        })?;
        let _place = self.places.acquire().await;
        let mut collector = Collector::new(Some(invocation.command()), LARGEST_ANSWER);
        let ended = connector.execute_into(&invocation, &context, &mut collector).await;
        ToolAnswer::of(collector.finish(ended))
    }

    /// Carries a plan out once. A repeat gets the same end.
    async fn carry_out(&self, call: &CommandCall, plan: &NamedPlan) -> Result<ToolAnswer, Problem> {
        // The connection is checked first: a plan counts as carried out only if its command was to run.
        self.connector(call)?;
        let mut kept = self.plans.claim(plan).await?;
        if let Some(end) = &*kept {
            return end.clone();
        }
        let permit = Mutex::new(Arc::clone(&self.changes).acquire_owned().await.ok());
        // A command that panics leaves this end.
        *kept = Some(Err(panicked()));
        let progress = Progress::new(move |step| {
            if matches!(step, Step::Following { .. }) {
                drop(permit.lock().unwrap_or_else(PoisonError::into_inner).take());
            }
        });
        let end = self.execute(call, ExecutionContext { progress, ..ExecutionContext::new() }).await;
        *kept = Some(end.clone());
        end
    }
}

fn panicked() -> Problem {
    let cure = "Check in the product whether the change was made, and report the text on standard error.";
    Problem::new("internal-error", "The command panicked.", "The command has a defect.", cure)
}

#[async_trait]
impl Backend for DirectBackend {
    /// The only client of this process.
    type Caller = ();

    fn caller(&self, _: &Extensions) -> Result<(), Problem> {
        Ok(())
    }

    fn identity(&self, (): &()) -> String {
        self.process.clone()
    }

    fn now(&self) -> u64 {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
    }

    async fn connections(&self, (): &()) -> Result<Vec<UsableConnection>, Problem> {
        let integration = self.connections.integration();
        let place =
            |connection| UsableConnection { connection, site: SITE.to_owned(), integration: integration.to_owned() };
        Ok(self.connections.names().into_iter().map(place).collect())
    }

    async fn offers(&self, (): &(), _: &Command) -> bool {
        true
    }

    async fn check(&self, (): &(), call: &CommandCall) -> Result<(), Problem> {
        self.connector(call).map(drop)
    }

    async fn run(&self, (): &(), call: CommandCall, plan: Option<&NamedPlan>) -> Result<ToolAnswer, Problem> {
        let Some(plan) = plan.cloned() else { return self.execute(&call, ExecutionContext::new()).await };
        let this = self.clone();
        // A task of its own, so that a change that has begun is finished although its client is gone.
        let running = tokio::spawn(async move { this.carry_out(&call, &plan).await });
        running.await.unwrap_or_else(|_| Err(panicked()))
    }
}
