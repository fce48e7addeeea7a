//! Plans a collection: chooses connections and tenants, which take turns.

use std::collections::HashSet;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use soar_connector::Command;
use soar_connector::manifest::ManifestFile;
use soar_connector::name::quoted;
use soar_store::model::{CollectionId, Connection, ConnectionId, FindingFeed};
use soar_store::{NewSnapshot, Records, StoreError};
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

/// A tenant of a collection.
#[derive(Debug, Clone)]
struct PlannedTenant {
    connection: ConnectionId,
    tenant: ListedTenant,
    /// Why it cannot be read.
    problem: Option<&'static str>,
}

/// A collection that was not recorded yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct PlannedCollection {
    tenants: Vec<PlannedTenant>,
    /// Connections whose tenants could not be listed.
    pub(crate) problems: Vec<CollectionProblem>,
    /// Why each named tenant that no connection lists is left out.
    pub(crate) left_out: Vec<String>,
}

/// Why a tenant that was read before is not read.
const UNLISTED: &str = "The product no longer lists this tenant, or the connection's user may no longer see it.";

/// The most tenants that a refusal names.
const MOST_NAMED: usize = 20;

/// The tenants that were read before, and those of them whose last result says that they are not listed.
struct KnownFeeds {
    feeds: Vec<FindingFeed>,
    reported: HashSet<(ConnectionId, String)>,
}

impl KnownFeeds {
    async fn read(executor: &Executor) -> Result<Self, StoreError> {
        let mut reader = executor.connections().store.reader().await?;
        let mut records = reader.records();
        let feeds = records.finding_feeds().await?;
        let ids: Vec<_> = feeds.iter().map(|feed| feed.id).collect();
        let last = records.last_finding_snapshots(&ids).await?.into_iter();
        let reported = last.filter(|last| last.problem.as_deref() == Some(UNLISTED));
        let reported = reported.map(|last| (last.connection_id, last.tenant)).collect();
        Ok(Self { feeds, reported })
    }

    /// The tenants of a connection that were read before and that the product does not list.
    fn unlisted(&self, connection: ConnectionId, listed: &[ListedTenant]) -> Vec<ListedTenant> {
        let feeds = self.feeds.iter().filter(|feed| feed.connection_id == connection);
        let unlisted = feeds.filter(|feed| listed.iter().all(|tenant| tenant.id != feed.tenant));
        unlisted.map(|feed| ListedTenant { id: feed.tenant.clone(), name: feed.tenant_name.clone() }).collect()
    }
}

impl PlannedCollection {
    /// Chooses among `usable`, the connections that the caller may use.
    ///
    /// # Errors
    /// [`Refusal`] when nothing can be collected, or no connection lists a named tenant.
    pub(crate) async fn new(
        executor: &Executor,
        usable: Vec<Connection>,
        wanted: &CollectionToMake,
    ) -> Result<Self, Refusal> {
        let planned = Self::of_listed(executor, usable, wanted).await?;
        match planned.left_out.first() {
            Some(problem) => Err(Refusal::Because(problem.clone())),
            None => Ok(planned),
        }
    }

