//! Commands that the host runs for itself, for as long as they take, and whose pages go to a sink of the host. They are not
//! stored in the run history.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use soar_connector::{Conclusion, ExecutionContext, RawParameters, Sink};
use soar_store::model::ConnectionId;

use super::Executor;

impl Executor {
    /// Runs a command on a connection, and passes its pages to `sink`. The texts of the conclusion's error and warnings
    /// contain no secret.
    ///
    /// # Errors
    /// Why the command did not run, without any secret.
    pub(crate) async fn stream(
        &self,
        connection: ConnectionId,
        command: &str,
        parameters: &RawParameters,
        limit: Duration,
        sink: &mut dyn Sink,
    ) -> Result<Conclusion, String> {
        let _accepted = self.accept().map_err(|refusal| refusal.to_string())?;
        let ready = self.ready(connection).await?;
        let invocation = ready.connector.manifest().invocation(command, parameters);
        let invocation = invocation.map_err(|invalid| invalid.to_string())?;
        let context = ExecutionContext { time_limit: Some(limit), ..ExecutionContext::new() };
        let running = ready.connector.execute_into(&invocation, &context, sink);
        let ended = AssertUnwindSafe(running).catch_unwind().await;
        let mut conclusion = ended.map_err(|_| "The connector panicked. The host's log has the cause.".to_owned())?;
        if let Some(error) = &mut conclusion.error {
            error.message = ready.redactor.clean(&error.message).into_owned();
            self.shared.connectors.refetch_secrets(connection);
        }
        conclusion.receipt.missing = conclusion.receipt.missing.map(|text| ready.redactor.clean(&text).into_owned());
        Ok(conclusion)
    }
}
