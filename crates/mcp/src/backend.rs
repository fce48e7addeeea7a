//! The interface to the place that runs the commands.

use std::sync::Arc;

use async_trait::async_trait;
use rmcp::model::Extensions;
use serde::Serialize;
use soar_connector::{Command, RawParameters};

use crate::{Problem, ToolAnswer};

/// A connection that the caller may use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct UsableConnection {
    /// The connection's name.
    pub connection: String,
    /// The site's name.
    pub site: String,
    /// The id of the product's connector.
    pub integration: String,
}

/// A call of a command on a connection.
#[derive(Debug, Clone)]
pub struct CommandCall {
    /// The command.
    pub command: Arc<Command>,
    /// The exact name of the connection.
    pub connection: String,
    /// The exact name of the site.
    pub site: String,
    /// The parameters, which the command's manifest has accepted.
    pub parameters: RawParameters,
}

/// A plan that a caller carries out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPlan {
    /// The plan's name.
    pub name: String,
    /// Whether it is too old to be carried out. Its kept answer can still be read.
    pub is_expired: bool,
}

/// Runs commands for the tools.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// The caller of one message.
    type Caller: Send + Sync;

    /// The caller of the message with these extensions.
    ///
    /// # Errors
    /// [`Problem`] when the message did not come the expected way.
    fn caller(&self, extensions: &Extensions) -> Result<Self::Caller, Problem>;

    /// A text that identifies the caller. Another caller cannot use its plans.
    fn identity(&self, caller: &Self::Caller) -> String;

    /// The milliseconds since 1970.
    fn now(&self) -> u64;

    /// The connections that the caller may use.
    ///
    /// # Errors
    /// [`Problem`].
    async fn connections(&self, caller: &Self::Caller) -> Result<Vec<UsableConnection>, Problem>;

    /// Whether the caller may call this command anywhere. Tools of other commands are not listed.
    async fn offers(&self, caller: &Self::Caller, command: &Command) -> bool;

    /// Checks that the caller may make this call. Nothing is sent to the product.
    ///
    /// # Errors
    /// [`Problem`].
    async fn check(&self, caller: &Self::Caller, call: &CommandCall) -> Result<(), Problem>;

    /// Runs a command. A call with a plan runs once: a repeat gets the first answer. A call with an expired plan never
    /// runs.
    ///
    /// # Errors
    /// [`Problem`] when the command has no answer: [`Problem::expired_plan`] for an expired plan without a kept answer.
    /// A failed command has an answer.
    async fn run(
        &self,
        caller: &Self::Caller,
        call: CommandCall,
        plan: Option<&NamedPlan>,
    ) -> Result<ToolAnswer, Problem>;
}
