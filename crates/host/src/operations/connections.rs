//! Operations on connections. No operation returns a secret.

use serde::Serialize;
use soar_connector::name::quoted;
use soar_connector::{Diagnosis, Invocation, Outcome};
use soar_store::model::{Caller, Connection, ConnectionId, ConnectionSites, RunId, Site, SiteKind};
use utoipa::ToSchema;

use super::{Done, OperationError, Operations, RequestContext, Tried, boxed};
use crate::Refusal;
use crate::connections::{ConnectionChange, ConnectionDraft, UnsavedConnection};
use crate::executor::{FinishedRun, Tested, Watching};

/// The result of testing a connection that is not saved.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnsavedTested {
    /// Whether the connection works.
    pub passed: bool,
    /// `Passed`, or the Error tab.
    pub text: String,
    /// The outcome of the command that tests the connection, with its error, warnings and receipt.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub outcome: Outcome,
}

/// The result of testing a connection.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionTested {
    /// Whether the connection works.
    pub passed: bool,
    /// `Passed`, or the Error tab.
    pub text: String,
    /// The id of the test's run.
    #[schema(value_type = i64)]
    pub run: RunId,
    /// The outcome of the command that tests the connection, with its error, warnings and receipt.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub outcome: Outcome,
}

impl Operations {
    /// The connection with this id, without its secrets.
    ///
    /// # Errors
    /// [`OperationError`] when the caller may see no such connection.
    #[boxed]
    pub async fn connection(&self, context: &RequestContext, id: ConnectionId) -> Result<Connection, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(self.connections()?.see_in(&mut records, &caller, id).await?)
    }

    /// Creates a connection.
    ///
    /// # Errors
    /// [`OperationError`] names every invalid parameter, or the missing right.
    #[boxed]
    pub async fn create_connection(
        &self,
        context: &RequestContext,
        draft: ConnectionDraft,
    ) -> Result<Connection, OperationError> {
        let (connections, draft) = (self.connections()?, &draft);
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move {
                    let made = connections.create_in(&mut change.records, &caller, draft.clone()).await?;
                    Ok(done(made))
                })
            })
            .await
    }

    /// Changes a connection. Fields and secrets that are left out stay unchanged.
    ///
    /// # Errors
    /// [`OperationError`] as for [`Operations::create_connection`], and when the connection has changed since the
    /// version that the caller gives.
    #[boxed]
    pub async fn change_connection(
        &self,
        context: &RequestContext,
        id: ConnectionId,
        given: ConnectionChange,
    ) -> Result<Connection, OperationError> {
        let (connections, given) = (self.connections()?, &given);
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move {
                    let changed = connections.update_in(&mut change.records, &caller, id, given.clone()).await?;
                    Ok(done(changed))
                })
            })
            .await
    }

    /// Deletes a connection and its secrets. The history of its runs stays.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn remove_connection(
        &self,
        context: &RequestContext,
        id: ConnectionId,
    ) -> Result<Connection, OperationError> {
        let connections = self.connections()?;
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move { Ok(done(connections.delete_in(&mut change.records, &caller, id).await?)) })
            })
            .await
    }

    /// Tests a connection with its integration's Test Connection. The run history stores the test. A shared connection
    /// is tested on `site`; without `site`, on its recipient site, or else on the first internal site that the caller
    /// sees.
    ///
    /// # Errors
    /// [`OperationError`] when the test did not run.
    #[boxed]
    pub async fn test_connection(
        &self,
        context: &RequestContext,
        id: ConnectionId,
        site: Option<&str>,
    ) -> Result<Tried<ConnectionTested>, OperationError> {
        let executor = self.executor()?;
        let (connection, caller) = self.testing(context, id, site).await?;
        let Tested { passed, text, finished } = executor.test(&caller, id).await?;
        let about = format!("{}: {}", connection.name, if passed { "Passed" } else { "Failed" });
        let value = ConnectionTested { passed, text, run: finished.run, outcome: finished.outcome };
        Ok(Tried { value, about, site: caller.site.name })
    }

    /// Tests the connection that a draft would create. Nothing is stored.
    ///
    /// # Errors
    /// [`OperationError`] as for [`Operations::create_connection`], and when the test did not run.
    #[boxed]
    pub async fn test_draft(
        &self,
        context: &RequestContext,
        draft: ConnectionDraft,
    ) -> Result<Tried<UnsavedTested>, OperationError> {
        let anywhere = context.caller_anywhere(&mut self.reader(context).await?.records()).await?;
        let transaction = self.changes.begin_for(context).await?;
        let unsaved = self.connections()?.unsaved(transaction, &anywhere, draft).await?;
        self.test_unsaved(context, unsaved).await
    }

    /// Tests a connection with a change. Nothing is stored.
    ///
    /// # Errors
    /// [`OperationError`] as for [`Operations::change_connection`], and when the test did not run.
    #[boxed]
    pub async fn test_change(
        &self,
        context: &RequestContext,
        id: ConnectionId,
        given: ConnectionChange,
    ) -> Result<Tried<UnsavedTested>, OperationError> {
        let anywhere = context.caller_anywhere(&mut self.reader(context).await?.records()).await?;
        let transaction = self.changes.begin_for(context).await?;
        let unsaved = self.connections()?.unsaved_change(transaction, &anywhere, id, given).await?;
        self.test_unsaved(context, unsaved).await
    }

    async fn test_unsaved(
        &self,
        context: &RequestContext,
        unsaved: UnsavedConnection,
    ) -> Result<Tried<UnsavedTested>, OperationError> {
        let sites = self.reader(context).await?.records().sites().await?;
        let caller = testing_caller(context, &unsaved.connection, None, sites)?;
        let name = unsaved.connection.name.clone();
        let outcome = self.executor()?.test_unsaved(&caller, unsaved).await?;
        let error = outcome.error.as_ref().map(ToString::to_string);
        let about = format!("{name}, not saved: {}", if error.is_none() { "Passed" } else { "Failed" });
        let value =
            UnsavedTested { passed: error.is_none(), text: error.unwrap_or_else(|| "Passed".to_owned()), outcome };
        Ok(Tried { value, about, site: caller.site.name })
    }

    /// Whether the caller may give references to secrets in place of secrets.
    ///
    /// # Errors
    /// [`OperationError::NoConnectors`].
    pub fn may_give_references(&self, context: &RequestContext) -> Result<bool, OperationError> {
        Ok(self.connections()?.vault.managers_may_refer() || context.must_administer().is_ok())
    }

    /// Diagnoses a connection: the stages up to its server, and the commands that its account may run. The site is
    /// chosen as for a test.
    ///
    /// # Errors
    /// [`OperationError`] when the diagnosis did not run.
    #[boxed]
    pub async fn diagnose_connection(
        &self,
        context: &RequestContext,
        id: ConnectionId,
        site: Option<&str>,
    ) -> Result<Tried<Diagnosis>, OperationError> {
        let executor = self.executor()?;
        let (connection, caller) = self.testing(context, id, site).await?;
        let value = executor.diagnose(&caller, id).await?;
        let about = format!("{}: {}", connection.name, if value.is_healthy() { "Passed" } else { "Failed" });
        Ok(Tried { value, about, site: caller.site.name })
    }

    /// The connection with this id, and the caller on the site of the test.
    async fn testing(
        &self,
        context: &RequestContext,
        id: ConnectionId,
        site: Option<&str>,
    ) -> Result<(Connection, Caller), OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let anywhere = context.caller_anywhere(&mut records).await?;
        let connection = self.connections()?.see_in(&mut records, &anywhere, id).await?;
        let site = match site {
            Some(name) => Some(context.site(&mut records, name).await?),
            None => None,
        };
        let caller = testing_caller(context, &connection, site, records.sites().await?)?;
        Ok((connection, caller))
    }

    /// Runs a checked call on a connection, on the site of this name, and passes its pages to `watching` as they
    /// arrive. Dropping the future cancels the run. Work that goes on in the product is not waited for: see
    /// [`Operations::wait_for_run`].
    ///
    /// # Errors
    /// [`OperationError`] when the command did not run. A failed command is no error: its outcome has the failure.
    #[boxed]
    pub async fn run_on_connection(
        &self,
        context: &RequestContext,
        site: &str,
        connection: Connection,
        invocation: Invocation,
        watching: Watching,
    ) -> Result<Tried<FinishedRun>, OperationError> {
        let site = self.site(context, site).await?;
        let (about, on) = (format!("{}: {}", connection.name, invocation.command().name), site.name.clone());
        let value = self.executor()?.run_watched(&context.caller(site), connection, invocation, watching).await?;
        Ok(Tried { value, about, site: on })
    }

    /// Waits until the work of a run is over, and asks about it meanwhile. Returns other runs at once. If the host ends
    /// before, or at the time `until`, the run is still under way.
    ///
    /// # Errors
    /// [`OperationError`] when the run cannot be read.
    #[boxed]
    pub async fn wait_for_run(
        &self,
        run: FinishedRun,
        until: Option<tokio::time::Instant>,
    ) -> Result<FinishedRun, OperationError> {
        Ok(self.executor()?.wait_for(run, until).await?)
    }
}

