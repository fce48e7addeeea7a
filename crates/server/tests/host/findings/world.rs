//! A host with one connection to the product in memory, and its administrator.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use soar_connector::{Clock, SystemClock};
use soar_host::Host;
use soar_host::connections::Connections;
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::findings::CollectionToMake;
use soar_host::operations::{ChangesSince, CollectionShown, Operations, RequestContext};
use soar_host::plugins::PluginRegistry;
use soar_host::sealing::Keyring;
use soar_host::settings::HostSettings;
use soar_host::vault::{Vault, VaultSettings};
use soar_store::model::{
    Allowed, AuditEntry, ConnectionId, FindingChange, FindingSequence, Moment, Role, SiteId, Surface,
};
use soar_store::testing::TestStore;
use soar_store::{NewConnection, NewUser, Store};

use super::product::Lister;
use crate::support::site;

pub struct FindingsWorld {
    pub test: TestStore,
    pub lister: Lister,
    pub host: Arc<Host>,
    pub context: RequestContext,
    pub site: SiteId,
    pub connection: ConnectionId,
}

pub fn host(store: Store, lister: &Lister, settings: HostSettings) -> (Connections, HostSettings, Arc<dyn Clock>) {
    let registry = PluginRegistry::new(vec![Arc::new(lister.clone())], &[]).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let vault = Vault::new(VaultSettings::default());
    let keyring = Keyring::generate().unwrap();
    let connections = Connections::new(store, Arc::new(registry), keyring, vault, Arc::clone(&clock));
    (connections.with_webhooks(["siem".to_owned()].into_iter().collect()), settings, clock)
}

pub fn new_connection(name: &str, site: SiteId) -> NewConnection {
    NewConnection {
        integration: "lister".to_owned(),
        name: name.to_owned(),
        site: Some(site),
        recipient: None,
        agent_name: None,
        description: String::new(),
        tenant: None,
        active: true,
        health_check: None,
        users: Vec::new(),
    }
}

impl FindingsWorld {
    pub async fn on_both() -> Vec<Self> {
        let mut worlds = Vec::new();
        for test in TestStore::on_both().await {
            worlds.push(Self::new(test).await);
        }
        worlds
    }

    pub async fn new(test: TestStore) -> Self {
        Self::with(test, Lister::new()).await
    }

    pub async fn with(test: TestStore, lister: Lister) -> Self {
        let (connections, settings, _) = host(test.store.clone(), &lister, HostSettings::default());
        let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
        let mut transaction = test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let site = records.create_site(&site("Security Operations"), Moment(1)).await.unwrap().id;
        let admin = NewUser { name: "Admin".to_owned(), email: None, is_administrator: true };
        records.create_user(&admin, Moment(1)).await.unwrap();
        let connection = records.create_connection(&new_connection("production", site), Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        let host = Host::with_connectors(settings, executor).unwrap();
        let context = Self::context(&test.store).await;
        Self { test, lister, host, context, site, connection }
    }

    /// The context of the administrator of a store.
    pub async fn context(store: &Store) -> RequestContext {
        let user = store.reader().await.unwrap().records().user("Admin").await.unwrap();
        RequestContext {
            user,
            roles: BTreeMap::new(),
            reach: Allowed::All,
            key: None,
            key_expires_at: None,
            entry: AuditEntry::new(Moment(1), Surface::Terminal, "test"),
            idempotency: None,
        }
    }

    /// The context of a new user with these roles.
    pub async fn user(&self, name: &str, roles: &[(SiteId, Role)]) -> RequestContext {
        let mut transaction = self.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let new = NewUser { name: name.to_owned(), email: None, is_administrator: false };
        let user = records.create_user(&new, Moment(1)).await.unwrap();
        for (site, role) in roles {
            records.set_role(user.id, *site, *role).await.unwrap();
        }
        transaction.commit().await.unwrap();
        RequestContext { user, roles: roles.iter().copied().collect::<BTreeMap<_, _>>(), ..self.context.clone() }
    }

    /// Another host on the same store and product.
    pub async fn beside(&self) -> Operations {
        let (connections, settings, _) = host(self.test.store.clone(), &self.lister, HostSettings::default());
        let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
        Host::with_connectors(settings, executor).unwrap().operations.clone()
    }

    pub fn operations(&self) -> &Operations {
        &self.host.operations
    }

    pub async fn collect(&self) -> CollectionShown {
        let made = self.operations().collect_findings(&self.context, &CollectionToMake::default()).await.unwrap();
        self.operations().finish_collection(made.id, &|_| ()).await.unwrap()
    }

    pub async fn changes(&self, after: i64) -> Vec<FindingChange> {
        let wanted = ChangesSince { after: Some(FindingSequence(after)), limit: 1_000, wait: Duration::ZERO };
        let page = self.operations().finding_changes(&self.context, wanted).await.unwrap();
        page.changes.into_iter().map(|shown| shown.change).collect()
    }

    pub async fn last(&self) -> i64 {
        self.test.store.reader().await.unwrap().records().finding_log().await.unwrap().last_sequence.0
    }

    /// Deletes what a host deletes in time, at most `limit` rows of each kind at once. Changes before `oldest` have expired.
    /// Returns the numbers of rows.
    pub async fn prune(&self, oldest: Moment, limit: i64) -> Vec<u64> {
        let mut deleted = Vec::new();
        loop {
            let mut transaction = self.test.store.transaction().await.unwrap();
            let mut some = transaction.records().prune_findings(oldest, limit).await.unwrap();
            some += transaction.records().prune_orphaned_findings(limit).await.unwrap();
            transaction.commit().await.unwrap();
            if some == 0 {
                return deleted;
            }
            deleted.push(some);
        }
    }

    /// The changes after a number in words, sorted, and the last number.
    pub async fn told(&self, after: i64) -> Vec<String> {
        let mut told: Vec<_> = self.changes(after).await.iter().map(in_words).collect();
        told.sort();
        told
    }
}

/// A change as `opened 1/1 CVE-2024-1`: tenant, device and CVE, with the changed fields or the reason.
pub fn in_words(change: &FindingChange) -> String {
    let finding: Value = serde_json::from_str(change.finding.get()).unwrap();
    let fields: Value = serde_json::from_str(change.fields.get()).unwrap();
    let fields = fields.as_array().unwrap().iter().map(|field| field["field"].as_str().unwrap());
    let fields = fields.collect::<Vec<_>>().join(" ");
    let baseline = if change.baseline { " baseline" } else { "" };
    let device = change.finding_id.split('.').nth(1).unwrap();
    let detail = match change.kind.as_str() {
        "changed" => format!(" ({fields})"),
        "gone" => format!(" ({})", change.reason.as_deref().unwrap()),
        _ => String::new(),
    };
    format!("{} {}/{device} {}{detail}{baseline}", change.kind, change.tenant, finding["cve"][0].as_str().unwrap())
}
