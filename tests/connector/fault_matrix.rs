//! Every fault on every command on all generations ends in one documented error code, or in success after retries.

use std::time::Duration;

use footprint_simulator::{Generation, Options, Simulator, UserKind};
use futures_util::{StreamExt as _, stream};
use soar_connector::manifest::{Command, ReplyShape};
use soar_connector::testing::ManualClock;
use soar_connector::{ExecutionContext, Outcome, Plugin as _};

use crate::proxy::proxy_that_answers;
use crate::support::{
    GENERATIONS, connect, connect_with, manifest, plugin_with, run, settings, simulator, valid_parameters,
};

/// The faults, as the simulator takes them, on every route that the command uses.
const FAULTS: [&str; 49] = [
    "status=400",
    "status=401",
    "status=402",
    "status=403",
    "status=404",
    "status=405",
    "status=406",
    "status=408",
    "status=418",
    "status=429",
    "status=429 retry-after=9999",
    "status=500",
    "status=501",
    "status=502",
    "status=503",
    "status=504",
    "status=503 count=2",
    "status=429 retry-after=1 count=2",
    "close",
    "close count=2",
    "cut",
    "cut count=2",
    "broken",
    "html",
    "empty",
    "foreign",
    "giant=3MB",
    "wrong-encoding",
    "deep",
    "redirect=http://127.0.0.1:9/",
    "token-expiry count=1",
    "delay=30s",
    "status=423",
    "status=400 body=html",
    "status=401 body=html",
    "status=403 body=html",
    "status=404 body=html",
    "status=423 body=html",
    "status=502 body=html",
    "status=400 body=empty",
    "status=401 body=empty",
    "status=403 body=empty",
    "status=404 body=empty",
    "bom",
    "gzip=members",
    "gzip=upper",
    "gzip=x-gzip",
    "gzip=label",
    "gzip=half",
];

/// Faults of one page, while all pages are read; commands without a Page input have no cell for them.
const PAGE_FAULTS: [&str; 8] = [
    "short-page page=2",
    "repeat-page page=2",
    "shift page=2 count=1",
    "totals=absent",
    "totals=null",
    "totals=text",
    "totals=float",
    "totals=zero",
];

