//! Rows that are written as they arrive: NDJSON and CSV, complete or not.

use serde_json::Value;

use crate::support::{SimulatorProcess, ended, footprint, outcome};

#[test]
fn csv_is_rfc_4180_and_starts_no_formula() {
    let simulator = SimulatorProcess::start(&["--devices", "250"]);
    let (code, out, _) = ended(simulator.footprint(["run", "List Devices", "--output", "csv"]));
    assert_eq!(code, 0);
    let mut reader = csv::Reader::from_reader(out.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().next(), Some("ID"));
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 25);
    assert!(rows.iter().flatten().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{out}");
    assert!(out.ends_with("\r\n"));
}

/// The table of a command by `--output json`, in the form of CSV.
fn table(simulator: &SimulatorProcess, command: &[&str]) -> Vec<Vec<String>> {
    let arguments = ["run"].iter().chain(command).chain(&["--output", "json"]).copied();
    let (_, outcome) = outcome(simulator.footprint(arguments));
    let cell = |cell: &Value| match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            items.iter().map(|item| item.to_string().replace('"', "")).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    let rows = outcome["result"]["rows"].as_array().unwrap();
    rows.iter().map(|row| row.as_array().unwrap().iter().map(cell).collect()).collect()
}

fn records(out: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(out.as_bytes());
    let fields = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
    let headings = fields(reader.headers().unwrap());
    (headings, reader.records().map(|record| fields(&record.unwrap())).collect())
}

#[test]
fn all_pages_as_csv_are_the_table_under_one_line_of_headings() {
    for generation in ["legacy", "middle", "current"] {
        let simulator = SimulatorProcess::start(&["--generation", generation, "--no-oddities", "--devices", "2250"]);
        for command in [&["list-devices", "--all-pages"][..], &["list-scanners"], &["test-connection"]] {
            let arguments = ["run"].iter().chain(command).chain(&["--output", "csv"]).copied();
            let (code, out, error) = ended(simulator.footprint(arguments));
            assert_eq!(code, 0, "{error}");
            let (headings, rows) = records(&out);
            assert!(!headings.is_empty() && out.ends_with("\r\n"), "{out}");
            assert_eq!(rows, table(&simulator, command), "{command:?} on {generation}");
        }
    }
}

#[test]
fn csv_without_rows_is_its_headings() {
    let simulator = SimulatorProcess::start(&["--devices", "0"]);
    let (code, out, error) = ended(simulator.footprint(["run", "List Devices", "--output", "csv"]));
    assert_eq!(code, 0, "{error}");
    assert!(out.starts_with("ID,") && out.lines().count() == 1, "{out}");
}

#[test]
fn key_fields_as_csv_are_one_value_a_line() {
    let simulator = SimulatorProcess::start(&[]);
    let tenants = ["run", "List Tenants", "--output", "csv", "--show", "key-fields"];
    assert_eq!(
        ended(simulator.footprint(tenants)).1,
        "Key Field,Value\r\nTenant IDs,1\r\nTenant IDs,2\r\nTenant IDs,3\r\n"
    );
}

#[test]
fn a_stream_that_fails_on_its_way_is_failed_and_says_so() {
    let fault = "devices status=500 page=3";
    let simulator = SimulatorProcess::start(&["--devices", "250", "--no-oddities", "--fault", fault]);
    for output in ["csv", "ndjson"] {
        let arguments = ["run", "list-devices", "--all-pages", "--output", output];
        let (code, out, error) = ended(simulator.footprint(arguments));
        assert_eq!(code, 1, "{error}");
        assert_eq!(out.lines().count(), 200 + usize::from(output == "csv"), "what came before is there");
        assert!(error.starts_with("List Devices failed.\nStatus Code: 500."), "{error}");
        assert!(error.contains("warning: The output is incomplete: it ends where the command failed.\n"), "{error}");
        assert!(error.contains("\n200 of 250 rows on 2 pages · "), "{error}");
    }
}

