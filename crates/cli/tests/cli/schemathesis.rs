//! schemathesis against the document of a running host. `FOOTPRINT_SCHEMATHESIS_SECONDS` sets the duration. The default
//! is 120: beside other tests, fewer seconds do not reach a call of each kind that the host carries out.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::instance::Instance;
use crate::support::SimulatorProcess;

/// No 5xx, no answer that the document does not describe, no success without a key.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,negative_data_rejection,ignored_auth,\
                      unsupported_method,missing_required_header";

/// A call for changes of findings that waits for longer than schemathesis waits for an answer would fail by luck.
const CONFIGURATION: &str = r#"
[[operations]]
include-path = "/api/manage/v1/findings/changes"
parameters = { "wait" = 1 }
"#;

#[test]
fn the_host_answers_as_its_document_says_and_nobody_without_a_key() {
    let tools = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../tools/schemathesis/bin/schemathesis");
    assert!(tools.is_file(), "schemathesis is not installed. Run the README's test command, which installs it.");
    let seconds = std::env::var("FOOTPRINT_SCHEMATHESIS_SECONDS").unwrap_or_else(|_| "120".to_owned());
    let instance = Instance::new();
    let settings = instance.path().join("host.toml");
    let unlimited = std::fs::read_to_string(&settings).unwrap() + "\nrequests-per-second = 0\nrefused-per-second = 0\n";
    // A scan takes longer than schemathesis waits for an answer.
    std::fs::write(&settings, unlimited + "\n[executor]\ntime-limit-seconds = 5\n").unwrap();
    let rows: String =
        (100..200).map(|row| format!("{{\"number\":\"20210127-{row}\",\"site\":\"Security Operations\"}}\n")).collect();
    for what in ["case", "incident"] {
        let mut command = instance.footprint([what, "import", "-", "--format", "ndjson"]);
        command.write_stdin(rows.clone()).assert().success();
    }
    // The user of the document's examples.
    instance.successful(["user", "add", "admin user"]);
    let simulator = SimulatorProcess::start(&[]);
    let (user, password) = simulator.user("administrator");
    let mut connection = instance.footprint(["connection", "add", "Footprint", "--site", "Security Operations"]);
    connection.args(["--integration", "coda-footprint", "--secret-stdin", "Password"]);
    connection.args(["--param", &format!("Server URL={}", simulator.url()), "--param", &format!("User Name={user}")]);
    connection.write_stdin(password).assert().success();
    std::fs::write(instance.path().join("schemathesis.toml"), CONFIGURATION).unwrap();
    let server = instance.serve();
    let mut command = Command::new(tools);
    command.arg("run").arg(format!("{}/openapi.json", server.ready["url"].as_str().unwrap()));
    command.arg("--header").arg(format!("d3key: {}", instance.made["key"].as_str().unwrap()));
    // One worker: two threads that parse source code at once crash the parser of Python 3.11.
    command.args(["--checks", CHECKS, "--max-time", &seconds, "--workers", "1", "--no-color", "--continue-on-failure"]);
    // It would revoke its own access.
    command.args(["--exclude-operation-id", "revokeKey", "--warnings", "off", "--max-failures", "20"]);
    // `.ci/run` gives the seed of all random inputs.
    if let Ok(seed) = std::env::var("PROPTEST_RNG_SEED") {
        command.args(["--seed", &seed]);
    }
    let output = command.current_dir(instance.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    // The host admitted it to the end, and its calls were carried out.
    let audit = instance.successful(["audit", "--output", "ndjson", "--limit", "100000"]);
    let entries: Vec<Value> = audit.lines().map(|entry| serde_json::from_str(entry).unwrap()).collect();
    for command in ["GetIncidents", "CloseIncidentInBulk", "ListTenants", "GET /api/manage/v1/sites"] {
        let of_command = || entries.iter().filter(|entry| entry["command"] == command);
        let accepted = of_command().filter(|entry| entry["accepted"] == true).count();
        assert!(accepted > 0, "{command}: none of {} calls was accepted", of_command().count());
    }
}
