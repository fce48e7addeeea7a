//! Throughput of the Command API beside a bare axum handler that returns the same bytes, headers and body, by `wrk` in one
//! run.
//!
//! `cargo bench -p soar-server --bench command_api [seconds] [connections] [sqlite|postgresql]`. The host
//! stands on SQLite, and then on PostgreSQL on the same machine, with durable commits; every call's key is checked, and its
//! entry is in the audit log before it is answered. Its rate limit is off. Both servers have a runtime of their own, and
//! rest while the other is asked.
//!
//! Every call is read anew; calls that wait at the same time share one durable commit of their entries.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a measurement that cannot be made can only end")]

use std::path::Path;
use std::process::Command as Process;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::post;
use bytes::Bytes;
use soar_connector::SystemClock;
use soar_host::Host;
use soar_host::access::{KeyRequest, SealError, SecretSeal, issue_key};
use soar_host::commands::CommandRegistry;
use soar_host::settings::HostSettings;
use soar_server::serve;
use soar_store::model::{Allowed, KeyKind, Moment, SiteKind};
use soar_store::testing::PostgresServer;
use soar_store::{NewIncident, NewSite, NewUser, Store};
use tokio::runtime::Runtime;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many incidents a call asks for: a few, a screen's, and as many as one call may.
const PAGES: [usize; 3] = [5, 100, 1000];

/// How many incidents the site has.
const INCIDENTS: usize = 1000;

#[derive(Debug)]
struct NoSeal;

impl SecretSeal for NoSeal {
    fn seal(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, SealError> {
        Err(SealError("nothing is sealed here".to_owned()))
    }

    fn open(&self, _: &str, _: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, SealError> {
        Err(SealError("nothing is sealed here".to_owned()))
    }
}

fn main() {
    // Cargo adds flags of its own.
    let mut numbers = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let seconds = numbers.next().unwrap_or_else(|| "5".to_owned());
    let connections = numbers.next().unwrap_or_else(|| "256".to_owned());
    let only = numbers.next();
    let folder = tempfile::tempdir().expect("a temporary folder");
    for store in ["SQLite", "PostgreSQL"] {
        if only.as_ref().is_some_and(|only| !only.eq_ignore_ascii_case(store)) {
            continue;
        }
        let server = (store == "PostgreSQL").then(PostgresServer::durable);
        let file = || folder.path().join("host.db").display().to_string();
        let address = server.as_ref().map_or_else(file, PostgresServer::new_database);
        let hosts = runtime();
        let (url, key) = hosts.block_on(start_host(&address));
        println!("{store}, {connections} connections for {seconds} s each\n");
        for (page, calls) in PAGES.map(|page| (page, Calls::Alike)).into_iter().chain([(PAGES[0], Calls::Different)]) {
            compare((page, calls), (&url, &key), (&seconds, &connections), &hosts, folder.path());
        }
    }
}

/// Whether a call asks what others asked before.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Calls {
    Alike,
    /// Each has another Start Time, before the first incident: the answers are the same.
    Different,
}

/// Makes each of `wrk`'s calls another one.
const DIFFERENT: &str = r#"
local threads = 0
setup = function(thread) thread:set("number", threads * 10000000); threads = threads + 1 end
request = function()
  number = number + 1
  local time = os.date("!%Y-%m-%d %H:%M:%S", 1500000000 + number)
  return wrk.format(nil, nil, nil, (wrk.body:gsub("2019%-03%-26 00:00:00", time)))
end
"#;

/// Prints the throughput of both servers for calls that ask for `page` incidents.
fn compare(
    (page, calls): (usize, Calls),
    (url, key): (&str, &str),
    (seconds, connections): (&str, &str),
    hosts: &Runtime,
    folder: &Path,
) {
    let path = "/VSOC/api/Command/GetIncidents";
    let body = format!(
        r#"{{"Username":"Admin","Site":"Security Operations","CommandParams":{{"Filter":[[{{"field":"Status","operator":"=","value":"Open"}}]],"Static Fields":["Incident Number","Title","Status","Severity","Owner"],"Start Time":"2019-03-26 00:00:00","End Time":"2099-12-31 10:15:00","Page Index":0,"Page Size":{page}}}}}"#
    );
    let script = folder.join("call.lua");
    let lua = format!(
        "wrk.method = 'POST'\nwrk.body = '{body}'\nwrk.headers['Content-Type'] = 'application/json'\n\
         wrk.headers['d3key'] = '{key}'\n{}",
        if calls == Calls::Different { DIFFERENT } else { "" }
    );
    std::fs::write(&script, lua).expect("wrk's script");
    let answered = hosts.block_on(async {
        let request = reqwest::Client::new().post(format!("{url}{path}")).body(body.clone());
        let request = request.header("content-type", "application/json").header("d3key", key);
        let answer = request.send().await.expect("an answer").error_for_status().expect("a success");
        let mut headers = answer.headers().clone();
        // Those that every server adds by itself.
        headers.remove(header::CONTENT_LENGTH);
        headers.remove(header::DATE);
        (headers, answer.bytes().await.expect("a body"))
    });
    let (headers, answered) = answered;

    let bare = runtime();
    let bare_url = bare.block_on(start_bare(path, headers, answered.clone()));
    println!(
        "Get Incidents, {page} of {INCIDENTS} incidents; {} bytes per answer; all calls {}",
        answered.len(),
        if calls == Calls::Different { "different" } else { "alike" }
    );
    let run = |name: &str, url: &str| {
        let mut wrk = Process::new("wrk");
        let before = processor_seconds();
        wrk.args(["-t2", &format!("-c{connections}"), &format!("-d{seconds}s"), "--latency", "-s"]);
        let output = wrk.arg(&script).arg(format!("{url}{path}")).output().expect("wrk, which must be installed");
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!report.contains("Non-2xx"), "{report}");
        let line = |label: &str| {
            let found = report.lines().find_map(|line| line.trim().strip_prefix(label));
            found.unwrap_or_else(|| panic!("wrk said nothing of {label}: {report}")).trim().to_owned()
        };
        let rate: f64 = line("Requests/sec:").parse().expect("a number");
        let calls: f64 = line_before(&report, " requests in").parse().expect("a number");
        let each = (processor_seconds() - before) / calls * 1e6;
        println!(
            "{name:<12} {rate:>9.0} calls/s   median {:>9}   99 % {:>9}   {each:>5.1} µs of processor per call",
            line("50%"),
            line("99%")
        );
        rate
    };
    // In turns, so that neither has the machine's better moments to itself.
    let mut rates = [0.0, 0.0];
    for _ in 0..2 {
        rates[0] += run("bare axum", &bare_url);
        rates[1] += run("Command API", url);
    }
    println!("Command API / bare axum = {:.2}\n", rates[1] / rates[0]);
}

