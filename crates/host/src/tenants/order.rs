//! Computes the work of a sync on each tenant from the request and the field Tenant of connections.

use soar_connector::name::{quoted, suggestion};
use soar_store::Shareable;
use soar_store::model::name::same_name;
use soar_store::model::{ConnectionId, SHARED, SyncFailure, Tenant};

use super::Tenants;
use super::exchange::{SyncJob, SyncTarget};
use super::failure::failure;
use super::request::{ConnectionInfo, SyncRequest};
use super::sharing::is_shared_with;
use crate::Refusal;

/// The common part of the jobs of a run.
pub(super) struct SyncOrder {
    pub(super) request: SyncRequest,
    pub(super) plan: bool,
    /// All own connections of this instance.
    shareable: Vec<Shareable>,
    /// The positions of the named connections.
    named: Vec<usize>,
}

impl Tenants {
    /// The common part of the jobs, and the named connections that do not exist.
    pub(super) async fn order(
        &self,
        request: SyncRequest,
        plan: bool,
    ) -> Result<(SyncOrder, Vec<(ConnectionInfo, SyncFailure)>), Refusal> {
        let shareable = self.connections.store.reader().await?.records().shareable_connections().await?;
        let (mut named, mut unknown) = (Vec::new(), Vec::new());
        if !request.sync_all_shared {
            for info in &request.connection_info {
                match self.find(&shareable, info) {
                    Ok(index) if named.contains(&index) => {}
                    Ok(index) => named.push(index),
                    Err(why) => unknown.push((info.clone(), why)),
                }
            }
        }
        Ok((SyncOrder { request, plan, shareable, named }, unknown))
    }

    /// The position of a named connection.
    fn find(&self, shareable: &[Shareable], info: &ConnectionInfo) -> Result<usize, SyncFailure> {
        let unknown = |cause: String| {
            failure("unknown-connection", cause, "`footprint connection list` shows the connections. Name one of them.")
        };
        if let Some(id) = info.connection_id {
            let found = shareable.iter().position(|one| one.id == id);
            return found.ok_or_else(|| unknown(format!("This master has no own connection with the id {id}.")));
        }
        let integration = info.integration_name.as_deref().unwrap_or_default();
        let name = info.connection_name.as_deref().unwrap_or_default();
        let id = match self.connections.registry.named(integration) {
            Ok(plugin) => plugin.manifest().connector.id.clone(),
            Err(error) => return Err(unknown(error.to_string())),
        };
        let is = same_name;
        let place = |one: &Shareable| one.site.clone().unwrap_or_else(|| SHARED.to_owned());
        let of_name: Vec<usize> = (0..shareable.len())
            .filter(|at| shareable[*at].integration == id && is(&shareable[*at].name, name))
            .collect();
        let mut found = of_name.clone();
        if let Some(site) = &info.site {
            found.retain(|at| is(&place(&shareable[*at]), site));
        }
        match found.as_slice() {
            [one] => Ok(*one),
            [] => {
                let names = shareable.iter().filter(|one| one.integration == id).map(|one| one.name.as_str());
                let near = match of_name.first() {
                    Some(at) => format!(" There is a connection of that name on {}.", quoted(&place(&shareable[*at]))),
                    None => suggestion(name, names),
                };
                let site = info.site.as_ref().map(|site| format!(" on {}", quoted(site))).unwrap_or_default();
                Err(unknown(format!("This master has no own connection {}{site}.{near}", quoted(name))))
            }
            several => {
                let places: Vec<_> = several.iter().map(|at| quoted(&place(&shareable[*at]))).collect();
                Err(failure(
                    "ambiguous-connection",
                    format!("Several connections have the name {}: on {}.", quoted(name), places.join(", ")),
                    "Give Site or ConnectionId too.",
                ))
            }
        }
    }
}

impl SyncOrder {
    /// The job for a tenant.
    pub(super) fn job(&self, tenant: &Tenant) -> SyncJob {
        let SyncRequest { sync_all_shared, tenant_site, .. } = &self.request;
        let shared = |one: &Shareable| is_shared_with(one.tenant.as_deref(), tenant, tenant_site);
        let targets: Vec<SyncTarget> = if *sync_all_shared {
            self.shareable.iter().filter(|one| shared(one)).map(|one| target(one, None)).collect()
        } else {
            self.named.iter().map(|at| self.named_target(&self.shareable[*at], tenant)).collect()
        };
        let keep = sync_all_shared.then(|| targets.iter().map(|target| target.id).collect());
        SyncJob { site: tenant_site.clone(), plan: self.plan, targets, keep }
    }

    /// The target for a named connection. It is sent unless its field Tenant names only other tenants.
    fn named_target(&self, one: &Shareable, tenant: &Tenant) -> SyncTarget {
        let is_for_others =
            one.tenant.is_some() && !is_shared_with(one.tenant.as_deref(), tenant, &self.request.tenant_site);
        let why = is_for_others.then(|| {
            failure(
                "not-shared",
                format!("The connection is shared with {} only.", quoted(one.tenant.as_deref().unwrap_or_default())),
                "Add the tenant to the connection's field Tenant, or leave the connection out.",
            )
        });
        target(one, why)
    }

    /// The job that repeats the failed parts on a tenant.
    pub(super) fn retried(&self, tenant: &Tenant, failed: &[ConnectionId], withdrawal: bool) -> SyncJob {
        let whole = self.job(tenant);
        let targets = failed
            .iter()
            .map(|id| {
                let known = whole.targets.iter().find(|target| target.id == *id).cloned();
                // The connection may have been deleted or may no longer be shared. Sending it detects that.
                known.unwrap_or_else(|| SyncTarget {
                    id: *id,
                    name: String::new(),
                    integration: String::new(),
                    failure: Some(failure(
                        "connection-gone",
                        "The connection no longer exists on this master, or is no longer shared with the tenant.",
                        "Run the sync again.",
                    )),
                })
            })
            .collect();
        SyncJob { targets, keep: whole.keep.filter(|_| withdrawal), ..whole }
    }
}

fn target(one: &Shareable, failure: Option<SyncFailure>) -> SyncTarget {
    SyncTarget { id: one.id, name: one.name.clone(), integration: one.integration.clone(), failure }
}
