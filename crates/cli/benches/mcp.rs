//! Measures what a tool's call over standard input and output costs beside its command.
//!
//! `cargo bench --profile dist -p footprint-cli --bench mcp`. The simulator is another process on this machine. One client
//! calls list-devices of 50 rows, one call after another, and the same command runs in this process in the same run. The
//! program ends with status 1 when the difference of the medians is 2 ms or more.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a program for developers")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use coda_footprint::FootprintPlugin;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use soar_connector::{ExecutionContext, Plugin, SettingValues};

const CALLS: usize = 1_000;
const MOST: Duration = Duration::from_millis(2);
const FOOTPRINT: &str = env!("CARGO_BIN_EXE_footprint");

/// A process that ends when it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() -> ExitCode {
    // `cargo test --benches` only checks that the program runs.
    if std::env::args().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    let arguments = ["simulate", "--json", "--no-oddities", "--devices", "1000"];
    let mut simulator = Process(Command::new(FOOTPRINT).args(arguments).stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(simulator.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let about: Value = serde_json::from_str(&line).unwrap();
    let settings = [
        ("Server URL", "FOOTPRINT_SERVER_URL", about["url"].as_str().unwrap()),
        ("User Name", "FOOTPRINT_USER_NAME", about["users"][0]["user_name"].as_str().unwrap()),
        ("Password", "FOOTPRINT_PASSWORD", about["users"][0]["password"].as_str().unwrap()),
        ("Requests per Second", "FOOTPRINT_REQUESTS_PER_SECOND", "10000"),
    ];

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let plugin = FootprintPlugin::new().unwrap();
    let given = settings.map(|(name, _, value)| (name.to_owned(), SecretString::from(value)));
    let connector = plugin.build(&SettingValues::parse(&plugin.manifest().connector, given).unwrap()).unwrap();
    let parameters = Map::from_iter([("Page Size".to_owned(), json!(50))]);
    let in_process = || {
        let started = Instant::now();
        let outcome = runtime.block_on(connector.execute("List Devices", &parameters, &ExecutionContext::new()));
        assert_eq!(outcome.result.rows.len(), 50);
        started.elapsed()
    };

    let mut client = Command::new(FOOTPRINT);
    client.arg("mcp").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    client.envs(settings.iter().map(|(_, variable, value)| (variable, value)));
    let mut server = Process(client.spawn().unwrap());
    let mut input = server.0.stdin.take().unwrap();
    let mut output = BufReader::new(server.0.stdout.take().unwrap());
    let mut request = |message: &Value| {
        let started = Instant::now();
        input.write_all(format!("{message}\n").as_bytes()).unwrap();
        line.clear();
        output.read_line(&mut line).unwrap();
        let took = started.elapsed();
        assert!(line.contains("\"result\"") && !line.contains("\"isError\":true"), "{line}");
        took
    };
    request(&json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"},
    }}));
    let place = json!({"connection": "default", "site": "local", "tenant": "own", "page-size": 50, "budget": 500_000});
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "list-devices", "arguments": place,
    }});
    let (mut inside, mut tool) = (Vec::new(), Vec::new());
    for round in 0..CALLS + 50 {
        let times = (in_process(), request(&call));
        // The first calls log in and fill caches.
        if round >= 50 {
            inside.push(times.0);
            tool.push(times.1);
        }
    }
    let (inside, tool) = (median(inside), median(tool));
    let cost = tool.saturating_sub(inside);
    println!("{CALLS} calls of list-devices with 50 rows, one after another, medians:");
    println!("  the command in this process        {inside:.2?}");
    println!("  the tool over standard input       {tool:.2?}");
    println!("  the call's own cost                {cost:.2?}  (target below {MOST:?})");
    if cost < MOST { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