/// The statuses with which a proxy answers a CONNECT. Each ends every command before the server is reached, whatever its
/// generation.
const PROXY_FAULTS: [&str; 4] =
    ["407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway", "418 I'm a teapot"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cell_of_the_fault_matrix_has_its_one_answer() {
    let manifest = manifest();
    let faults = FAULTS.into_iter().chain(PAGE_FAULTS).map(|fault| tokio::spawn(row(fault)));
    let mut rows = stream::iter(faults).buffered(2);
    let mut table = String::new();
    while let Some(row) = rows.next().await {
        table.push_str(&row.unwrap());
    }
    for fault in PROXY_FAULTS {
        table.push_str(&format!("proxy answers {fault}\n"));
        let (proxy, _) = proxy_that_answers(format!("HTTP/1.1 {fault}\r\nContent-Length: 0\r\n\r\n")).await;
        let proxy = format!("http://{proxy}");
        let ids = simulator(Generation::Current).await.known();
        for command in &manifest.commands {
            let given = [
                ("Server URL", "https://footprint.example.com"),
                ("User Name", "u"),
                ("Password", "p"),
                ("Proxy", &proxy),
            ];
            let outcome = run(&*connect(&given), &command.name, valid_parameters(command, &ids).into()).await;
            let code = &outcome.error.as_ref().expect("no command gets past the proxy").code;
            assert!(manifest.errors_of(Some(command)).any(|entry| entry.code == *code), "{code} is not documented");
            table.push_str(&format!("  {:<32} {}\n", command.name, answer(&outcome, fault)));
        }
    }
    println!("{table}");
    insta::assert_snapshot!(table);
}

/// The outcome of each command while the fault is on.
async fn row(fault: &'static str) -> String {
    let manifest = manifest();
    let mut row = format!("{fault}\n");
    for command in &manifest.commands {
        // A history of scans has no pages to speak of.
        if PAGE_FAULTS.contains(&fault) && (command.input("Page").is_none() || !command.documented) {
            row.push_str(&format!("  {:<32} n/a\n", command.name));
            continue;
        }
        let mut cells = Vec::new();
        // On each generation with a session at hand, and then with the login still to come.
        for (generation, fresh) in [false, true].into_iter().flat_map(|fresh| GENERATIONS.map(|one| (one, fresh))) {
            let outcome = cell(generation, command, fault, fresh).await;
            let answer = answer(&outcome, fault);
            if let Some(error) = &outcome.error {
                let documented = manifest.errors_of(Some(command)).any(|entry| entry.code == error.code);
                assert!(documented, "{} {fault}: {} is not documented", command.name, error.code);
                assert!(!error.cause.is_empty() && !error.cure.is_empty(), "{} {fault}", command.name);
            } else {
                let name = &command.name;
                assert!(may_succeed(command, fault, &outcome), "{name} {fault} on {generation}: a false success");
            }
            cells.push(answer);
        }
        // Answers are shown where they differ from the one before: by generation, first with a session at hand.
        cells.dedup();
        row.push_str(&format!("  {:<32} {}\n", command.name, cells.join(" | ")));
    }
    row
}

/// Runs a command while the fault is on, with a session at hand or with the login still to come.
async fn cell(generation: Generation, command: &Command, fault: &str, fresh: bool) -> Outcome {
    let mut options = Options { generation, ..Options::default() };
    if !command.documented {
        // These send requests for each device.
        options = Options { devices: 12, vulnerabilities: 3, scan_duration: Duration::from_millis(50), ..options };
    }
    if PAGE_FAULTS.contains(&fault) {
        // So much of everything that each list has three pages, the last one shorter.
        options = Options { vulnerabilities: 70, contexts: 70, scan_surface_entries: 70, ..options };
    }
    let simulator = Simulator::start(options).await.unwrap();
    let plugin = plugin_with(ManualClock::new());
    let url = simulator.url();
    let mut given = settings(&url, simulator.user(UserKind::Administrator));
    given.push(("Largest Reply", "1"));
    let connector = connect_with(&plugin, &given);
    if !fresh {
        assert!(run(&*connector, "List Tenants", serde_json::json!({})).await.is_successful());
    }
    simulator.inject(format!("* {fault}").parse().unwrap());
    let hangs = fault.starts_with("delay");
    let context =
        ExecutionContext { time_limit: hangs.then_some(Duration::from_millis(40)), ..ExecutionContext::new() };
    let command = plugin.manifest().command(&command.name).unwrap();
    let mut parameters = valid_parameters(command, &simulator.known());
    if PAGE_FAULTS.contains(&fault) {
        parameters.insert("All Pages".to_owned(), true.into());
    }
    let running = connector.execute(&command.name, &parameters, &context);
    tokio::time::timeout(Duration::from_secs(60), running).await.expect("no command hangs")
}

fn answer(outcome: &Outcome, fault: &str) -> String {
    match (&outcome.error, outcome.receipt.retries) {
        (Some(error), _) => format!("{} {}", error.status_code, error.code),
        (None, 0) if outcome.receipt.missing.is_some() => "Successful, and says which rows are missing".to_owned(),
        (None, 0) if fault.starts_with("totals=") => "Successful, with all rows".to_owned(),
        (None, 0) if PAGE_FAULTS.contains(&fault) => "Successful: one reply, without pages".to_owned(),
        (None, 0) => "Successful".to_owned(),
        (None, retries) => format!("Successful after {retries} retries"),
    }
}

/// Whether a command can do its work in spite of the fault, or says what of it is missing.
fn may_succeed(command: &Command, fault: &str, outcome: &Outcome) -> bool {
    if fault.starts_with("totals=") {
        // All rows in spite of the totals: as many as the simulator was told to have, and nothing missing.
        return outcome.receipt.missing.is_none() && outcome.receipt.rows >= 70;
    }
    if PAGE_FAULTS.contains(&fault) {
        let says_how_many = |missing: &String| missing.contains(|c: char| c.is_ascii_digit());
        // A list that comes in one reply has no page 2 to go wrong.
        let is_one_reply = outcome.receipt.total_pages.is_none() && outcome.receipt.pages == 1;
        return is_one_reply || outcome.receipt.missing.as_ref().is_some_and(says_how_many);
    }
    let takes_nothing = command.reply.contains(&ReplyShape::Empty);
    let is_another_form = fault == "bom" || (fault.starts_with("gzip=") && fault != "gzip=half");
    fault.contains("count=") || is_another_form || (matches!(fault, "empty" | "gzip=half") && takes_nothing)
}
