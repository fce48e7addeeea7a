//! Operations on findings.

mod changes;
mod collections;
mod deliveries;
mod list;
mod rules;

pub use changes::{ChangesSince, FindingChangePage, FindingDifference, FindingDifferences, Span};
pub use collections::CollectionShown;
pub use deliveries::{DeliveryShown, DeliveryToMake};
pub use list::{FindingPage, FindingShown, KnownFindingShown};
pub use rules::{RuleShown, RuleToPlan};

use std::collections::{HashMap, HashSet};

use soar_store::model::{Allowed, Caller, FeedId, FindingChange, UserId};
use soar_store::{ConnectionFilter, Records, StoreError};

use super::{OperationError, Operations, RequestContext};
use crate::Refusal;
use crate::connections::Connections;
use crate::findings::formats::ChangeShown;

impl Operations {
    /// The tenants whose findings the caller may see: those of the connections that the caller may see.
    async fn seen_feeds(
        &self,
        context: &RequestContext,
        records: &mut Records<'_>,
    ) -> Result<Vec<FeedId>, OperationError> {
        let caller = context.caller_anywhere(records).await?;
        Ok(feeds_of(self.connections()?, records, &caller).await?)
    }

    /// The tenants whose findings this user may see now. None for a user that is not active.
    pub(crate) async fn feeds_of_user(
        &self,
        records: &mut Records<'_>,
        user: UserId,
    ) -> Result<Vec<FeedId>, StoreError> {
        let user = records.users().await?.into_iter().find(|known| known.id == user && known.active);
        let site = records.sites().await?.into_iter().next();
        let (Some(user), Some(site), Some(connections)) = (user, site, &self.connections) else {
            return Ok(Vec::new());
        };
        let roles = records.roles(user.id).await?;
        let request_id = String::new();
        let caller = Caller { user, site, roles, reach: Allowed::All, key: None, request_id };
        feeds_of(connections, records, &caller).await
    }

    /// Changes with the names of their products and the values about their CVEs.
    pub(crate) async fn shown_changes(&self, changes: Vec<FindingChange>) -> Result<Vec<ChangeShown>, Refusal> {
        let enrichment = self.findings.enrichment().await?;
        let mut names = HashMap::new();
        let ids = changes.iter().map(|change| change.connection_id).collect::<HashSet<_>>().into_iter().collect();
        let connections = self.store.reader().await?.records().connections(ConnectionFilter::Ids(ids)).await?;
        for connection in connections {
            let plugin = self.connections.as_ref().and_then(|all| all.registry.named(&connection.integration).ok());
            let (product, vendor) = match &plugin {
                Some(plugin) => {
                    let connector = &plugin.manifest().connector;
                    (connector.name.clone(), connector.vendor.clone())
                }
                None => (connection.integration.clone(), connection.integration.clone()),
            };
            names.insert(connection.id, (connection.name, product, vendor));
        }
        let unreadable = |error: serde_json::Error| Refusal::Store(StoreError::Unreadable(error.to_string()));
        let shown = changes.into_iter().map(|change| {
            let named = names.get(&change.connection_id).cloned().unwrap_or_default();
            ChangeShown::new(change, named, &enrichment).map_err(unreadable)
        });
        shown.collect()
    }
}

/// The tenants of the connections that the caller may see.
async fn feeds_of(
    connections: &Connections,
    records: &mut Records<'_>,
    caller: &Caller,
) -> Result<Vec<FeedId>, StoreError> {
    let feeds = records.finding_feeds().await?;
    let ids = feeds.iter().map(|feed| feed.connection_id).collect();
    let seen = connections.names_seen(records, caller, ids).await?;
    Ok(feeds.into_iter().filter(|feed| seen.contains_key(&feed.connection_id)).map(|feed| feed.id).collect())
}
