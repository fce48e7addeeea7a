//! The connections that a caller may see and use.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use soar_connector::Clock;
use soar_connector::manifest::SettingType;
use soar_store::model::{Caller, Connection, ConnectionId, Site};
use soar_store::{ConnectionSelection, Records, Store, StoreError};

use super::choose;
use super::rights::{all_seen, manageable, managed, seen, visible};
use crate::Refusal;
use crate::alerts::WebhookNames;
use crate::plugins::PluginRegistry;
use crate::sealing::Keyring;
use crate::vault::Vault;

/// Lists, creates, changes and deletes connections in the name of a caller. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Connections {
    /// The store.
    pub store: Store,
    pub(crate) registry: Arc<PluginRegistry>,
    pub(crate) keyring: Keyring,
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
    /// The webhooks that alerts and deliveries of findings can go to.
    pub(crate) webhooks: WebhookNames,
}

impl Connections {
    /// The connections in `store`, of the integrations in `registry`, for a host whose settings have no webhooks.
    #[must_use]
    pub fn new(
        store: Store,
        registry: Arc<PluginRegistry>,
        keyring: Keyring,
        vault: Vault,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, registry, keyring, vault, clock, webhooks: WebhookNames::default() }
    }

    /// The same for a host whose settings have these webhooks.
    #[must_use]
    pub fn with_webhooks(self, webhooks: WebhookNames) -> Self {
        Self { webhooks, ..self }
    }

    /// The connections that the caller may see, by integration, name and place.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn list_in(&self, records: &mut Records<'_>, caller: &Caller) -> Result<Vec<Connection>, Refusal> {
        let selection = all_seen(records, caller).await?;
        Ok(records.connection_page(&selection, 0, i64::MAX).await?)
    }

    /// The names of those of these connections that the caller may see.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(crate) async fn names_seen(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        ids: Vec<ConnectionId>,
    ) -> Result<HashMap<ConnectionId, String>, StoreError> {
        let selection = ConnectionSelection { ids: Some(ids), ..all_seen(records, caller).await? };
        Ok(records.connection_names(&selection, i64::MAX).await?.into_iter().collect())
    }

    /// Those of these connections that the caller manages.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(crate) async fn managed_among(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        ids: Vec<ConnectionId>,
    ) -> Result<HashSet<ConnectionId>, StoreError> {
        let of_caller = ConnectionSelection::of(manageable(caller, &records.sites().await?));
        let selection = ConnectionSelection { ids: Some(ids), ..of_caller };
        Ok(records.connection_names(&selection, i64::MAX).await?.into_iter().map(|(id, _)| id).collect())
    }

    /// The selection of all connections that the caller may see.
    pub(crate) fn selection_of(&self, caller: &Caller, sites: &[Site]) -> ConnectionSelection {
        let address_settings = self.registry.plugins().iter().flat_map(|plugin| {
            let connector = &plugin.manifest().connector;
            let addresses = connector.settings.iter().filter(|setting| setting.kind == SettingType::Url);
            addresses.map(|setting| (connector.id.clone(), setting.name.clone()))
        });
        ConnectionSelection {
            address_settings: address_settings.collect(),
            ..ConnectionSelection::of(visible(caller, sites))
        }
    }

    /// The connection with this id, without its secrets.
    ///
    /// # Errors
    /// [`Refusal`] when the caller may see no such connection.
    pub async fn see_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: ConnectionId,
    ) -> Result<Connection, Refusal> {
        seen(records, caller, id).await
    }

    /// The connection with this id, if the caller manages it.
    ///
    /// # Errors
    /// [`Refusal`] when the caller may see no such connection, or the right is missing.
    pub(crate) async fn managed_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: ConnectionId,
    ) -> Result<Connection, Refusal> {
        managed(records, caller, id).await
    }

    /// The connection on the caller's site for a command of one of these integrations.
    ///
    /// # Errors
    /// [`Refusal`] when the caller may use no such connection, when several match and `name` does not select one, or
    /// when the connection is inactive.
    pub async fn choose(
        &self,
        caller: &Caller,
        integrations: &[&str],
        name: Option<&str>,
    ) -> Result<Connection, Refusal> {
        self.choose_in(&mut self.store.reader().await?.records(), caller, integrations, name).await
    }

    /// The same within the transaction of `records`.
    pub(crate) async fn choose_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        integrations: &[&str],
        name: Option<&str>,
    ) -> Result<Connection, Refusal> {
        choose::choose(records, caller, integrations, name).await
    }

    /// The connection with this id, if the caller manages it and its site is active.
    pub(crate) async fn testable(&self, caller: &Caller, id: ConnectionId) -> Result<Connection, Refusal> {
        let mut reader = self.store.reader().await?;
        let mut records = reader.records();
        let connection = managed(&mut records, caller, id).await?;
        choose::must_be_active(&mut records, caller.site.id).await?;
        Ok(connection)
    }
}
