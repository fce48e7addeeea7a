//! The log on standard error: every line of a command has its request id, at every level.

use crate::support::{SimulatorProcess, ended};

/// The lines of the log, and the receipt's request id.
fn log(error: &str) -> (Vec<&str>, &str) {
    let id = error.rsplit_once("request ").expect("a receipt").1.trim_end();
    let id = id.split_whitespace().next().unwrap();
    let is_log = |line: &&str| line.starts_with("20") && line.as_bytes().get(10) == Some(&b'T');
    (error.lines().filter(is_log).collect(), id)
}

#[test]
fn every_line_at_trace_level_carries_the_request_id() {
    for generation in ["legacy", "middle", "current"] {
        let simulator = SimulatorProcess::start(&["--generation", generation, "--fault", "devices status=503 count=1"]);
        for arguments in [
            &["run", "list-devices", "--all-pages", "--output", "ndjson"][..],
            &["run", "list-devices", "--param", r#"Filter={"riskLevel":"critical"}"#, "--all-pages"],
            &["run", "patch-rescan", "--all-scanners"],
            &["run", "list-device-users", "--param", "Device ID=7"],
            &["test"],
        ] {
            let command = simulator.footprint(["--log-level", "trace"].iter().chain(arguments).copied());
            let (_, _, error) = ended(command);
            let (lines, id) = log(&error);
            assert!(lines.len() > 4, "{arguments:?}: {error}");
            for line in &lines {
                assert!(line.contains(&format!("request_id=\"{id}\"")), "{arguments:?}: {line}");
            }
            assert!(lines.iter().any(|line| line.contains(" hyper_util::")), "trace shows the libraries: {error}");
            // Every other line belongs to the Error tab, a warning, or the receipt, which has the id too.
            let others: Vec<_> = error.lines().filter(|line| !lines.contains(line)).collect();
            let told = ["warning: ", "failed.", "Status Code: ", "Message: ", "Cause: ", "Cure: ", "Code: "];
            for line in others {
                assert!(line.ends_with(id) || told.iter().any(|word| line.contains(word)), "{arguments:?}: {line}");
            }
        }
    }
}

#[test]
fn a_diagnosis_has_one_request_id_too() {
    let simulator = SimulatorProcess::start(&[]);
    let (_, out, error) = ended(simulator.footprint(["--log-level", "trace", "diagnose", "--output", "json"]));
    let diagnosis: serde_json::Value = serde_json::from_str(&out).unwrap();
    let id = format!("request_id=\"{}\"", diagnosis["requestId"].as_str().unwrap());
    assert!(error.lines().count() > 10, "{error}");
    for line in error.lines() {
        assert!(line.contains(&id), "{line}");
    }
}

#[test]
fn a_warning_carries_the_request_id_although_nothing_else_is_logged() {
    let simulator = SimulatorProcess::start(&[]);
    for level in ["warn", "info", "debug"] {
        let arguments = ["--log-level", level, "run", "list-tenants", "--skip-certificate-checks", "yes"];
        let (_, _, error) = ended(simulator.footprint(arguments));
        let (lines, id) = log(&error);
        assert!(lines.iter().any(|line| line.contains("WARN") && line.contains("not checked")), "{error}");
        assert!(lines.iter().all(|line| line.contains(&format!("request_id=\"{id}\""))), "{error}");
        assert!(lines.iter().all(|line| !line.contains(" hyper_util::")), "{error}");
        assert_eq!(lines.len() == 1, level == "warn", "{level}: {error}");
    }
}
