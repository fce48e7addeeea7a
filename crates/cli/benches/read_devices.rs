//! Compares reading all devices with a bare loop that parses each page, in one run, and measures the peak memory.
//!
//! `cargo bench --profile dist -p footprint-cli --bench read_devices`. The simulator is another process on this
//! machine. Each reader sends the same requests, with the same number in flight. The program ends with status 1 when
//! `footprint run` takes more than 0.4 of the bare loop's time or more than 24 MiB.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a program for developers")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use coda_footprint::FootprintPlugin;
use futures_util::StreamExt as _;
use secrecy::SecretString;
use serde_json::{Value, json};
use soar_connector::{Connector, ExecutionContext, Plugin, ReplyPage, RowReader, SettingValues, Sink, SinkError};

const ROUNDS: usize = 9;
const DEVICES: u32 = 100_000;
const PAGE_SIZE: u32 = 100;
const AT_ONCE: usize = 16;
/// The largest share of the bare loop's time that `footprint run` may take, and the most MiB.
const MOST_TIME: f64 = 0.4;
const MOST_MEMORY: f64 = 24.0;
const FOOTPRINT: &str = env!("CARGO_BIN_EXE_footprint");

/// A simulator in a process of its own. Dropping it ends the process.
struct SimulatorProcess {
    process: Child,
    url: String,
    user_name: String,
    password: String,
}

