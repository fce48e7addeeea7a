//! `footprint run rescan-and-wait`: followed to its end, interrupted, and followed again; and `--plan`.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{SimulatorProcess, ended, outcome};

fn scans(simulator: &SimulatorProcess) -> usize {
    let (_, rows) = outcome(simulator.footprint(["run", "list-scans", "-o", "json", "--show", "context"]));
    rows.as_array().unwrap().len()
}

#[cfg(unix)]
#[test]
fn an_interrupted_wait_says_how_to_follow_the_same_scan_again() {
    let simulator = SimulatorProcess::start(&["--scan-seconds", "8"]);
    let before = scans(&simulator);
    let (name, password) = simulator.user("administrator");
    let child = Command::new(env!("CARGO_BIN_EXE_footprint"))
        .args(["run", "rescan-and-wait", "-p", "Scanner ID=102"])
        .env_clear()
        .envs([
            ("FOOTPRINT_SERVER_URL", simulator.url()),
            ("FOOTPRINT_USER_NAME", name),
            ("FOOTPRINT_PASSWORD", password),
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while scans(&simulator) == before {
        assert!(begun.elapsed() < Duration::from_secs(60), "the scan begins");
    }
    // The reply to the start is on its way when the scan is listed.
    std::thread::sleep(Duration::from_millis(500));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(output.status.code(), Some(1), "{error}");
    let line = error.split("footprint run rescan-and-wait --follow ").nth(1).unwrap_or_else(|| panic!("{error}"));
    let token = line.split(' ').next().unwrap();

    let (code, out, error) = ended(simulator.footprint(["run", "rescan-and-wait", "--follow", token]));
    assert_eq!(code, 0, "{out}{error}");
    assert!(out.contains("done") && out.contains("Fixed"), "{out}");
    assert_eq!(scans(&simulator), before + 1, "it was started once");
    let (code, _, error) = ended(simulator.footprint(["run", "rescan-and-wait", "--follow", token, "-p", "Follow=x"]));
    assert!(code == 2 && error.contains("--follow and the parameter Follow are both given"), "{error}");
}

#[test]
fn a_plan_is_asked_for_with_a_flag() {
    let simulator = SimulatorProcess::start(&[]);
    let (_, keys) = outcome(simulator.footprint(["run", "list-vulnerabilities", "-o", "json", "--show", "key-fields"]));
    let device = format!("Device IDs={}", keys["Device IDs"][0]);
    let vulnerability = format!("Vulnerability IDs={}", keys["Vulnerability IDs"][0]);
    let arguments = ["run", "update-vulnerability-state", "--plan", "-p", &device, "-p", &vulnerability];
    let state = ["-p", "State=Accept Risk", "-p", "Reason=Isolated"];
    let (code, out, error) = ended(simulator.footprint(arguments.into_iter().chain(state)));
    assert!(code == 0 && out.contains("planned"), "{out}{error}");
}
