//! Many tenants with different failures: each failure has its code, none affects other tenants, and a retry calls
//! exactly the failed tenants.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use serde_json::json;
use soar_host::tenants::TenantSettings;
use soar_server::router;
use soar_store::model::{SyncChange, SyncStatus, TenantId};
use soar_store::testing::TestStore;
use soar_store::{Engine, Store};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::instance::{TenantInstance, all_shared, furnish};

const TENANTS: usize = 200;
const FAILING: usize = 37;

/// A fault, and the code of its failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum TenantFault {
    RefusedPort,
    NoAnswer,
    Status500,
    WebPage,
    HalfAReply,
    HugeReply,
    Redirect,
    Nothing,
    OtherVersion,
    WrongIdentity,
    ReplayedAnswer,
    Revoked,
    Forgotten,
    NoSite,
    NameTaken,
}

const FAULTS: [(TenantFault, &str); 15] = [
    (TenantFault::RefusedPort, "unreachable"),
    (TenantFault::NoAnswer, "too-slow"),
    (TenantFault::Status500, "tenant-failed"),
    (TenantFault::WebPage, "not-understood"),
    (TenantFault::HalfAReply, "answer-cut-off"),
    (TenantFault::HugeReply, "answer-too-long"),
    (TenantFault::Redirect, "redirected"),
    (TenantFault::Nothing, "no-tenant-there"),
    (TenantFault::OtherVersion, "other-version"),
    (TenantFault::WrongIdentity, "wrong-identity"),
    (TenantFault::ReplayedAnswer, "wrong-identity"),
    (TenantFault::Revoked, "revoked"),
    (TenantFault::Forgotten, "unknown-pair"),
    (TenantFault::NoSite, "no-such-site"),
    (TenantFault::NameTaken, "name-taken"),
];

/// A proxy before a tenant that can inject a fault.
#[derive(Clone)]
struct Door {
    host: Router,
    fault: Arc<Mutex<Option<TenantFault>>>,
    calls: Arc<AtomicUsize>,
    /// The answer to the first message, for a fault that repeats it.
    first: Arc<Mutex<Option<Bytes>>>,
}

async fn enter(State(door): State<Door>, request: Request) -> Response {
    door.calls.fetch_add(1, Ordering::Relaxed);
    let fault = *door.fault.lock().unwrap();
    let json = [("content-type", "application/json")];
    match fault {
        Some(TenantFault::NoAnswer) => std::future::pending().await,
        Some(TenantFault::Status500) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(TenantFault::WebPage) => "<html>Welcome</html>".into_response(),
        Some(TenantFault::Nothing) => StatusCode::NOT_FOUND.into_response(),
        Some(TenantFault::Redirect) => {
            (StatusCode::FOUND, [("location", "https://elsewhere.example.com/")]).into_response()
        }
        Some(TenantFault::OtherVersion) => {
            let answer = json!({ "Error": "Another version.", "code": "other-version", "version": 2 });
            (StatusCode::BAD_REQUEST, json, answer.to_string()).into_response()
        }
        Some(TenantFault::HalfAReply) => {
            let parts = [Ok::<_, std::io::Error>(Bytes::from("{\"version\":1,")), Err(std::io::Error::other("gone"))];
            (json, Body::from_stream(futures_util::stream::iter(parts))).into_response()
        }
        Some(TenantFault::HugeReply) => {
            let part = Bytes::from(vec![b' '; 1 << 16]);
            let endless = futures_util::stream::repeat_with(move || Ok::<_, Infallible>(part.clone()));
            (json, Body::from_stream(endless)).into_response()
        }
        Some(TenantFault::WrongIdentity) => {
            let answer = json!({ "version": 1, "sealed": "A".repeat(200) });
            (json, answer.to_string()).into_response()
        }
        Some(TenantFault::ReplayedAnswer) => (json, door.first.lock().unwrap().clone().unwrap()).into_response(),
        _ => {
            let is_message = request.uri().path().ends_with("/call");
            let answer = door.host.clone().oneshot(request).await.unwrap();
            let (head, body) = answer.into_parts();
            let body = to_bytes(body, 1 << 24).await.unwrap();
            if is_message {
                door.first.lock().unwrap().get_or_insert(body.clone());
            }
            Response::from_parts(head, Body::from(body))
        }
    }
}

