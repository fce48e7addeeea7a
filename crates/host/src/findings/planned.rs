//! Plans a collection: chooses connections and tenants, which take turns.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use soar_connector::Command;
use soar_connector::manifest::ManifestFile;
use soar_connector::name::quoted;
use soar_store::model::{CollectionId, Connection, ConnectionId};
use soar_store::{Records, StoreError};
use utoipa::ToSchema;

use super::listing::{ListedTenant, list_tenants};
use crate::Refusal;
use crate::executor::Executor;

/// The command of a schedule that collects findings.
pub const COLLECT_FINDINGS: &str = "Collect Findings";

const MANIFEST: ManifestFile<'static> = ManifestFile {
    name: "manifest/commands/collect-findings.toml",
    text: include_str!("../../manifest/commands/collect-findings.toml"),
};

/// The manifest of [`COLLECT_FINDINGS`], which a schedule can run on any connection whose integration lists findings.
pub(crate) fn collect_manifest() -> Option<&'static Command> {
    static COMMAND: OnceLock<Option<Command>> = OnceLock::new();
    COMMAND.get_or_init(|| Command::load_all(&[MANIFEST]).ok()?.pop()).as_ref()
}

/// The connections and tenants of a collection.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct CollectionToMake {
    /// The ids of the connections. All that list findings unless given.
    #[schema(value_type = Vec<i64>)]
    pub connections: Vec<ConnectionId>,
    /// The product's ids of the tenants. All tenants of the connections unless given.
    pub tenants: Vec<String>,
}

/// A connection that is not collected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CollectionProblem {
    /// The name of the connection.
    pub connection: String,
    /// Why its tenants could not be listed.
    pub problem: String,
}

/// A collection that was not recorded yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct PlannedCollection {
    tenants: Vec<(ConnectionId, ListedTenant)>,
    /// Connections whose tenants could not be listed.
    pub(crate) problems: Vec<CollectionProblem>,
}

impl PlannedCollection {
    /// Chooses among `usable`, the connections that the caller may use.
    ///
    /// # Errors
    /// [`Refusal`] when nothing can be collected.
    pub(crate) async fn new(
        executor: &Executor,
        usable: Vec<Connection>,
        wanted: &CollectionToMake,
    ) -> Result<Self, Refusal> {
        for id in &wanted.connections {
            if usable.iter().all(|known| known.id != *id) {
                return Err(StoreError::not_found("connection", id.to_string()).into());
            }
        }
        let mut planned = Self::default();
        let mut turns: Vec<(usize, ConnectionId, ListedTenant)> = Vec::new();
        let is_wanted = |one: &&Connection| match wanted.connections.as_slice() {
            [] => one.active,
            some => some.contains(&one.id),
        };
        for connection in usable.iter().filter(is_wanted) {
            let plugin = executor.registry().named(&connection.integration)?;
            let Some(source) = &plugin.manifest().connector.findings else {
                if !wanted.connections.is_empty() {
                    let (name, product) = (quoted(&connection.name), &plugin.manifest().connector.name);
                    return Err(Refusal::Because(format!(
                        "The connection {name} lists no findings: {product} has none."
                    )));
                }
                continue;
            };
            let listed = match wanted.tenants.as_slice() {
                [] => list_tenants(executor, connection.id, source).await,
                some => {
                    let named = |id: &String| ListedTenant { id: id.trim().to_owned(), name: id.trim().to_owned() };
                    Ok(some.iter().map(named).collect())
                }
            };
            match listed {
                Ok(tenants) => {
                    turns.extend(tenants.into_iter().enumerate().map(|(turn, tenant)| (turn, connection.id, tenant)));
                }
                Err(problem) => {
                    let problem = soar_connector::sentence(&problem);
                    planned.problems.push(CollectionProblem { connection: connection.name.clone(), problem });
                }
            }
        }
        // The first tenant of each connection, then the second one: no connection waits for another.
        turns.sort_by_key(|(turn, connection, _)| (*turn, *connection));
        planned.tenants = turns.into_iter().map(|(_, connection, tenant)| (connection, tenant)).collect();
        if planned.tenants.is_empty() {
            return Err(Refusal::Unable(match planned.problems.first() {
                Some(CollectionProblem { connection, problem }) => {
                    format!("The tenants of the connection {} could not be listed. {problem}", quoted(connection))
                }
                None => "There is no active connection that lists findings and that you may use.".to_owned(),
            }));
        }
        Ok(planned)
    }

    /// Records the collection, in the name of this user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn create(&self, records: &mut Records<'_>, user: &str) -> Result<CollectionId, StoreError> {
        let known = records.finding_feeds().await?;
        let mut feeds = Vec::with_capacity(self.tenants.len());
        for (connection, tenant) in &self.tenants {
            // A tenant that a caller names by its id keeps the name that the product listed.
            let before = known.iter().find(|feed| feed.connection_id == *connection && feed.tenant == tenant.id);
            let name = match before {
                Some(feed) if tenant.name == tenant.id => &feed.tenant_name,
                _ => &tenant.name,
            };
            let feed = records.finding_feed_of(*connection, &tenant.id, name).await?.id;
            if !feeds.contains(&feed) {
                feeds.push(feed);
            }
        }
        records.create_finding_collection(user, &feeds).await
    }
}