impl Drop for SimulatorProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl SimulatorProcess {
    fn start(devices: u32) -> Self {
        let mut process = Command::new(FOOTPRINT)
            .args(["simulate", "--json", "--no-oddities", "--devices", &devices.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let about: Value = serde_json::from_str(&line).unwrap();
        let text = |pointer| about.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
        Self { url: text("/url"), user_name: text("/users/0/user_name"), password: text("/users/0/password"), process }
    }

    fn settings(&self) -> [(&'static str, &'static str, String); 5] {
        [
            ("Server URL", "FOOTPRINT_SERVER_URL", self.url.clone()),
            ("User Name", "FOOTPRINT_USER_NAME", self.user_name.clone()),
            ("Password", "FOOTPRINT_PASSWORD", self.password.clone()),
            ("Requests per Second", "FOOTPRINT_REQUESTS_PER_SECOND", "10000".to_owned()),
            ("Requests in Flight", "FOOTPRINT_REQUESTS_IN_FLIGHT", AT_ONCE.to_string()),
        ]
    }

    fn connect(&self) -> Arc<dyn Connector> {
        let plugin = FootprintPlugin::new().unwrap();
        let given = self.settings().map(|(name, _, value)| (name.to_owned(), SecretString::from(value)));
        plugin.build(&SettingValues::parse(&plugin.manifest().connector, given).unwrap()).unwrap()
    }

    /// A process that runs `footprint run list-devices --all-pages --output ndjson`.
    fn start_stream(&self) -> Child {
        let mut command = Command::new(FOOTPRINT);
        command.args(["run", "list-devices", "--all-pages", "--output", "ndjson"]).args(["--param", "Page Size=100"]);
        for (_, variable, value) in self.settings() {
            command.env(variable, value);
        }
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// The time that this process takes from start to end.
    fn stream(&self) -> Duration {
        let started = Instant::now();
        assert!(self.start_stream().wait().unwrap().success());
        started.elapsed()
    }

    /// The peak resident memory of this process in KiB. It is measured in a run of its own, since measuring costs time.
    fn stream_memory(&self) -> u64 {
        let mut process = self.start_stream();
        let mut peak = 0;
        loop {
            peak = peak.max(peak_memory(process.id()));
            if let Some(status) = process.try_wait().unwrap() {
                assert!(status.success());
                return peak;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The peak resident memory of a process so far in KiB. 0 once the process has ended.
fn peak_memory(process: u32) -> u64 {
    std::fs::read_to_string(format!("/proc/{process}/status"))
        .ok()
        .and_then(|status| {
            let line = status.lines().find(|line| line.starts_with("VmHWM:"))?.to_owned();
            line.split_whitespace().nth(1)?.parse().ok()
        })
        .unwrap_or(0)
}

/// The bare loop: reqwest, and `each` on the bytes of each page.
async fn bare_loop(simulator: &SimulatorProcess, each: impl Fn(&[u8]) -> usize) -> Duration {
    let started = Instant::now();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let api = format!("{}/api", simulator.url);
    let body = json!({ "username": simulator.user_name, "password": simulator.password });
    let login: Value =
        client.post(format!("{api}/auth/token/")).json(&body).send().await.unwrap().json().await.unwrap();
    let token = login["access"].as_str().unwrap();
    let rows: usize = futures_util::stream::iter(1..=DEVICES / PAGE_SIZE)
        .map(|page| {
            let url = format!("{api}/console/elements/devices/?pageSize={PAGE_SIZE}&page={page}");
            let request = client.get(url).bearer_auth(token);
            async move { request.send().await.unwrap().bytes().await.unwrap() }
        })
        .buffered(AT_ONCE)
        .map(|body| each(&body))
        .fold(0, |sum, rows| async move { sum + rows })
        .await;
    assert!(rows > 0);
    started.elapsed()
}

fn parse(body: &[u8]) -> usize {
    let page: Value = serde_json::from_slice(body).unwrap();
    page["items"].as_array().unwrap().len()
}

/// Reads the table cells and key fields of every row, and counts them.
struct TableCounter {
    reader: RowReader,
    cells: usize,
}

#[async_trait]
impl Sink for TableCounter {
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        for row in page.rows() {
            let row = self.reader.read(row)?;
            self.cells += self.reader.cells(&row).len() + self.reader.keys(&row).map(|keys| keys.len()).sum::<usize>();
        }
        Ok(())
    }
}

async fn table(simulator: &SimulatorProcess) -> Duration {
    let started = Instant::now();
    let connector = simulator.connect();
    let command = connector.manifest().command("List Devices").unwrap();
    let mut sink = TableCounter { reader: RowReader::new(command), cells: 0 };
    let parameters = [("All Pages".to_owned(), json!(true)), ("Page Size".to_owned(), json!(PAGE_SIZE))];
    let list = connector.manifest().invocation("List Devices", &parameters.into_iter().collect()).unwrap();
    let ended = connector.execute_into(&list, &ExecutionContext::new(), &mut sink).await;
    assert_eq!((ended.error, ended.receipt.rows), (None, u64::from(DEVICES)));
    let each = command.columns.len() + command.key_fields.len();
    assert_eq!(sink.cells, DEVICES as usize * each);
    started.elapsed()
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let simulator = SimulatorProcess::start(DEVICES);
    runtime.block_on(bare_loop(&simulator, parse));
    let mut seconds: [Vec<f64>; 4] = Default::default();
    let mut ratios: [Vec<f64>; 2] = Default::default();
    for _ in 0..ROUNDS {
        let transport = runtime.block_on(bare_loop(&simulator, |body| body.len()));
        let reference = runtime.block_on(bare_loop(&simulator, parse)).as_secs_f64();
        let stream = simulator.stream();
        let table = runtime.block_on(table(&simulator));
        ratios[0].push(stream.as_secs_f64() / reference);
        ratios[1].push(table.as_secs_f64() / reference);
        let all = [reference, transport.as_secs_f64(), stream.as_secs_f64(), table.as_secs_f64()];
        for (times, time) in seconds.iter_mut().zip(all) {
            times.push(time);
        }
    }
    let peak = |simulator: &SimulatorProcess| {
        let most = (0..5).map(|_| simulator.stream_memory()).max().unwrap();
        most as f64 / 1024.0
    };
    let large = peak(&simulator);
    drop(simulator);
    let small = peak(&SimulatorProcess::start(10_000));
    let [reference, transport, stream, table] = seconds.map(median);
    let [stream_ratio, table_ratio] = ratios.map(median);
    println!("{DEVICES} devices in pages of {PAGE_SIZE}, {AT_ONCE} requests at once, medians of {ROUNDS} rounds:");
    println!("  bare loop, pages parsed into serde_json::Value  {reference:.3} s  (the reference)");
    println!("  bare loop, pages not parsed                     {transport:.3} s");
    println!(
        "  footprint run … --output ndjson, whole process  {stream:.3} s  {stream_ratio:.2} of it (target {MOST_TIME})"
    );
    println!("  table cells and key fields of all rows          {table:.3} s  {table_ratio:.2} of it");
    println!("Peak memory of footprint run … --output ndjson (target {MOST_MEMORY} MiB):");
    println!("  10,000 devices   {small:.1} MiB");
    println!("  100,000 devices  {large:.1} MiB");
    let is_good = stream_ratio <= MOST_TIME && small.max(large) <= MOST_MEMORY;
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
