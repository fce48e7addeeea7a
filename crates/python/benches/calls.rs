//! Compares calls of the Python package with the same calls by `requests` and `json`, and measures the import.
//!
//! `cargo bench --profile dist -p coda-footprint-python --bench calls`, after `tests/wheel dist`. The simulator is in this
//! process, and each round of each side is a process of Python. The program ends with status 1 when the package is not
//! at least 2 times faster, or its import takes 50 ms or more.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a program for developers")]

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use footprint_simulator::{Options, Simulator};

const ROUNDS: usize = 7;
const CALLS: u32 = 1000;
const THREADS: u32 = 8;
const DEVICES: u32 = 1000;
/// How many times faster the package must be, and the time that its import may take in milliseconds.
const FASTER: f64 = 2.0;
const LONGEST_IMPORT: f64 = 50.0;

/// One process of Python: the number that it prints, in seconds.
fn measure(side: &str, simulator: &Simulator) -> f64 {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let python = folder.join("../../target/tools/wheel/bin/python");
    let python = std::env::var_os("FOOTPRINT_PYTHON").map_or(python, PathBuf::from);
    let user = &simulator.users()[0];
    let output = Command::new(&python)
        .arg(folder.join("benches/calls.py"))
        .args([side, &simulator.url(), &user.user_name, &user.password])
        .args([CALLS.to_string(), THREADS.to_string()])
        .output()
        .unwrap_or_else(|error| panic!("{} does not run ({error}). Run tests/wheel dist.", python.display()));
    assert!(output.status.success(), "{side}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().parse().unwrap()
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
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let options = Options { devices: DEVICES, ..Options::default() };
    let simulator = runtime.block_on(Simulator::start(options)).unwrap();
    let (mut package, mut requests, mut ratios, mut imports) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    measure("package", &simulator);
    for _ in 0..ROUNDS {
        requests.push(measure("requests", &simulator));
        package.push(measure("package", &simulator));
        imports.push(measure("import", &simulator) * 1000.0);
        ratios.push(requests[requests.len() - 1] / package[package.len() - 1]);
    }
    let (faster, import) = (median(ratios.clone()), median(imports));
    println!("{CALLS} calls of List Devices from {THREADS} threads, login included; medians of {ROUNDS} rounds");
    println!("requests and json   {:8.3} s", median(requests));
    println!("coda_footprint      {:8.3} s", median(package));
    println!("times faster        {faster:8.2}   (at least {FASTER})   rounds: {ratios:.2?}");
    println!("import              {import:8.1} ms (less than {LONGEST_IMPORT})");
    if faster >= FASTER && import < LONGEST_IMPORT { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
