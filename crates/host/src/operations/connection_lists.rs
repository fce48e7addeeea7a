//! Lists of connections: pages, names and numbers. Only what a caller may see is in them.

use std::collections::{HashMap, HashSet};

use soar_store::model::{Connection, ConnectionId, SiteKind};
use soar_store::{ConnectionSelection, Records, SHARED_PLACE};

use super::{OperationError, Operations, RequestContext, boxed};

/// Which connections to list. A field that is not set does not limit them.
#[derive(Debug, Clone, Default)]
pub struct ConnectionQuery {
    /// Only connections on the site of this name, including shared connections.
    pub site: Option<String>,
    /// Only connections of this integration.
    pub integration: Option<String>,
    /// Only connections of this name. Upper and lower case do not matter.
    pub name: Option<String>,
    /// Only connections with this text in the name, the site, the agent or the server.
    pub text: Option<String>,
    /// Only connections that are active, or only those that are not.
    pub active: Option<bool>,
    /// The number of connections to skip.
    pub offset: i64,
    /// The most connections on the page; all unless given.
    pub limit: Option<i64>,
}

/// A page of connections.
#[derive(Debug)]
pub struct ConnectionPage {
    /// The connections.
    pub connections: Vec<Connection>,
    /// The number of connections on all pages.
    pub all: usize,
}

fn in_whole(count: i64) -> usize {
    usize::try_from(count).unwrap_or(0)
}

impl Operations {
    /// A page of the connections that the caller may see, by integration and name, without their secrets.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn list_connections(
        &self,
        context: &RequestContext,
        wanted: &ConnectionQuery,
    ) -> Result<ConnectionPage, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let selection = self.selection(context, &mut records, wanted).await?;
        let limit = wanted.limit.unwrap_or(i64::MAX);
        let connections = records.connection_page(&selection, wanted.offset, limit).await?;
        let is_whole = wanted.offset == 0 && wanted.limit.is_none();
        let all = if is_whole { connections.len() } else { in_whole(records.count_connections(&selection).await?) };
        Ok(ConnectionPage { connections, all })
    }

    /// The names of connections that the caller may see, by integration and name; at most `limit`.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn connection_names(&self, context: &RequestContext, limit: i64) -> Result<Vec<String>, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let selection = self.selection(context, &mut records, &ConnectionQuery::default()).await?;
        let named = records.connection_names(&selection, limit).await?;
        Ok(named.into_iter().map(|(_, name)| name).collect())
    }

    /// The names of those of these connections that the caller may see.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn names_of_connections(
        &self,
        context: &RequestContext,
        ids: Vec<ConnectionId>,
    ) -> Result<HashMap<ConnectionId, String>, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(self.connections()?.names_seen(&mut records, &caller, ids).await?)
    }

    /// Those of these connections that the caller manages.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn managed_connections(
        &self,
        context: &RequestContext,
        ids: Vec<ConnectionId>,
    ) -> Result<HashSet<ConnectionId>, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(self.connections()?.managed_among(&mut records, &caller, ids).await?)
    }

    /// The number of connections of each integration that the caller may see.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn count_connections(&self, context: &RequestContext) -> Result<HashMap<String, usize>, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let selection = self.selection(context, &mut records, &ConnectionQuery::default()).await?;
        let counts = records.count_by_integration(&selection).await?;
        Ok(counts.into_iter().map(|(integration, count)| (integration, in_whole(count))).collect())
    }

    async fn selection(
        &self,
        context: &RequestContext,
        records: &mut Records<'_>,
        wanted: &ConnectionQuery,
    ) -> Result<ConnectionSelection, OperationError> {
        let places = match &wanted.site {
            None => None,
            Some(name) => {
                let site = context.site(records, name).await?;
                let shared = (site.kind == SiteKind::Internal).then_some(SHARED_PLACE);
                Some([site.id].into_iter().chain(shared).collect())
            }
        };
        let caller = context.caller_anywhere(records).await?;
        Ok(ConnectionSelection {
            places,
            integrations: wanted.integration.clone().map(|integration| vec![integration]),
            name: wanted.name.clone(),
            text: wanted.text.clone(),
            active: wanted.active,
            ..self.connections()?.selection_of(&caller, &records.sites().await?)
        })
    }
}
