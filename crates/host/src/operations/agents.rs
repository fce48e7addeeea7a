//! Operations on proxy agents. No operation returns a secret.

use serde::Deserialize;
use soar_store::model::{Agent, ConnectionId};
use utoipa::ToSchema;

use super::{Done, OperationError, Operations, RequestContext, Required, Tried, boxed};
use crate::Refusal;
use crate::agents::{AgentChange, AgentDraft, AgentTarget, AgentTested, Agents};

/// The server for the test of an agent. Give one of the two fields.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct AgentToTest {
    /// A server, possibly with a port; port 443 unless given.
    #[schema(pattern = r"^[^\u0000]*$", example = "footprint.example.com:443")]
    pub to: Option<String>,
    /// The id of a connection, whose server is used.
    #[schema(value_type = Option<i64>)]
    pub connection: Option<ConnectionId>,
}

impl AgentToTest {
    fn target(self) -> Result<AgentTarget, Refusal> {
        match (self.to, self.connection) {
            (Some(server), None) => Ok(AgentTarget::Server(server)),
            (None, Some(id)) => Ok(AgentTarget::Connection(id)),
            _ => Err(Refusal::Because(
                "Give the server for the test: either a server with its port, or a connection.".to_owned(),
            )),
        }
    }
}

impl Operations {
    /// The agents that the caller may see, by name, without their secrets.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn list_agents(&self, context: &RequestContext) -> Result<Vec<Agent>, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(self.agents()?.list_in(&mut records, &caller).await?)
    }

    /// The agent of this name, without its secret.
    ///
    /// # Errors
    /// [`OperationError`] when the caller may see no such agent.
    #[boxed]
    pub async fn agent(&self, context: &RequestContext, name: &str) -> Result<Agent, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(self.agents()?.see_in(&mut records, &caller, name).await?)
    }

    /// Creates an agent.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn create_agent(&self, context: &RequestContext, draft: AgentDraft) -> Result<Agent, OperationError> {
        let (agents, draft) = (&self.agents()?, &draft);
        self.changes
            .run(context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let caller = context.caller_anywhere(&mut change.records).await?;
                    Ok(done(agents.create_in(&mut change.records, &caller, draft).await?))
                })
            })
            .await
    }

    /// Changes an agent. Fields that are left out stay unchanged. A new address needs the secret again.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn change_agent(
        &self,
        context: &RequestContext,
        name: &str,
        given: AgentChange,
    ) -> Result<Agent, OperationError> {
        let (agents, given) = (&self.agents()?, &given);
        self.changes
            .run(context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let caller = context.caller_anywhere(&mut change.records).await?;
                    Ok(done(agents.update_in(&mut change.records, &caller, name, given).await?))
                })
            })
            .await
    }

    /// Deletes an agent that no connection names.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn remove_agent(&self, context: &RequestContext, name: &str) -> Result<Agent, OperationError> {
        let agents = &self.agents()?;
        self.changes
            .run(context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let caller = context.caller_anywhere(&mut change.records).await?;
                    Ok(done(agents.delete_in(&mut change.records, &caller, name).await?))
                })
            })
            .await
    }

    /// Asks an agent's proxy for a connection to a server.
    ///
    /// # Errors
    /// [`OperationError`] when the test could not run.
    #[boxed]
    pub async fn test_agent(
        &self,
        context: &RequestContext,
        name: &str,
        given: AgentToTest,
    ) -> Result<Tried<AgentTested>, OperationError> {
        let target = given.target()?;
        let caller = context.caller_anywhere(&mut self.reader(context).await?.records()).await?;
        let value = self.agents()?.test(&caller, name, &target).await?;
        let about = format!("{}: {}", value.agent, if value.passed { "Passed" } else { "Failed" });
        Ok(Tried { value, about, site: String::new() })
    }

    fn agents(&self) -> Result<Agents, OperationError> {
        Ok(Agents::new(self.connections()?.clone()))
    }
}

fn done(agent: Agent) -> Done<Agent> {
    let (about, site) = (agent.name.clone(), agent.site.as_ref().map(|site| site.name.clone()).unwrap_or_default());
    Done::new(agent, about).on(&site)
}
