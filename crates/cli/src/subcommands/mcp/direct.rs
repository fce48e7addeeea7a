//! Runs the tools' commands in this process.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use rmcp::model::Extensions;
use soar_connector::{Collector, Connector, ExecutionContext, Invocation};
use soar_mcp::{Answer, Backend, CommandCall, Place, Problem};
use tokio::sync::Semaphore;

use super::connections::Connections;
use super::plans::Plans;

/// The only site of this process.
const SITE: &str = "local";

/// The number of commands that run at once.
const AT_ONCE: u32 = 16;

/// The most bytes of replies and their table in one answer.
const LARGEST_ANSWER: usize = 32 * 1024 * 1024;

/// Runs commands on connections of its own.
#[derive(Debug, Clone)]
pub(super) struct Direct {
    connections: Arc<Connections>,
    plans: Arc<Plans>,
    places: Arc<Semaphore>,
    /// One permit for each change that can be under way.
    changes: Arc<Semaphore>,
}

impl Direct {
    pub(super) fn new(connections: Connections) -> Self {
        Self {
            connections: Arc::new(connections),
            plans: Arc::default(),
            places: Arc::new(Semaphore::new(AT_ONCE as usize)),
            changes: Arc::new(Semaphore::new(AT_ONCE as usize)),
        }
    }

    /// Waits until no change is under way.
    pub(super) async fn finish_changes(&self) {
        let _ = self.changes.acquire_many(AT_ONCE).await;
    }

    fn connector(&self, call: &CommandCall) -> Result<Arc<dyn Connector>, Problem> {
        if call.site != SITE {
            return Err(Problem::no_connection(format!("The only site here is {SITE:?}.")));
        }
        self.connections.connector(&call.connection)
    }

    async fn execute(&self, call: &CommandCall) -> Result<Answer, Problem> {
        let connector = self.connector(call)?;
        let invocation = Invocation::parse(&call.command, &call.parameters);
        let invocation = invocation.map_err(|problems| {
            let cure = "Call describe-command.";
            Problem::new(problems.code(), problems.to_string(), "The command does not take these parameters.", cure)
        })?;
        let _place = self.places.acquire().await;
        let mut collector = Collector::new(Some(invocation.command()), LARGEST_ANSWER);
        let ended = connector.execute_into(&invocation, &ExecutionContext::new(), &mut collector).await;
        Answer::of(collector.finish(ended))
    }

    /// Carries a plan out once. A repeat gets the same end.
    async fn carry_out(&self, call: &CommandCall, plan: &str) -> Result<Answer, Problem> {
        // The connection is checked first: a plan counts as carried out only if its command was to run.
        self.connector(call)?;
        let _change = self.changes.acquire().await;
        let mut kept = self.plans.claim(plan).await?;
        if let Some(end) = &*kept {
            return end.clone();
        }
        // A command that panics leaves this end.
        *kept = Some(Err(panicked()));
        let end = self.execute(call).await;
        *kept = Some(end.clone());
        end
    }
}

fn panicked() -> Problem {
    let cure = "Check in the product whether the change was made, and report the text on standard error.";
    Problem::new("internal-error", "The command panicked.", "The command has a defect.", cure)
}

#[async_trait]
impl Backend for Direct {
    /// The only client of this process.
    type Caller = ();

    fn caller(&self, _: &Extensions) -> Result<(), Problem> {
        Ok(())
    }

    fn identity(&self, (): &()) -> String {
        String::new()
    }

    fn now(&self) -> u64 {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
    }

    async fn connections(&self, (): &()) -> Result<Vec<Place>, Problem> {
        let integration = self.connections.integration();
        let place = |connection| Place { connection, site: SITE.to_owned(), integration: integration.to_owned() };
        Ok(self.connections.names().into_iter().map(place).collect())
    }

    async fn check(&self, (): &(), call: &CommandCall) -> Result<(), Problem> {
        self.connector(call).map(drop)
    }

    async fn run(&self, (): &(), call: CommandCall, plan: Option<&str>) -> Result<Answer, Problem> {
        let Some(plan) = plan.map(str::to_owned) else { return self.execute(&call).await };
        let this = self.clone();
        // A task of its own, so that a change that has begun is finished although its client is gone.
        let running = tokio::spawn(async move { this.carry_out(&call, &plan).await });
        running.await.unwrap_or_else(|_| Err(panicked()))
    }
}