fn done(connection: Connection) -> Done<Connection> {
    let (about, site) = (connection.name.clone(), connection.place.name().to_owned());
    Done::new(connection, about).on(&site)
}

/// The caller on the connection's site. For a shared connection: on `site`, else on its recipient site, else on the
/// first internal site that the caller sees.
fn testing_caller(
    context: &RequestContext,
    connection: &Connection,
    site: Option<Site>,
    sites: Vec<Site>,
) -> Result<Caller, Refusal> {
    let named = site.as_ref().map(|site| site.id);
    let (wanted, must_be_internal) = match &connection.place {
        ConnectionSites::Site(own) if named.is_some_and(|id| id != own.id) => {
            return Err(Refusal::Because(format!(
                "The connection {} belongs to the site {}: test it there.",
                quoted(&connection.name),
                quoted(&own.name)
            )));
        }
        ConnectionSites::Site(own) => (Some(own.id), false),
        ConnectionSites::SharedToInternalSites { recipient } => {
            (named.or(recipient.as_ref().map(|site| site.id)), true)
        }
    };
    let fits = |site: &Site| {
        wanted.is_none_or(|id| site.id == id)
            && (!must_be_internal || site.kind == SiteKind::Internal)
            && context.sees(site.id)
    };
    let site = sites.into_iter().find(fits);
    site.map(|site| context.caller(site)).ok_or_else(|| {
        Refusal::Because("There is no internal site on which the connection could be tested.".to_owned())
    })
}
