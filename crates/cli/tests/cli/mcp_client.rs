//! The official Python client of the Model Context Protocol, over standard input and output and over HTTP.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::mcp::host;
use crate::support::SimulatorProcess;

fn python() -> (PathBuf, PathBuf) {
    let python = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../tools/mcp/bin/python");
    assert!(python.is_file(), "The package mcp is not installed. Run the README's test command, which installs it.");
    (python, Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/mcp/client.py"))
}

fn passes(command: &mut Command) {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(text(&output.stdout).trim(), "ok");
}

const DEVICES: u32 = 57;

fn simulator() -> SimulatorProcess {
    SimulatorProcess::start(&["--no-oddities", "--devices", &DEVICES.to_string()])
}

#[test]
fn the_official_python_client_works_over_standard_input_and_output() {
    let simulator = simulator();
    let (user, password) = simulator.user("administrator");
    let folder = tempfile::TempDir::new().unwrap();
    let profiles = folder.path().join("profiles.toml");
    std::fs::write(folder.path().join("password"), password).unwrap();
    let profile = format!(
        "[profiles.lab]\nserver-url = {:?}\nuser-name = {user:?}\npassword-file = \"password\"\n",
        simulator.url()
    );
    std::fs::write(&profiles, profile).unwrap();
    let (python, script) = python();
    let place = json!({"connection": "lab", "site": "local", "tenant": 1, "rows": DEVICES});
    let mut command = Command::new(python);
    command.arg(script).arg(place.to_string()).args(["stdio", env!("CARGO_BIN_EXE_footprint"), "mcp"]);
    command.args(["--allow-writes", "--profile-file"]).arg(profiles);
    passes(&mut command);
}

#[test]
fn the_official_python_client_works_over_http_and_each_message_is_audited() {
    let simulator = simulator();
    let instance = host("\nrequests-per-second = 0\n[mcp]\nwrites = true\n", &simulator);
    let server = instance.serve();
    let url = format!("{}/mcp", server.ready["url"].as_str().unwrap());
    let (python, script) = python();
    let place = json!({
        "connection": "Footprint", "site": "Security Operations", "tenant": 1, "rows": DEVICES,
    });
    let mut command = Command::new(python);
    command.arg(script).arg(place.to_string()).args(["http", &url, instance.made["key"].as_str().unwrap()]);
    passes(&mut command);
    let audit = instance.successful(["audit", "--output", "ndjson", "--limit", "10000"]);
    let entries: Vec<Value> = audit.lines().map(|entry| serde_json::from_str(entry).unwrap()).collect();
    for (command, accepted) in [
        ("mcp tools/list", true),
        ("mcp tools/call connections", true),
        ("ListDevices", true),
        ("ListDevices", false),
        ("PatchRescan/plan", true),
        ("PatchRescan", true),
    ] {
        let found = |entry: &&Value| entry["command"] == command && entry["accepted"] == accepted;
        let entry = entries.iter().find(found).unwrap_or_else(|| panic!("{command} {accepted} is not audited"));
        assert_eq!((&entry["surface"], entry["key"].as_str().is_some()), (&json!("mcp"), true), "{entry}");
    }
}
