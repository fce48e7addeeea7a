//! Connections. Their secrets go in and never come out.

use serde::Serialize;
use soar_store::Wanted;
use soar_store::model::{Caller, Connection, ConnectionId, Place, RunId, Site, SiteKind};
use utoipa::ToSchema;

use super::{Done, OperationError, Operations, RequestContext, Required, Tried};
use crate::Refusal;
use crate::connections::{ConnectionChange, ConnectionDraft};

/// The result of testing a connection.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionTested {
    /// Whether the connection works.
    pub passed: bool,
    /// Passed, or the Error tab.
    pub text: String,
    /// The number of the test's run, which tells more.
    #[schema(value_type = i64)]
    pub run: RunId,
}

impl Operations {
    /// The connections that the caller may see, by integration and name, without their secrets. Where `site` is given,
    /// those at hand on it, shared ones included.
    ///
    /// # Errors
    /// [`OperationError`].
    pub async fn list_connections(
        &self,
        context: &RequestContext,
        site: Option<&str>,
    ) -> Result<Vec<Connection>, OperationError> {
        let mut reader = self.reader().await?;
        let mut records = reader.records();
        let wanted = match site {
            None => Wanted::All,
            Some(name) => {
                let site = records.site(name).await?;
                Wanted::On { site: site.id, is_internal: site.kind == SiteKind::Internal }
            }
        };
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(self.connections()?.list_in(&mut records, &caller, wanted).await?)
    }

    /// The connection of this number, without its secrets.
    ///
    /// # Errors
    /// [`OperationError`] when the caller may see no such connection.
    pub async fn connection(&self, context: &RequestContext, id: ConnectionId) -> Result<Connection, OperationError> {
        let mut reader = self.reader().await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(self.connections()?.see_in(&mut records, &caller, id).await?)
    }

    /// Makes a connection.
    ///
    /// # Errors
    /// [`OperationError`] names every parameter that cannot work, or the right that is missing.
    pub async fn create_connection(
        &self,
        context: &RequestContext,
        draft: ConnectionDraft,
    ) -> Result<Connection, OperationError> {
        let (connections, draft) = (self.connections()?, &draft);
        self.changes
            .run(context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let caller = context.caller_anywhere(&mut change.records).await?;
                    let made = connections.create_in(&mut change.records, &caller, draft.clone()).await?;
                    Ok(done(made))
                })
            })
            .await
    }

    /// Changes a connection; what is not given stays, secrets too.
    ///
    /// # Errors
    /// [`OperationError`] as for [`Operations::create_connection`], and when the connection was changed since the version
    /// that the caller names.
    pub async fn change_connection(
        &self,
        context: &RequestContext,
        id: ConnectionId,
        given: ConnectionChange,
    ) -> Result<Connection, OperationError> {
        let (connections, given) = (self.connections()?, &given);
        self.changes
            .run(context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let caller = context.caller_anywhere(&mut change.records).await?;
                    let changed = connections.update_in(&mut change.records, &caller, id, given.clone()).await?;
                    Ok(done(changed))
                })
            })
            .await
    }

    /// Deletes a connection and its secrets; the history of its runs stays.
    ///
    /// # Errors
    /// [`OperationError`].
    pub async fn remove_connection(
        &self,
        context: &RequestContext,
        id: ConnectionId,
    ) -> Result<Connection, OperationError> {
        let connections = self.connections()?;
        self.changes
            .run(context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let caller = context.caller_anywhere(&mut change.records).await?;
                    Ok(done(connections.delete_in(&mut change.records, &caller, id).await?))
                })
            })
            .await
    }

    /// Tests a connection by its integration's Test Connection; a run of it is kept.
    ///
    /// # Errors
    /// [`OperationError`] when the test could not run.
    pub async fn test_connection(
        &self,
        context: &RequestContext,
        id: ConnectionId,
    ) -> Result<Tried<ConnectionTested>, OperationError> {
        let executor = self.executor()?;
        let (connection, caller) = {
            let mut reader = self.reader().await?;
            let mut records = reader.records();
            let anywhere = context.caller_anywhere(&mut records).await?;
            let connection = self.connections()?.see_in(&mut records, &anywhere, id).await?;
            let caller = testing_caller(context, &connection, records.sites().await?)?;
            (connection, caller)
        };
        let tested = executor.test(&caller, id).await?;
        let value = ConnectionTested { passed: tested.passed, text: tested.text, run: tested.finished.run };
        let about = format!("{}: {}", connection.name, if value.passed { "Passed" } else { "Failed" });
        Ok(Tried { value, about, site: caller.site.name })
    }
}

fn done(connection: Connection) -> Done<Connection> {
    let (about, site) = (connection.name.clone(), connection.place.name().to_owned());
    Done::new(connection, about).on(&site)
}

/// The caller on the connection's site; of a shared connection, on the site that its events go to, or on the first one
/// that it works on.
fn testing_caller(context: &RequestContext, connection: &Connection, sites: Vec<Site>) -> Result<Caller, Refusal> {
    let meant = match &connection.place {
        Place::Site(site) => Some(site.id),
        Place::SharedToInternalSites { recipient } => recipient.as_ref().map(|site| site.id),
    };
    let is_meant = |site: &Site| meant.map_or(site.kind == SiteKind::Internal, |id| site.id == id);
    let site = sites.into_iter().find(|site| is_meant(site) && context.sees(site.id));
    site.map(|site| context.caller(site))
        .ok_or_else(|| Refusal::Because("There is no internal site to test it from.".to_owned()))
}
