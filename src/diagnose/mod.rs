//! Diagnoses a connection: the way to the server stage by stage, then one row per command.

mod access;
mod deadline;
mod stages;

use async_trait::async_trait;
use soar_connector::{Diagnosis, ExecutionContext, Manifest, ReplyPage, Report, Sink, SinkError};

use crate::session::{Call, VendorSession};
use deadline::Deadline;

/// Diagnoses `session`'s connection within the context's time limit. Changes nothing.
pub(crate) async fn diagnose(session: &VendorSession, manifest: &Manifest, context: &ExecutionContext) -> Diagnosis {
    let deadline = Deadline::in_time(context.time_limit.unwrap_or(session.time_limit()));
    let request_id = context.request_id.clone();
    let health_check = match manifest.command(&manifest.connector.health_check) {
        Ok(command) => command,
        // A manifest is refused when its health check is no command of it.
        Err(_) => return Diagnosis { request_id, stages: Vec::new(), commands: Vec::new() },
    };
    let mut sink = Unseen;
    // Like the health check, a diagnosis retries little and does not wait for rate limits: it shows the state of now.
    let mut report = Report::default();
    let mut call = Call::new(session, health_check, None, deadline.left(), &mut sink, &mut report);
    let (stages, account) = stages::walk(session, &mut call, manifest, &deadline).await;
    let commands = access::of_commands(&mut call, manifest, account.as_ref(), &deadline).await;
    drop(call);
    tracing::info!(requests = report.receipt.requests, retries = report.receipt.retries, "diagnosed");
    Diagnosis { request_id, stages, commands }
}

/// A sink that drops every page.
struct Unseen;

#[async_trait]
impl Sink for Unseen {
    async fn page(&mut self, _: ReplyPage) -> Result<(), SinkError> {
        Ok(())
    }
}
