//! Operations on findings.

mod changes;
mod collections;
mod deliveries;
mod list;
mod rules;
mod tenants;

pub use changes::{ChangesSince, FindingChangePage, FindingDifference, FindingDifferences, Span};
pub use collections::CollectionShown;
pub use deliveries::{DeliveryShown, DeliveryToMake};
pub use list::{FindingPage, FindingShown, KnownFindingShown};
pub use rules::{RuleShown, RuleToPlan};
pub use tenants::TenantRemoved;

use std::collections::{HashMap, HashSet};

use soar_connector::name::quoted;
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

    /// The tenants whose findings the user of a delivery may see now.
    ///
    /// # Errors
    /// [`Refusal::Unable`] when the user is not active, or may see no connection although findings were collected.
    pub(crate) async fn feeds_of_delivery(
        &self,
        records: &mut Records<'_>,
        user: UserId,
    ) -> Result<Vec<FeedId>, Refusal> {
        let user = records.users().await?.into_iter().find(|known| known.id == user);
        let user = user.ok_or_else(|| StoreError::not_found("user", "of the delivery"))?;
        let cure = "Its changes wait until then.";
        let name = quoted(&user.name);
        if !user.active {
            return Err(Refusal::Unable(format!(
                "The user {name}, whose rights the delivery has, is not active. Activate the user. {cure}"
            )));
        }
        let site = records.sites().await?.into_iter().next();
        let site = site.ok_or_else(|| StoreError::not_found("site", "of the delivery"))?;
        let roles = records.roles(user.id).await?;
        let request_id = String::new();
        let caller = Caller { user, site, roles, reach: Allowed::All, key: None, request_id };
        let missing = || Refusal::Unable(OperationError::NoConnectors.to_string());
        let connections = self.connections.as_ref().ok_or_else(missing)?;
        let feeds = feeds_of(connections, records, &caller).await?;
        let ids = records.finding_feeds().await?.into_iter().map(|feed| feed.connection_id).collect();
        if feeds.is_empty()
            && !records.connections(ConnectionFilter::Ids(ids)).await?.is_empty()
            && connections.list_in(records, &caller).await?.is_empty()
        {
            return Err(Refusal::Unable(format!(
                "The user {name}, whose rights the delivery has, may see the findings of no connection. Give the user a role. \
                 {cure}"
            )));
        }
        Ok(feeds)
    }

    /// Changes with the names of their products and the values about their CVEs.
    pub(crate) async fn shown_changes(&self, changes: Vec<FindingChange>) -> Result<Vec<ChangeShown>, Refusal> {
        let enrichment = self.findings.known_values().await;
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