/// The word before `label`.
fn line_before<'r>(report: &'r str, label: &str) -> &'r str {
    let (before, _) = report.split_once(label).expect("wrk's count");
    before.rsplit(char::is_whitespace).next().unwrap_or_default()
}

/// How long this process, without `wrk`, has used the processors, in seconds. Linux counts in hundredths.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = fields.iter().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
}

async fn start_host(address: &str) -> (String, String) {
    let store = Store::open(address).await.expect("a store");
    let mut transaction = store.transaction().await.expect("a transaction");
    let mut records = transaction.records();
    let site = NewSite {
        name: "Security Operations".to_owned(),
        kind: SiteKind::Internal,
        description: String::new(),
        time_zone: "UTC".to_owned(),
        language: "en".to_owned(),
    };
    let site = records.create_site(&site, Moment(1)).await.expect("a site");
    let made = 1_611_756_480_000;
    let incidents: Vec<_> = (1..=INCIDENTS)
        .map(|number| NewIncident {
            title: format!("Suspicious sign-in of user {number}"),
            owner: Some("Admin".to_owned()),
            ..NewIncident::open(format!("20210127-{number}"), site.id, "Admin", Moment(made))
        })
        .collect();
    records.insert_incidents(&incidents).await.expect("incidents");
    let admin = NewUser { name: "Admin".to_owned(), email: None, is_administrator: true };
    records.create_user(&admin, Moment(1)).await.expect("a user");
    let request = KeyRequest {
        name: "bench".to_owned(),
        kind: KeyKind::Api,
        owner: "Admin".to_owned(),
        users: Vec::new(),
        sites: Allowed::All,
        commands: Allowed::All,
        may_manage: false,
        requires_expiry: true,
        expires_at: None,
    };
    let issued = issue_key(&mut records, &NoSeal, &request, Moment(1)).await.expect("a key");
    transaction.commit().await.expect("a commit");
    let registry = CommandRegistry::new().with_own_utilities().expect("a registry");
    let settings = HostSettings {
        listen: ([127, 0, 0, 1], 0).into(),
        requests_per_second: 0,
        calls_in_flight: 4096,
        ..HostSettings::default()
    };
    let host = Host::new(settings, store, Arc::new(SystemClock::new()), Arc::new(NoSeal), registry);
    let running = serve(host).await.expect("a server");
    (running.url(), issued.text.to_string())
}

/// Answers every call with the same: what the host answered once, its headers among it.
async fn start_bare(path: &str, headers: HeaderMap, answer: Bytes) -> String {
    let handler = post(move |_body: Bytes| async move { (headers, answer) });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("an address");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let router = Router::new().route(path, handler);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}