    /// The same for a schedule, which leaves out a named tenant that no connection lists while there is another one.
    ///
    /// # Errors
    /// [`Refusal`] when nothing can be collected.
    pub(crate) async fn of_listed(
        executor: &Executor,
        usable: Vec<Connection>,
        wanted: &CollectionToMake,
    ) -> Result<Self, Refusal> {
        for id in &wanted.connections {
            if usable.iter().all(|known| known.id != *id) {
                return Err(StoreError::not_found("connection", id.to_string()).into());
            }
        }
        let named = named_tenants(wanted)?;
        let known = KnownFeeds::read(executor).await?;
        let mut planned = Self::default();
        let mut turns: Vec<(usize, PlannedTenant)> = Vec::new();
        let mut valid: Vec<ListedTenant> = Vec::new();
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
            let can_list = source.tenants.is_some();
            // A product that lists no tenants and whose command takes one reads the tenants that the caller names.
            let listed = if !can_list && source.tenant.is_some() && !named.is_empty() {
                Ok(named.iter().map(|id| ListedTenant { id: id.clone(), name: id.clone() }).collect())
            } else {
                list_tenants(executor, connection.id, source).await
            };
            let listed = match listed {
                Ok(listed) => listed,
                Err(problem) => {
                    let problem = soar_connector::sentence(&problem);
                    planned.problems.push(CollectionProblem { connection: connection.name.clone(), problem });
                    continue;
                }
            };
            let unlisted = if can_list { known.unlisted(connection.id, &listed) } else { Vec::new() };
            let all = listed.iter().map(|tenant| (tenant, None));
            let all = all.chain(unlisted.iter().map(|tenant| (tenant, Some(UNLISTED))));
            let all = all.map(|(tenant, problem)| {
                let tenant = tenant.clone();
                PlannedTenant { connection: connection.id, tenant, problem }
            });
            let chosen = all.filter(|one| named.is_empty() || named.contains(&one.tenant.id));
            turns.extend(chosen.enumerate());
            valid.extend(listed);
        }
        if planned.problems.is_empty() {
            let left_out = named.iter().filter(|name| turns.iter().all(|(_, one)| one.tenant.id != **name));
            planned.left_out = left_out.map(|name| not_listed(name, &valid)).collect();
        }
        // A tenant that is not listed is reported once, unless the caller names it or nothing else is left.
        let is_new = |one: &PlannedTenant| {
            let tenant = (one.connection, one.tenant.id.clone());
            one.problem.is_none() || !known.reported.contains(&tenant)
        };
        if named.is_empty() && turns.iter().any(|(_, one)| is_new(one)) {
            turns.retain(|(_, one)| is_new(one));
        }
        // The first tenant of each connection, then the second one: no connection waits for another.
        turns.sort_by_key(|(turn, one)| (*turn, one.connection));
        planned.tenants = turns.into_iter().map(|(_, one)| one).collect();
        if planned.tenants.is_empty() {
            if let Some(problem) = planned.left_out.first() {
                return Err(Refusal::Because(problem.clone()));
            }
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
        let mut snapshots: Vec<NewSnapshot> = Vec::with_capacity(self.tenants.len());
        for PlannedTenant { connection, tenant, problem } in &self.tenants {
            let feed = if problem.is_some() {
                // The product does not list the tenant, and it may have been removed while the product was asked.
                let Some(feed) = records.known_finding_feed(*connection, &tenant.id).await? else { continue };
                feed
            } else {
                // A tenant that a caller names by its id keeps the name that the product listed.
                let before = known.iter().find(|feed| feed.connection_id == *connection && feed.tenant == tenant.id);
                let name = match before {
                    Some(feed) if tenant.name == tenant.id => &feed.tenant_name,
                    _ => &tenant.name,
                };
                records.finding_feed_of(*connection, &tenant.id, name).await?.id
            };
            snapshots.push(NewSnapshot { feed, problem: problem.map(str::to_owned) });
        }
        records.create_finding_collection(user, &snapshots).await
    }
}

/// The ids of the tenants that the caller names, each once.
fn named_tenants(wanted: &CollectionToMake) -> Result<Vec<String>, Refusal> {
    let mut named: Vec<String> = Vec::new();
    for id in wanted.tenants.iter().map(|id| id.trim()) {
        if id.is_empty() {
            return Err(Refusal::Because(
                "The id of a tenant is empty. Give the product's id, or leave the tenants out for all.".to_owned(),
            ));
        }
        if named.iter().all(|known| known != id) {
            named.push(id.to_owned());
        }
    }
    Ok(named)
}

fn not_listed(name: &str, valid: &[ListedTenant]) -> String {
    let shown = valid.iter().filter(|tenant| !tenant.id.is_empty()).take(MOST_NAMED);
    let shown: Vec<_> = shown.map(|tenant| format!("{} ({})", tenant.id, quoted(&tenant.name))).collect();
    let more = if valid.len() > MOST_NAMED { format!(" and {} more", valid.len() - MOST_NAMED) } else { String::new() };
    let cure = match shown.as_slice() {
        [] => "There are no tenants to name. Leave the tenants out.".to_owned(),
        some => format!("The tenants are {}{more}. Give the id of one.", some.join(", ")),
    };
    format!("No connection lists a tenant with the id {}. {cure}", quoted(name))
}
