//! The host that is measured, and its store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use coda_footprint::FootprintPlugin;
use soar_connector::{Clock, SystemClock};
use soar_host::Host;
use soar_host::connections::Connections;
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::plugins::PluginRegistry;
use soar_host::sealing::Keyring;
use soar_host::settings::HostSettings;
use soar_host::vault::{Vault, VaultSettings};
use soar_server::{RunningHost, serve_with_pages};
use soar_store::model::{Moment, Role, SiteKind};
use soar_store::testing::{StoreSize, TestStore};
use soar_store::{NewSite, NewUser, Store};

use crate::password::give_password;
use crate::{Arguments, PEOPLE};

/// The users with lower numbers are administrators.
pub const ADMINISTRATORS: usize = 10;
/// The number of sites. An analyst has a role on four of them.
const SITES: i64 = 20;
const SITES_OF_AN_ANALYST: i64 = 4;
/// How long a statement that fills the store may take.
const TIMEOUT: Duration = Duration::from_secs(3_600);

/// A served host with a large store.
pub struct PagesStage {
    pub url: String,
    pub arguments: Arguments,
    _running: RunningHost,
    _test: TestStore,
}

impl PagesStage {
    pub async fn new(arguments: &Arguments) -> Self {
        let test = match &arguments.store {
            Some(address) => TestStore::at(address, TIMEOUT).await,
            None => {
                let test = TestStore::on(arguments.engine).await;
                test.reopened(TIMEOUT).await
            }
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let now = Moment::from(clock.now());
        if test.store.reader().await.unwrap().records().users().await.unwrap().is_empty() {
            let started = Instant::now();
            fill(&test.store, arguments, now).await;
            println!("filled in {:.0?}", started.elapsed());
        }
        test.store.refresh_health(now).await.unwrap();
        let registry = PluginRegistry::new(vec![Arc::new(FootprintPlugin::new().unwrap())], &[]).unwrap();
        let vault = Vault::new(VaultSettings::default());
        let keyring = Keyring::generate().unwrap();
        let connections = Connections::new(test.store.clone(), Arc::new(registry), keyring, vault, clock);
        let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
        let settings = HostSettings { listen: ([127, 0, 0, 1], 0).into(), ..HostSettings::default() };
        let host = Host::with_connectors(settings, executor).unwrap();
        for number in 0..PEOPLE {
            give_password(&host, &user(number)).await;
        }
        let running = serve_with_pages(Arc::clone(&host), Some(soar_console::pages)).await.unwrap();
        Self { url: running.url(), arguments: arguments.clone(), _running: running, _test: test }
    }
}

pub fn user(number: usize) -> String {
    format!("Person {number}")
}

async fn fill(store: &Store, arguments: &Arguments, now: Moment) {
    let mut transaction = store.transaction().await.unwrap();
    let mut records = transaction.records();
    let mut sites = Vec::new();
    for number in 1..=SITES {
        let site = NewSite {
            name: format!("Site {number}"),
            kind: SiteKind::Internal,
            description: String::new(),
            time_zone: "America/Vancouver".to_owned(),
            language: "en".to_owned(),
        };
        sites.push(records.create_site(&site, now).await.unwrap());
    }
    for number in 0..PEOPLE {
        let is_administrator = number < ADMINISTRATORS;
        let new = NewUser { name: user(number), email: None, is_administrator };
        let user = records.create_user(&new, now).await.unwrap();
        // The sites with the lowest numbers, which the filters of the pages name.
        for site in sites.iter().take(usize::try_from(SITES_OF_AN_ANALYST).unwrap()).filter(|_| !is_administrator) {
            records.set_role(user.id, site.id, Role::Analyst).await.unwrap();
        }
    }
    transaction.commit().await.unwrap();
    let size = StoreSize {
        sites: SITES,
        connections: arguments.connections,
        incidents: arguments.incidents,
        checks: arguments.checks,
        runs: 100_000,
        audit: 200_000,
        cases: 10_000,
        tenants: 200,
        findings: arguments.findings,
    };
    store.fill(size, now).await.unwrap();
}
