//! `footprint run` of each command against `footprint simulate`, on all generations.

use serde_json::Value;

use crate::support::{SimulatorProcess, ended, footprint, outcome};

/// The first value of a key field, as a parameter.
fn first(simulator: &SimulatorProcess, command: &str, field: &str) -> String {
    let (code, fields) = outcome(simulator.footprint(["run", command, "--output", "json", "--show", "key-fields"]));
    assert_eq!(code, 0, "{fields}");
    fields[field][0].to_string()
}

fn agent_device(simulator: &SimulatorProcess) -> String {
    let (_, rows) = outcome(simulator.footprint(["run", "List Devices", "--output", "json", "--show", "context"]));
    rows.as_array().unwrap().iter().find(|row| row["Type"] == "AgentDevice").unwrap()["ID"].to_string()
}

fn every_command_succeeds(generation: &str) {
    let simulator = SimulatorProcess::start(&["--generation", generation, "--scan-seconds", "1"]);
    let (_, manifest) = outcome(footprint(["commands", "--json"]));
    let device = agent_device(&simulator);
    let context = first(&simulator, "list-technical-contexts", "Context IDs");
    let scanner = first(&simulator, "list-scanners", "Scanner IDs");
    let target = first(&simulator, "list-scan-surfaces", "Target IDs");
    let scan = first(&simulator, "list-scans", if generation == "legacy" { "Job IDs" } else { "Scan UUIDs" });
    let scan = scan.trim_matches('"').to_owned();
    let server = first(&simulator, "list-vulnerabilities", "Device IDs");
    let vulnerability = first(&simulator, "list-vulnerabilities", "Vulnerability IDs");
    let commands = manifest.as_array().unwrap();
    assert!(!commands.is_empty());
    for command in commands {
        let name = command["name"].as_str().unwrap();
        if name == "Update Device Tags" && generation != "current" {
            continue;
        }
        let mut arguments = vec!["run".to_owned(), name.to_owned()];
        for input in command["inputs"].as_array().unwrap() {
            let value = match input["name"].as_str().unwrap() {
                // A rescan is of a scanner or of a target, not of both.
                "Target ID" if name == "Rescan And Wait" => continue,
                "Name" | "Add Tags" => "web",
                "Scan" => &scan,
                "Device IDs" => &server,
                "Vulnerability IDs" => &vulnerability,
                "Scanner IDs" => &scanner,
                "Targets" => "192.0.2.1",
                "State" if input["required"] == true => "Accept Risk",
                "Device ID" => &device,
                "Context ID" => &context,
                "Scanner ID" => &scanner,
                "Target ID" => &target,
                "Scope" => "Out",
                "Footprint Tenant ID" => "1",
                _ if input["required"] == true => input["example"].as_str().unwrap_or_default(),
                _ => continue,
            };
            arguments.extend(["--param".to_owned(), format!("{}={value}", input["name"].as_str().unwrap())]);
        }
        let (code, out, error) = ended(simulator.footprint(arguments.iter().map(String::as_str)));
        assert_eq!(code, 0, "{generation} {name}: {out}{error}");
        assert!(!out.trim().is_empty(), "{generation} {name} showed nothing");
        assert!(error.contains(" ms · request "), "{generation} {name} gave no receipt: {error}");
        // Rescan And Wait warns of vulnerabilities without a date, which the simulator has on purpose.
        if name != "Rescan And Wait" {
            let keeps_no_history = generation == "legacy" && name == "List Scans";
            assert_eq!(error.contains("warning: "), keeps_no_history, "{generation} {name}: {error}");
        }
    }
}

#[test]
fn every_command_succeeds_on_the_current_generation() {
    every_command_succeeds("current");
}

#[test]
fn every_command_succeeds_on_the_middle_generation() {
    every_command_succeeds("middle");
}

#[test]
fn every_command_succeeds_on_the_legacy_generation() {
    every_command_succeeds("legacy");
}

#[test]
fn names_are_taken_as_documented_and_as_people_type_them() {
    let simulator = SimulatorProcess::start(&[]);
    let rows = |name: &str, parameter: &str| -> Value {
        outcome(simulator.footprint(["run", name, "-p", parameter, "-o", "json", "--show", "context"])).1
    };
    let documented = rows("List Devices", "Footprint Tenant ID=2");
    assert_eq!(documented, rows("list-devices", "footprint-tenant-id=2"));
    assert_eq!(documented, rows("LIST_DEVICES", "footprint_tenant_id=2"));
}