struct FaultyTenant {
    id: TenantId,
    instance: TenantInstance,
    url: String,
    door: Door,
}

impl FaultyTenant {
    async fn start(
        template: &Path,
        folder: &Path,
        number: usize,
        client: reqwest::Client,
    ) -> (TenantInstance, Door, String) {
        let file = folder.join(format!("{number}.db"));
        std::fs::copy(template, &file).unwrap();
        let store = Store::open(&file.display().to_string()).await.unwrap();
        let instance = TenantInstance::unserved(store, TenantSettings::default(), client).await;
        let door = Door {
            host: router(Arc::clone(&instance.host)),
            fault: Arc::default(),
            calls: Arc::default(),
            first: Arc::default(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = Router::new().fallback(enter).with_state(door.clone());
        tokio::spawn(axum::serve(listener, service).into_future());
        (instance, door, url)
    }

    async fn go_wrong(&self, fault: TenantFault, master: &TenantInstance) {
        *self.door.fault.lock().unwrap() = Some(fault);
        match fault {
            TenantFault::RefusedPort => {
                let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
                let url = format!("http://{}", listener.local_addr().unwrap());
                drop(listener);
                master.move_tenant(self.id, &url).await;
            }
            TenantFault::Revoked => drop(self.instance.revoke_master("Master").await),
            TenantFault::Forgotten => {
                self.instance.revoke_master("Master").await;
                self.instance.remove_master("Master").await.unwrap();
            }
            TenantFault::NoSite => {
                let mut transaction = self.instance.store.transaction().await.unwrap();
                transaction.records().remove_site("TenantSite").await.unwrap();
                transaction.commit().await.unwrap();
            }
            TenantFault::NameTaken => {
                for name in ["First", "Second"] {
                    self.instance.connect(name, json!({ "site": "TenantSite" })).await;
                }
            }
            _ => {}
        }
    }

    /// Repairs a fault, where that is possible.
    async fn mend(&self, fault: TenantFault, master: &TenantInstance) -> bool {
        match fault {
            TenantFault::Revoked | TenantFault::Forgotten | TenantFault::NoSite | TenantFault::NameTaken => {
                return false;
            }
            TenantFault::RefusedPort => master.move_tenant(self.id, &self.url).await,
            _ => {}
        }
        *self.door.fault.lock().unwrap() = None;
        true
    }
}

async fn template(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("template.db");
    let store = Store::open(&path.display().to_string()).await.unwrap();
    furnish(&store).await;
    store.pragma("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    store.close().await;
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_tenants_exactly_those_are_named_that_fail_and_exactly_those_are_tried_again() {
    let folder = TempDir::new().unwrap();
    let template = template(folder.path()).await;
    let settings = TenantSettings { at_once: 32, answer_seconds: 3, tenant_seconds: 60, ..TenantSettings::default() };
    let master = TenantInstance::over(TestStore::on(Engine::Sqlite).await, settings).await;
    let started = futures_util::stream::iter(0..TENANTS).map(|number| {
        let (template, folder, master) = (&template, folder.path(), &master);
        async move {
            let (instance, door, url) = FaultyTenant::start(template, folder, number, master.client.clone()).await;
            let added = master.onboard_at(&format!("Tenant {number}"), &url, &instance).await;
            FaultyTenant { id: added.id, instance, url, door }
        }
    });
    let tenants: Vec<FaultyTenant> = started.buffer_unordered(8).collect().await;
    for name in ["First", "Second"] {
        master.connect(name, json!({ "tenant": "All tenants" })).await;
    }
    let mut failing = BTreeMap::new();
    for (tenant, (fault, code)) in tenants.iter().step_by(5).take(FAILING).zip(FAULTS.iter().cycle()) {
        tenant.go_wrong(*fault, &master).await;
        failing.insert(tenant.id, (*fault, *code));
    }
    assert_eq!(failing.len(), FAILING);
    let calls = || tenants.iter().map(|tenant| tenant.door.calls.load(Ordering::Relaxed)).collect::<Vec<_>>();

    let mut everyone = all_shared();
    everyone["allTenants"] = json!(true);
    let told = Mutex::new(Vec::new());
    let request = serde_json::from_value(everyone).unwrap();
    let tell = |progress: soar_host::tenants::SyncProgress| told.lock().unwrap().push((progress.done, progress.of));
    let run = master.tenants.sync(&master.admin, &request, false, &tell).await.unwrap();
    assert_eq!(run.status, SyncStatus::PartiallySuccessful);
    assert_eq!((run.tenants, run.tenants_failed), (TENANTS as i64, FAILING as i64));
    let told = told.into_inner().unwrap();
    assert_eq!((told.first(), told.last()), (Some(&(0, TENANTS as i64)), Some(&(TENANTS as i64, TENANTS as i64))));

    let mut by_tenant: BTreeMap<TenantId, Vec<_>> = BTreeMap::new();
    for result in master.results(&run).await {
        by_tenant.entry(result.tenant_id.unwrap()).or_default().push(result);
    }
    assert_eq!(by_tenant.len(), TENANTS);
    for (id, results) in &by_tenant {
        let of_connections: Vec<_> = results.iter().filter(|result| result.connection_id.is_some()).collect();
        assert_eq!(of_connections.len(), 2, "{results:?}");
        match failing.get(id) {
            None => assert!(results.iter().all(|result| result.change == SyncChange::Added), "{results:?}"),
            Some((fault, code)) => {
                for result in of_connections {
                    let why = result.failure.as_ref().unwrap_or_else(|| panic!("{fault:?}: {result:?}"));
                    assert_eq!(why.code, *code, "{fault:?}: {why:?}");
                    assert!(!why.cause.is_empty() && !why.cure.is_empty(), "{why:?}");
                }
            }
        }
    }
    for tenant in tenants.iter().filter(|tenant| !failing.contains_key(&tenant.id)).step_by(20) {
        assert_eq!(tenant.instance.all().await.len(), 2);
    }

    // Half of the faults are repaired. The retry calls only the failed tenants.
    let mut mended = BTreeSet::new();
    for (index, tenant) in tenants.iter().filter(|tenant| failing.contains_key(&tenant.id)).enumerate() {
        if index % 2 == 0 && tenant.mend(failing[&tenant.id].0, &master).await {
            mended.insert(tenant.id);
        }
    }
    let before = calls();
    let retried = master.tenants.retry_failed(&master.admin, run.id, &|_| {}).await.unwrap();
    assert_eq!((retried.tenants, retried.retry_of), (FAILING as i64, Some(run.id)));
    assert_eq!(retried.tenants_failed, (FAILING - mended.len()) as i64);
    for ((tenant, before), after) in tenants.iter().zip(before).zip(calls()) {
        let unreachable = failing.get(&tenant.id).is_some_and(|(fault, _)| *fault == TenantFault::RefusedPort);
        let expected = failing.contains_key(&tenant.id) && (!unreachable || mended.contains(&tenant.id));
        assert_eq!(after > before, expected, "{:?}", failing.get(&tenant.id));
    }
    let results = master.results(&retried).await;
    let touched: BTreeSet<_> = results.iter().map(|result| result.tenant_id.unwrap()).collect();
    assert_eq!(touched, failing.keys().copied().collect());
    for result in results {
        let is_mended = mended.contains(&result.tenant_id.unwrap());
        assert_eq!(result.change == SyncChange::Added, is_mended, "{result:?}");
    }
    let again = master.tenants.retry_failed(&master.admin, retried.id, &|_| {}).await.unwrap();
    assert_eq!(again.tenants, (FAILING - mended.len()) as i64);
    drop(tenants);
    tokio::time::sleep(Duration::ZERO).await;
}
