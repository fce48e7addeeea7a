//! Sync Connection at size: one master and thousands of tenants, each an HTTP endpoint with a tenant's protocol.
//!
//! `cargo bench --profile dist -p soar-server --bench sync_connection -- [tenants] [connections]`; 2,000 tenants and 5
//! connections unless said otherwise. The tenants are in a process of their own, and so is the master of each size, so
//! that memory is the master's alone. It prints how long registering, a first sync, a repeated one and a plan take, and
//! the most memory that each of them took, with a tenth of the tenants and with all of them. It ends with status 1 when
//! a sync fails, or takes more than 8 MiB and a quarter more memory with all tenants than with a tenth of them.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a measurement that cannot be made can only end")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Instant;

use coda_footprint::FootprintPlugin;
use serde_json::{Value, json};
use soar_connector::SystemClock;
use soar_host::connections::Connections;
use soar_host::plugins::PluginRegistry;
use soar_host::sealing::Keyring;
use soar_host::tenants::testing::LightTenants;
use soar_host::tenants::{SyncRequest, TenantDraft, TenantSettings, Tenants};
use soar_host::vault::{Vault, VaultSettings};
use soar_store::model::{Allowed, Caller, Moment, SiteKind, SyncRun};
use soar_store::testing::TestStore;
use soar_store::{Engine, NewSite, NewUser};

fn main() -> ExitCode {
    // Ignore the flags that Cargo adds.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["tenants", count] => runtime.block_on(tenants(count.parse().unwrap())),
        ["master", count, connections] => {
            let measured = runtime.block_on(master(count.parse().unwrap(), connections.parse().unwrap()));
            println!("{measured}");
        }
        rest => {
            let number = |at: usize, usual: usize| rest.get(at).map_or(usual, |text| text.parse().expect("a number"));
            return compare(number(0, 2_000), number(1, 5));
        }
    }
    ExitCode::SUCCESS
}

fn again(arguments: &[&str]) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

fn line_of(child: &mut Child) -> Value {
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}

/// Runs the tenants until standard input ends.
async fn tenants(count: usize) {
    let tenants = LightTenants::start(count).await;
    println!("{}", json!(tenants.keys()));
    std::io::stdout().flush().unwrap();
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await.unwrap().unwrap();
}

/// The peak of this process's memory in MiB since the last call.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: f64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    // Linux resets the peak.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    kib / 1024.0
}

async fn master(count: usize, connections: usize) -> Value {
    let mut endpoints = again(&["tenants", &count.to_string()]);
    let keys: Vec<(String, String)> = serde_json::from_value(line_of(&mut endpoints)).unwrap();
    let test = TestStore::on(Engine::Sqlite).await;
    let folder = tempfile::TempDir::new().unwrap();
    let keyring = Keyring::create_file(&folder.path().join("keys")).unwrap();
    let registry = Arc::new(PluginRegistry::new(vec![Arc::new(FootprintPlugin::new().unwrap())], &[]).unwrap());
    let vault = Vault::with_environment(VaultSettings::default(), |_| None);
    let own = Connections::new(test.store.clone(), registry, keyring, vault, Arc::new(SystemClock::new()));
    let admin = furnish(&test).await;
    for number in 1..=connections {
        let draft = json!({
            "integration": "coda-footprint", "name": format!("Production {number}"), "site": "Security Operations",
            "tenant": "All tenants", "healthCheckMinutes": 15,
            "parameters": {
                "Server URL": "https://footprint.example.com", "User Name": "soar@example.com", "Password": "a password",
            },
        });
        let mut transaction = test.store.transaction().await.unwrap();
        own.create_in(&mut transaction.records(), &admin, serde_json::from_value(draft).unwrap()).await.unwrap();
        transaction.commit().await.unwrap();
    }
    let tenants = Tenants::new(own, TenantSettings::default());
    let mut ids = Vec::new();
    for page in keys.chunks(500) {
        let mut transaction = test.store.transaction().await.unwrap();
        for (url, key) in page {
            let (url, key) = (url.clone(), key.clone());
            let draft = TenantDraft { name: format!("Tenant {}", ids.len()), region: "AMER".to_owned(), url, key };
            ids.push(tenants.create_in(&mut transaction.records(), &admin, &draft).await.unwrap().id);
        }
        transaction.commit().await.unwrap();
    }
    let started = Instant::now();
    for page in ids.chunks(16) {
        let registered = page.iter().map(|id| tenants.register(&admin, *id, None));
        for registered in futures_util::future::join_all(registered).await {
            registered.unwrap();
        }
    }
    let mut measured = BTreeMap::from([("registering", (started.elapsed().as_secs_f64(), peak()))]);
    let request: SyncRequest = serde_json::from_value(json!({
        "syncAllShared": true, "allTenants": true, "tenantSite": "Security Operations",
    }))
    .unwrap();
    let all = i64::try_from(count * connections).unwrap();
    for (what, plan) in [("plan", true), ("first", false), ("repeated", false)] {
        peak();
        let started = Instant::now();
        let run: SyncRun = tenants.sync(&admin, &request, plan, &|_| {}).await.unwrap();
        measured.insert(what, (started.elapsed().as_secs_f64(), peak()));
        let (added, unchanged) = if what == "repeated" { (0, all) } else { (all, 0) };
        assert_eq!((run.counts.added, run.counts.unchanged, run.counts.failed), (added, unchanged, 0), "{what}");
    }
    drop(endpoints.stdin.take());
    endpoints.wait().unwrap();
    json!(measured)
}

async fn furnish(test: &TestStore) -> Caller {
    let mut transaction = test.store.transaction().await.unwrap();
    let site = NewSite {
        name: "Security Operations".to_owned(),
        kind: SiteKind::Internal,
        description: String::new(),
        time_zone: "America/Vancouver".to_owned(),
        language: "en".to_owned(),
    };
    let site = transaction.records().create_site(&site, Moment(1)).await.unwrap();
    let user = NewUser { name: "Admin".to_owned(), email: None, is_administrator: true };
    let user = transaction.records().create_user(&user, Moment(1)).await.unwrap();
    transaction.commit().await.unwrap();
    let request_id = "bench".to_owned();
    Caller { user, site, roles: BTreeMap::new(), reach: Allowed::All, key: None, request_id }
}

fn compare(most: usize, connections: usize) -> ExitCode {
    println!("{connections} connections; time and the master's peak memory, SQLite, durable:");
    let mut peaks = Vec::new();
    for count in [most.div_ceil(10), most] {
        let mut child = again(&["master", &count.to_string(), &connections.to_string()]);
        let measured = line_of(&mut child);
        if !child.wait().unwrap().success() {
            return ExitCode::FAILURE;
        }
        for what in ["registering", "plan", "first", "repeated"] {
            let (seconds, peak) = (measured[what][0].as_f64().unwrap(), measured[what][1].as_f64().unwrap());
            println!("{count:6} tenants  {what:12} {seconds:8.2} s  {peak:6.1} MiB");
        }
        peaks.push(measured["repeated"][1].as_f64().unwrap().max(measured["first"][1].as_f64().unwrap()));
    }
    println!("with ten times the tenants: {:.2} times the memory", peaks[1] / peaks[0]);
    if peaks[1] > peaks[0] * 1.25 + 8.0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
