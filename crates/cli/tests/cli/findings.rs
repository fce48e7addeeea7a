//! Findings from the terminal: collecting them, and reading what changed, as a person and as a program do.

use serde_json::Value;

use crate::host_connections::connected;
use crate::instance::Instance;
use crate::support::{SimulatorProcess, ended};

/// The changes after a number, each in its own line.
fn changes(instance: &Instance, after: &str) -> Vec<Value> {
    let lines = instance.successful(["findings", "changes", "--after", after]);
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn findings_are_collected_read_by_number_and_compared_after_a_rescan() {
    let simulator = SimulatorProcess::start(&["--devices", "12", "--scan-seconds", "1"]);
    let instance = connected(&simulator);
    let collected = instance.successful(["findings", "collect", "--all-tenants"]);
    assert_eq!(collected.matches("Whole (baseline)").count(), 3, "{collected}");
    let baseline = changes(&instance, "0");
    let numbers: Vec<_> = baseline.iter().map(|change| change["sequence"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    assert!(baseline.iter().all(|change| change["baseline"] == true && change["connection"] == "production"));
    let last = numbers.last().unwrap().to_string();
    let again = instance.successful(["findings", "collect", "--all-tenants"]);
    assert!(again.matches("Whole").count() == 3 && changes(&instance, &last).is_empty(), "{again}");

    let (code, out, error) = ended(simulator.footprint(["run", "rescan-and-wait", "--output", "json"]));
    assert_eq!(code, 0, "{out}{error}");
    instance.successful(["findings", "collect", "--all-tenants"]);
    let new = changes(&instance, &last);
    assert!(!new.is_empty() && new.iter().all(|change| change["baseline"] == false), "{new:?}");
    let differing = instance.json(["findings", "diff", "--from", "1h", "--after", &last, "--limit", "1000"]);
    let mut differing: Vec<_> = differing.as_array().unwrap().iter().map(|one| one["findingId"].clone()).collect();
    let mut changed: Vec<_> = new.iter().map(|change| change["findingId"].clone()).collect();
    for ids in [&mut differing, &mut changed] {
        ids.sort_by_key(Value::to_string);
        ids.dedup();
    }
    assert_eq!(differing, changed);
    let id = new[0]["findingId"].as_str().unwrap();
    let shown = instance.json(["findings", "show", id]);
    let of_it = |changes: &[Value]| changes.iter().filter(|change| change["findingId"] == id).count();
    assert_eq!(shown["changes"].as_array().unwrap().len(), of_it(&baseline) + of_it(&new), "{shown}");
    let error = instance.refused(1, ["findings", "changes", "--after", "99999"]);
    assert!(error.contains("99999 is not in the log") && error.contains("Go on from"), "{error}");
}

#[test]
fn an_incident_names_its_findings_and_a_finding_its_incidents() {
    let simulator = SimulatorProcess::start(&["--devices", "12"]);
    let instance = connected(&simulator);
    let rule = r#"{"name": "First", "baseline": true, "mostPerCollection": 1, "then": {"incident": {}}}"#;
    let file = instance.file("rule.json", rule).display().to_string();
    instance.successful(["findings", "rule", "add", "--from", &file]);
    instance.successful(["findings", "collect", "--all-tenants"]);
    let incidents = instance.json(["incident", "list"]);
    let number = incidents[0]["number"].as_str().unwrap();
    let incident = instance.json(["incident", "show", number]);
    let id = incident["findings"][0]["findingId"].as_str().unwrap();
    let finding = instance.json(["findings", "show", id]);
    let of_it = finding["incidents"].as_array().unwrap();
    assert_eq!(of_it.iter().map(|one| one["number"].as_str().unwrap()).collect::<Vec<_>>(), [number], "{finding}");
    let text = instance.successful(["findings", "show", id]);
    let line = text.lines().find(|line| line.starts_with("Incidents")).unwrap();
    assert!(line.contains(number) && line.contains("Open"), "{text}");
}

#[test]
fn a_tenant_is_removed_and_begins_again_with_a_baseline() {
    let simulator = SimulatorProcess::start(&["--devices", "12"]);
    let instance = connected(&simulator);
    instance.successful(["findings", "collect", "--all-tenants"]);
    let tenants = || -> Vec<String> {
        let tenants = instance.json(["findings", "tenants"]);
        tenants.as_array().unwrap().iter().map(|one| one["tenant"].as_str().unwrap().to_owned()).collect()
    };
    let all = tenants();
    let error = instance.refused(2, ["findings", "tenants", "remove", "99", "--connection", "production"]);
    assert!(
        error.contains("There is no collected tenant \"99\"") && error.contains("`footprint findings tenants`"),
        "{error}"
    );
    let error = instance.refused(2, ["findings", "tenants", "remove", &all[0], "--connection", "productoin"]);
    assert!(error.contains("Did you mean \"production\"?"), "{error}");
    let removed = instance.successful(["findings", "tenants", "remove", &all[0], "--connection", "production"]);
    let named = format!("({}) of the connection \"production\" are removed. A later collection", all[0]);
    assert!(removed.contains(&named) && removed.contains("begins again with a baseline"), "{removed}");
    assert_eq!(tenants(), all[1..]);
    let collected = instance.successful(["findings", "collect", "--all-tenants"]);
    assert_eq!(collected.matches("Whole (baseline)").count(), 1, "{collected}");
    assert_eq!(tenants().len(), all.len());
}

#[test]
fn changes_are_written_to_a_folder_once() {
    let simulator = SimulatorProcess::start(&["--devices", "12"]);
    let instance = connected(&simulator);
    instance.successful(["findings", "collect", "--all-tenants"]);
    let folder = instance.beside("changes");
    let error = instance.refused(1, ["findings", "changes", "--folder", &folder]);
    assert!(error.contains("Create it"), "{error}");
    std::fs::create_dir(&folder).unwrap();
    let write = |format: &str| {
        instance.successful(["findings", "changes", "--folder", &folder, "--format", format]);
        let files = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
        // A consumer sees no file that begins with a dot.
        files.filter(|file| !file.file_name().unwrap().to_string_lossy().starts_with('.')).collect::<Vec<_>>()
    };
    let files = write("json");
    let [file] = files.as_slice() else { panic!("{files:?}") };
    let written: Vec<Value> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(written, changes(&instance, "0"));
    assert_eq!(write("json"), files);
    // With --after, the batch is written again.
    std::fs::remove_file(file).unwrap();
    assert!(write("json").is_empty());
    instance.successful(["findings", "changes", "--folder", &folder, "--format", "json", "--after", "0"]);
    assert_eq!(write("json"), files);
    let error = instance.refused(2, ["findings", "changes", "--format", "json"]);
    assert!(error.contains("Use ndjson"), "{error}");
}

#[test]
fn a_folder_goes_on_after_a_restore_with_the_command_that_the_error_names() {
    let simulator = SimulatorProcess::start(&["--devices", "12", "--scan-seconds", "1"]);
    let instance = connected(&simulator);
    let backup = instance.beside("nightly.backup");
    instance.successful(["backup", &backup]);
    instance.successful(["findings", "collect", "--all-tenants"]);
    let folder = instance.beside("changes");
    std::fs::create_dir(&folder).unwrap();
    let write = ["findings", "changes", "--folder", &folder];
    instance.successful(write);
    instance.successful(["restore", &backup]);
    instance.successful(["findings", "collect", "--all-tenants"]);
    let error = instance.refused(1, write);
    let command = error.lines().find_map(|line| line.split_once("footprint ").map(|(_, rest)| rest)).unwrap();
    assert!(command.starts_with("findings changes --after 0 ") && command.ends_with(&folder), "{error}");
    instance.successful(command.split(' '));
    assert_eq!(instance.successful(write), "");
    let files = || std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name());
    assert_eq!(files().filter(|name| name.to_string_lossy().starts_with("findings-")).count(), 2);
}
