//! A connector's commands: each manifest file with its handler, run within the time limit.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tracing::{Instrument as _, info, info_span};

use crate::call::{HandlerCall, Report};
use crate::connector::{Connector, ExecutionContext};
use crate::failure::Failure;
use crate::follow::{Follow, Polled};
use crate::follow_token::FollowToken;
use crate::invocation::Invocation;
use crate::manifest::{Command, Manifest, ManifestError, ManifestFile};
use crate::outcome::{Conclusion, Receipt};
use crate::sink::Sink;

/// Does one command on a connection of type `C`.
#[async_trait]
pub trait Handler<C: ?Sized>: Send + Sync {
    /// Runs the command. Its pages go to the call's sink.
    ///
    /// # Errors
    /// [`Failure`], which the manifest's entry of its code, or of its status, explains.
    async fn run(&self, connection: &C, call: HandlerCall<'_>) -> Result<(), Failure>;

    /// The follower of a command whose work goes on in the product: it takes the place of `run`.
    fn follow(&self) -> Option<&dyn Follow<C>> {
        None
    }
}

/// A command's manifest file and its handler.
pub struct CommandEntry<C: ?Sized + 'static> {
    /// The command's manifest file.
    pub manifest: ManifestFile<'static>,
    /// The handler that runs the command.
    pub handler: &'static dyn Handler<C>,
}

/// A connector's manifest and the handlers of its commands, which belong together one to one.
pub struct Commands<C: ?Sized + 'static> {
    manifest: Arc<Manifest>,
    /// In the order of the manifest's commands.
    entries: &'static [CommandEntry<C>],
}

impl<C: ?Sized> fmt::Debug for Commands<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Commands").field(&self.manifest.connector.id).finish()
    }
}

impl<C: ?Sized + Sync> Commands<C> {
    /// Loads the manifest of a connector and of its commands, in the order in which they are shown.
    ///
    /// # Errors
    /// [`ManifestError`] for the first thing that is wrong.
    pub fn load(connector: ManifestFile<'_>, entries: &'static [CommandEntry<C>]) -> Result<Self, ManifestError> {
        let files: Vec<_> = entries.iter().map(|entry| entry.manifest).collect();
        let manifest = Manifest::load(connector, &files)?;
        for (command, entry) in manifest.commands.iter().zip(entries) {
            if command.follow.is_some() != entry.handler.follow().is_some() {
                return Err(ManifestError {
                    file: entry.manifest.name.to_owned(),
                    line: None,
                    field: "follow".to_owned(),
                    problem: "the manifest and the handler do not agree on whether the command is followed".to_owned(),
                    fix: "Give both the table and the follower, or neither.".to_owned(),
                });
            }
        }
        Ok(Self { manifest: Arc::new(manifest), entries })
    }

    /// The follower of a command.
    pub(crate) fn follower(&self, command: &Command) -> Option<&dyn Follow<C>> {
        let mut commands = self.manifest.commands.iter().zip(self.entries);
        commands.find(|(known, _)| known.name == command.name)?.1.handler.follow()
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.manifest
    }

    /// Runs a command of this manifest on `connection`, for as long as the context allows, or else for `time_limit`.
    ///
    /// The conclusion has the receipt with the request id and the time that the command took. Its error is the Error
    /// tab with the manifest's cause and cure. A command that is not done in time fails with `timed-out`, or with
    /// `outcome-unknown` while its handler is in doubt about a change.
    pub async fn run(
        &self,
        connection: &C,
        invocation: &Invocation,
        context: &ExecutionContext,
        time_limit: Duration,
        sink: &mut dyn Sink,
    ) -> Conclusion {
        let started = Instant::now();
        let command = invocation.command();
        let limit = context.time_limit.unwrap_or(time_limit);
        if let Some(follow) = self.follower(command) {
            return self.follow(connection, invocation, (context, limit), sink, follow).await;
        }
        let mut report = Report::default();
        let span = info_span!("command", name = command.name, request_id = context.request_id);
        let mut commands = self.manifest.commands.iter().zip(self.entries);
        let result = match commands.find(|(known, _)| known.name == command.name) {
            Some((_, entry)) => {
                let call = HandlerCall::new(invocation, limit, &context.progress, sink, &mut report);
                let running = async { tokio::time::timeout(limit, entry.handler.run(connection, call)).await };
                running.instrument(span.clone()).await.unwrap_or_else(|_| Err(report.out_of_time(limit)))
            }
            None => Err(Failure::new("unknown-command", "The connector has no handler for this command.")),
        };
        span.in_scope(|| log_end(result.as_ref().err(), &report.receipt));
        Conclusion {
            error: result.err().map(|failure| self.manifest.error_tab(Some(command), failure)),
            receipt: Receipt { request_id: context.request_id.clone(), elapsed: started.elapsed(), ..report.receipt },
            warnings: report.warnings,
        }
    }
}

impl<C: fmt::Debug + Send + Sync> Commands<C> {
    /// A connector that runs these commands on `connection`, each for `time_limit` unless the caller says otherwise.
    #[must_use]
    pub fn connect(self: &Arc<Self>, connection: C, time_limit: Duration) -> Arc<dyn Connector> {
        Arc::new(ConnectedCommands { commands: Arc::clone(self), connection, time_limit })
    }
}

#[derive(Debug)]
struct ConnectedCommands<C: 'static> {
    commands: Arc<Commands<C>>,
    connection: C,
    time_limit: Duration,
}

#[async_trait]
impl<C: fmt::Debug + Send + Sync> Connector for ConnectedCommands<C> {
    fn manifest(&self) -> &Manifest {
        &self.commands.manifest
    }

    async fn execute_into(
        &self,
        invocation: &Invocation,
        context: &ExecutionContext,
        sink: &mut dyn Sink,
    ) -> Conclusion {
        self.commands.run(&self.connection, invocation, context, self.time_limit, sink).await
    }

    async fn start(
        &self,
        invocation: &Invocation,
        context: &ExecutionContext,
    ) -> Result<(FollowToken, Conclusion), Conclusion> {
        self.commands.start(&self.connection, invocation, context, self.time_limit).await
    }

    async fn poll(
        &self,
        invocation: &Invocation,
        token: &FollowToken,
        context: &ExecutionContext,
        sink: &mut dyn Sink,
    ) -> Polled {
        self.commands.poll(&self.connection, (invocation, token), context, self.time_limit, sink).await
    }

    async fn cancel(
        &self,
        invocation: &Invocation,
        token: &FollowToken,
        context: &ExecutionContext,
    ) -> Result<bool, Conclusion> {
        self.commands.cancel(&self.connection, (invocation, token), context, self.time_limit).await
    }
}

/// Logs how a command ended.
fn log_end(failure: Option<&Failure>, receipt: &Receipt) {
    let (requests, retries, rows) = (receipt.requests, receipt.retries, receipt.rows);
    match failure {
        None => info!(requests, retries, rows, "Successful"),
        Some(failure) => info!(requests, retries, status = failure.status, code = failure.code, "Failed"),
    }
}
