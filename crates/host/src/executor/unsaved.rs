//! Tests a connection that is not stored. The run history and the history of checks do not store these tests.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use soar_connector::{Collector, ExecutionContext, Outcome, RawParameters, sentence};
use soar_store::model::Caller;

use super::Executor;
use super::agent::through;
use crate::Refusal;
use crate::connections::UnsavedConnection;

impl Executor {
    /// The outcome of the health check's command on a connection that is not stored. It contains no secret.
    ///
    /// # Errors
    /// [`Refusal`] when the test did not run.
    pub(crate) async fn test_unsaved(&self, caller: &Caller, unsaved: UnsavedConnection) -> Result<Outcome, Refusal> {
        let _accepted = self.accept()?;
        let limit = self.shared.settings.time_limit();
        let timed_out = || Err(Refusal::Unable(format!("The test did not end within {} s.", limit.as_secs())));
        tokio::time::timeout(limit, self.tested(caller, unsaved)).await.unwrap_or_else(|_| timed_out())
    }

    async fn tested(&self, caller: &Caller, unsaved: UnsavedConnection) -> Result<Outcome, Refusal> {
        let UnsavedConnection { connection, parameters } = unsaved;
        let busy = || Refusal::Unable("The site is busy with commands. Try again later.".to_owned());
        let _turn = self.shared.per_site.turn(caller.site.id).await.map_err(|_| busy())?;
        let connections = &self.shared.connections;
        let plugin = self.registry().named(&connection.integration)?;
        let agent = connections.agent_of(&connection).await.map_err(Refusal::Unable)?;
        let resolved = connections.resolve_from(&connection, &*plugin, agent.as_ref(), parameters).await;
        let resolved = resolved.map_err(|problem| Refusal::Unable(sentence(&problem)))?;
        let redactor = resolved.redactor;
        let panicked = || {
            Refusal::Unable("The plugin panicked during the test. Report that to the maker of the plugin.".to_owned())
        };
        let context = ExecutionContext { request_id: caller.request_id.clone(), ..ExecutionContext::new() };
        let largest = self.shared.settings.largest_reply_bytes;
        let testing = async {
            let connector = plugin.build(&resolved.values).map_err(Refusal::Settings)?;
            let manifest = plugin.manifest();
            let invocation = manifest.invocation(&manifest.connector.health_check, &RawParameters::new())?;
            let mut collector = Collector::new(Some(invocation.command()), largest);
            let conclusion = connector.execute_into(&invocation, &context, &mut collector).await;
            Ok(collector.finish(conclusion))
        };
        let ended = AssertUnwindSafe(testing).catch_unwind().await.unwrap_or_else(|_| Err(panicked()))?;
        let mut outcome = through(ended, agent.as_ref().map(|agent| agent.agent.name.as_str()));
        if let Some(error) = &mut outcome.error {
            error.message = redactor.clean(&error.message).into_owned();
        }
        Ok(outcome)
    }
}