#[test]
fn a_stream_that_is_short_says_which_rows_are_missing() {
    let simulator = SimulatorProcess::start(&["--devices", "250", "--fault", "devices short-page page=2"]);
    for output in ["csv", "ndjson"] {
        let arguments = ["run", "list-devices", "--all-pages", "--output", output];
        let (code, _, error) = ended(simulator.footprint(arguments));
        assert_eq!(code, 0, "{error}");
        assert!(error.starts_with("warning: 1 of 250 rows are missing: "), "{error}");
    }
}

#[test]
fn a_command_that_fails_before_its_first_page_writes_nothing() {
    let simulator = SimulatorProcess::start(&["--fault", "devices status=500"]);
    for output in ["csv", "ndjson"] {
        let (code, out, error) = ended(simulator.footprint(["run", "list-devices", "--output", output]));
        assert_eq!((code, out.as_str()), (1, ""), "{error}");
        assert!(!error.contains("incomplete"), "{error}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_of_the_rows_ends_the_run_quietly() {
    use std::process::{Command, Stdio};
    let simulator = SimulatorProcess::start(&["--devices", "5000"]);
    for output in ["csv", "ndjson"] {
        let (name, password) = simulator.user("administrator");
        let mut child = Command::new(env!("CARGO_BIN_EXE_footprint"))
            .args(["run", "list-devices", "--all-pages", "--output", output])
            .envs([
                ("FOOTPRINT_SERVER_URL", simulator.url()),
                ("FOOTPRINT_USER_NAME", name),
                ("FOOTPRINT_PASSWORD", password),
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""), "{output}");
    }
}

/// The peak memory, in KiB, of a run that has written nearly all its rows as CSV.
#[cfg(target_os = "linux")]
fn peak_memory_of_csv(devices: &str) -> u64 {
    use std::io::Read as _;
    use std::process::{Command, Stdio};
    let simulator = SimulatorProcess::start(&["--no-oddities", "--devices", devices]);
    let (name, password) = simulator.user("administrator");
    let mut child = Command::new(env!("CARGO_BIN_EXE_footprint"))
        .args(["run", "list-devices", "--all-pages", "--output", "csv"])
        .envs([
            ("FOOTPRINT_SERVER_URL", simulator.url()),
            ("FOOTPRINT_USER_NAME", name),
            ("FOOTPRINT_PASSWORD", password),
            ("FOOTPRINT_REQUESTS_PER_SECOND", "10000"),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // A row takes some 110 bytes, so the rest is more than a pipe holds: the process has not ended.
    let nearly_all = (devices.parse::<u64>().unwrap() - 3_000) * 100;
    let mut output = child.stdout.take().unwrap();
    let read = std::io::copy(&mut output.by_ref().take(nearly_all), &mut std::io::sink()).unwrap();
    assert_eq!(read, nearly_all);
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM:")).expect("it still runs").to_owned();
    std::io::copy(&mut output, &mut std::io::sink()).unwrap();
    assert!(child.wait().unwrap().success());
    peak.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn csv_of_many_pages_needs_no_more_memory_than_of_few() {
    // In memory, 20,000 more devices would take at least 20 MiB more.
    let (few, many) = (peak_memory_of_csv("4000"), peak_memory_of_csv("24000"));
    assert!(many < few + 8 * 1024, "{few} KiB for 4,000 devices, {many} KiB for 24,000");
}

#[test]
fn wrong_use_is_told_before_anything_is_sent() {
    let (code, out, error) = ended(footprint(["run", "list-devices", "--output", "ndjson", "--show", "result"]));
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.contains("has no tabs"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn rows_that_cannot_be_written_are_a_failure() {
    let simulator = SimulatorProcess::start(&[]);
    for output in ["ndjson", "csv"] {
        cannot_be_written(&simulator, output);
    }
}

#[cfg(target_os = "linux")]
fn cannot_be_written(simulator: &SimulatorProcess, output: &str) {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut process = std::process::Command::new(env!("CARGO_BIN_EXE_footprint"));
    let (user, password) = simulator.user("administrator");
    process
        .args(["run", "list-devices", "--output", output])
        .envs([
            ("FOOTPRINT_SERVER_URL", simulator.url()),
            ("FOOTPRINT_USER_NAME", user),
            ("FOOTPRINT_PASSWORD", password),
        ])
        .stdout(full);
    let output = process.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("No space left"), "{text}");
}
