//! Compares `footprint exec` with the same requests in this process, in one run.
//!
//! `cargo bench --profile dist -p footprint-cli --bench exec`. The simulator is another process on this machine. Both
//! sides run 10,000 List Devices requests of one page each, 16 at once, and get whole outcomes. The program ends with
//! status 1 when `footprint exec` reaches less than 0.8 of the rate in this process.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a program for developers")]

use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use coda_footprint::FootprintPlugin;
use futures_util::StreamExt as _;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use soar_connector::{Connector, ExecutionContext, Plugin, SettingValues};

const ROUNDS: usize = 5;
const REQUESTS: usize = 10_000;
const AT_ONCE: usize = 16;
const LEAST: f64 = 0.8;
const FOOTPRINT: &str = env!("CARGO_BIN_EXE_footprint");

/// A simulator in a process of its own. Dropping it ends the process.
struct SimulatorProcess {
    process: Child,
    settings: Map<String, Value>,
}

impl Drop for SimulatorProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl SimulatorProcess {
    fn start() -> Self {
        let arguments = ["simulate", "--json", "--no-oddities", "--devices", "1000"];
        let mut process = Command::new(FOOTPRINT).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let about: Value = serde_json::from_str(&line).unwrap();
        let settings = json!({
            "Server URL": about["url"], "User Name": about["users"][0]["user_name"],
            "Password": about["users"][0]["password"],
            "Requests per Second": "10000", "Requests in Flight": AT_ONCE.to_string(),
        });
        Self { process, settings: settings.as_object().unwrap().clone() }
    }

    fn connect(&self) -> Arc<dyn Connector> {
        let plugin = FootprintPlugin::new().unwrap();
        let given =
            self.settings.iter().map(|(name, value)| (name.clone(), SecretString::from(value.as_str().unwrap())));
        plugin.build(&SettingValues::parse(&plugin.manifest().connector, given).unwrap()).unwrap()
    }

    /// The requests in this process, on as many threads as `footprint exec` has.
    fn in_process(&self) -> Duration {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let started = Instant::now();
            let connector = self.connect();
            let successful = futures_util::stream::iter(1..=REQUESTS)
                .map(|_| {
                    let connector = Arc::clone(&connector);
                    tokio::spawn(async move {
                        let page = Map::from_iter([("Page".to_owned(), json!(1))]);
                        let outcome = connector.execute("List Devices", &page, &ExecutionContext::new()).await;
                        outcome.is_successful() && !outcome.result.rows.is_empty()
                    })
                })
                .buffer_unordered(AT_ONCE)
                .filter(|successful| std::future::ready(*successful.as_ref().unwrap()))
                .count()
                .await;
            assert_eq!(successful, REQUESTS);
            started.elapsed()
        })
    }

    /// The whole process of `footprint exec`, from its start to its end.
    fn exec(&self) -> Duration {
        let started = Instant::now();
        let mut process = Command::new(FOOTPRINT)
            .args(["exec", "--at-once", &AT_ONCE.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = BufWriter::new(process.stdin.take().unwrap());
        let first = json!({"settings": self.settings});
        let writer = std::thread::spawn(move || {
            writeln!(input, "{first}").unwrap();
            for id in 0..REQUESTS {
                writeln!(input, r#"{{"id":{id},"command":"List Devices","parameters":{{"Page":1}}}}"#).unwrap();
            }
        });
        let mut answers = BufReader::with_capacity(1024 * 1024, process.stdout.take().unwrap());
        let (mut line, mut successful) = (Vec::new(), 0);
        while answers.read_until(b'\n', &mut line).unwrap() > 0 {
            let outcome = br#""returnData":"Successful""#;
            successful += usize::from(line.windows(outcome.len()).take(200).any(|window| window == outcome));
            line.clear();
        }
        writer.join().unwrap();
        assert!(process.wait().unwrap().success());
        assert_eq!(successful, REQUESTS);
        started.elapsed()
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() -> ExitCode {
    // `cargo test --benches` only checks that the program runs.
    if std::env::args().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    let simulator = SimulatorProcess::start();
    simulator.in_process();
    let (mut inside, mut outside, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let rate = |took: Duration| REQUESTS as f64 / took.as_secs_f64();
        let (in_process, exec) = (rate(simulator.in_process()), rate(simulator.exec()));
        inside.push(in_process);
        outside.push(exec);
        ratios.push(exec / in_process);
    }
    let ratio = median(ratios);
    println!("{REQUESTS} List Devices requests of one page, {AT_ONCE} at once, medians of {ROUNDS} rounds:");
    println!("  in this process                  {:.0} requests/s  (the reference)", median(inside));
    println!("  footprint exec, whole process    {:.0} requests/s  {ratio:.2} of it (target {LEAST})", median(outside));
    if ratio >= LEAST { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
