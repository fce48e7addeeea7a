//! `footprint diagnose`: the output for a person and for a program, and the exit codes.

use serde_json::Value;

use crate::support::{SimulatorProcess, footprint, outcome};

/// Standard output without the parts that differ from run to run: the port and the milliseconds.
fn stable(output: &[u8], simulator: &SimulatorProcess) -> String {
    let address = simulator.url().trim_start_matches("http://").to_owned();
    let text = String::from_utf8(output.to_vec()).unwrap().replace(&address, "ADDRESS");
    let mut lines = Vec::new();
    for line in text.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        let cells = words.iter().map(|word| if word.parse::<u32>().is_ok_and(|ms| ms < 150) { "N" } else { word });
        lines.push(cells.collect::<Vec<_>>().join(" "));
    }
    lines.join("\n")
}

#[test]
fn a_person_sees_the_way_the_commands_and_the_missing_permissions() {
    let simulator = SimulatorProcess::start(&["--no-oddities"]);
    let healthy = simulator.footprint(["diagnose"]).assert().code(0).get_output().stdout.clone();
    insta::assert_snapshot!("diagnose_administrator", stable(&healthy, &simulator));
    let assigned = simulator.footprint_as("assigned", ["diagnose"]).assert().code(0).get_output().stdout.clone();
    let text = stable(&assigned, &simulator);
    let (_, commands) = outcome(footprint(["commands", "--json"]));
    let writing = commands.as_array().unwrap().iter().filter(|command| command["effect"] == "write");
    let writing: Vec<_> = writing.map(|command| command["name"].as_str().unwrap()).collect();
    let roles = "one of the roles Administrator, Management, Operations, Reporting";
    let missing = format!("Missing permission: {roles}, for {}.", writing.join(", "));
    assert!(text.contains(&missing), "{text}");
    assert!(text.ends_with("N of N commands allowed, N denied, N failed"), "{text}");
}

#[test]
fn a_program_gets_the_whole_diagnosis() {
    let simulator = SimulatorProcess::start(&["--generation", "legacy"]);
    let output = simulator.footprint(["diagnose", "--output", "json"]).assert().code(0).get_output().stdout.clone();
    let diagnosis: Value = serde_json::from_slice(&output).unwrap();
    let rows = diagnosis["commands"].as_array().unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|command| command["access"] == "Allowed"));
}

#[test]
fn what_fails_says_cause_and_cure_and_exits_1() {
    let simulator = SimulatorProcess::start(&[]);
    let mut command = simulator.footprint(["diagnose"]);
    let output = command.env("FOOTPRINT_PASSWORD", "not the password").assert().code(1).get_output().stdout.clone();
    let text = stable(&output, &simulator);
    assert!(text.contains("Cause: Footprint rejected User Name and Password."), "{text}");
    assert!(text.contains("Cure: Correct User Name and Password.") && !text.contains("not the password"), "{text}");
    footprint(["diagnose"]).assert().code(2);
}
