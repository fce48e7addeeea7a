//! The tenants of the demo: hosts of their own, with an empty store each. Two are registered, one waits for it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use soar_connector::{Clock, ExecutionContext};
use soar_host::Host;
use soar_host::connections::Connections;
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::operations::{SyncToRun, TenantKeyToMake};
use soar_host::sealing::Keyring;
use soar_host::settings::HostSettings;
use soar_host::tenants::{SyncRequest, TenantDraft};
use soar_host::vault::{Vault, VaultSettings};
use soar_server::{RunningHost, serve};
use soar_store::model::{Allowed, Caller, Moment, SiteKind};
use soar_store::{NewSite, NewUser, Store};

use super::context;
use crate::instance::{advised, registry};
use crate::subcommands::demo::names::{ADMINISTRATOR, SITE};

/// The names and regions of the tenants.
const TENANTS: [(&str, &str); 3] = [("Acme", "EMEA"), ("Borealis", "AMER"), ("Cascadia", "AMER")];

/// The running hosts of the tenants.
pub(crate) type SampleTenants = Vec<RunningHost>;

/// Starts the tenants, adds them to the master, and registers all but the last one.
pub(crate) async fn onboard(
    host: &Host,
    caller: &Caller,
    folder: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<SampleTenants> {
    let now = Moment::from(clock.now());
    let mut running = Vec::with_capacity(TENANTS.len());
    for (position, (name, region)) in TENANTS.into_iter().enumerate() {
        let tenant = start(&folder.join(format!("tenant-{position}.db")), clock).await?;
        let operations = &tenant.host.operations;
        let key =
            operations.create_tenant_key(&context(&tenant.administrator, now), &TenantKeyToMake::default()).await?;
        let key = key.key.context("A new key has a text")?;
        let served = serve(Arc::clone(&tenant.host)).await?;
        let (name, region) = (name.to_owned(), region.to_owned());
        let draft = TenantDraft { name, region, url: served.url(), key };
        running.push(served);
        let added = host.operations.create_tenant(&context(caller, now), &draft).await?;
        if position + 1 < TENANTS.len() {
            host.operations.register_tenant(&context(caller, now), added.id, None).await?;
        }
    }
    Ok(running)
}

/// Sends the shared connection to the registered tenants.
pub(crate) async fn sync(host: &Host, caller: &Caller, now: Moment) -> Result<()> {
    let request = SyncRequest {
        sync_all_shared: true,
        connection_info: Vec::new(),
        all_tenants: true,
        tenant_region: None,
        tenant_name: None,
        tenant_site: SITE.to_owned(),
    };
    host.operations.run_sync(&context(caller, now), &SyncToRun { request, plan: false }, &|_| {}).await?;
    Ok(())
}

/// A tenant that is not served yet.
struct UnservedTenant {
    host: Arc<Host>,
    administrator: Caller,
}

async fn start(store: &Path, clock: &Arc<dyn Clock>) -> Result<UnservedTenant> {
    let store = Store::open(&store.display().to_string()).await.map_err(advised)?;
    let now = Moment::from(clock.now());
    let mut transaction = store.transaction().await.map_err(advised)?;
    let mut records = transaction.records();
    let site = NewSite {
        name: SITE.to_owned(),
        kind: SiteKind::Internal,
        description: "Sample data".to_owned(),
        time_zone: "UTC".to_owned(),
        language: "en".to_owned(),
    };
    let site = records.create_site(&site, now).await.map_err(advised)?;
    let user = NewUser { name: ADMINISTRATOR.to_owned(), email: None, is_administrator: true };
    let user = records.create_user(&user, now).await.map_err(advised)?;
    transaction.commit().await.map_err(advised)?;
    let keyring = Keyring::generate()?;
    let vault = Vault::new(VaultSettings::default());
    let connections = Connections::new(store, Arc::new(registry()?), keyring, vault, Arc::clone(clock));
    let executor = Executor::start(connections, ExecutorSettings::default()).await.map_err(advised)?;
    let settings = HostSettings { listen: ([127, 0, 0, 1], 0).into(), ..HostSettings::default() };
    let administrator = Caller {
        user,
        site,
        roles: std::collections::BTreeMap::new(),
        reach: Allowed::All,
        key: None,
        request_id: ExecutionContext::new().request_id,
    };
    Ok(UnservedTenant { host: Host::with_connectors(settings, executor)?, administrator })
}
