//! The formats in which `footprint run` writes an outcome, and its tabs.

use crate::support::{SimulatorProcess, ended, outcome, shown};

#[test]
fn a_pipe_gets_aligned_plain_text_and_the_receipt_stands_beside_it() {
    let simulator = SimulatorProcess::start(&["--devices", "3", "--no-oddities"]);
    insta::assert_snapshot!(shown(simulator.footprint(["run", "List Tenants"])));
    let (_, out, _) = ended(simulator.footprint(["run", "List Devices"]));
    assert!(!out.contains(['\t', '\u{1b}', '…', '─']), "{out}");
    let column = out.find("IP").unwrap();
    assert!(out.lines().all(|line| line.as_bytes()[column - 1] == b' ' && line.as_bytes()[column] != b' '), "{out}");
}

#[test]
fn the_next_page_is_named_and_a_page_past_the_last_is_no_result() {
    let simulator = SimulatorProcess::start(&["--no-oddities"]);
    let (_, _, error) = ended(simulator.footprint(["run", "List Devices", "--param", "Page=9"]));
    assert!(error.contains("25 of 250 rows, page 9 of 10 · "), "{error}");
    assert!(error.contains("--param Page=10"), "{error}");
    let (_, _, error) = ended(simulator.footprint(["run", "List Devices", "--param", "Page=10"]));
    assert!(!error.contains("--param Page="), "{error}");
    let (code, out, error) = ended(simulator.footprint(["run", "List Devices", "--param", "Page=11"]));
    assert_eq!((code, out.as_str()), (0, "No result.\n"), "{error}");
}

#[test]
fn a_write_without_a_reply_says_that_it_was_accepted() {
    let simulator = SimulatorProcess::start(&["--generation", "legacy"]);
    let (code, out, _) = ended(simulator.footprint(["run", "patch-rescan", "--param", "Scanner ID=101"]));
    assert_eq!((code, out.as_str()), (0, "Accepted: the server sent no further data.\n"));
}

#[test]
fn raw_is_the_server_s_bytes_and_json_carries_them_unchanged() {
    let simulator = SimulatorProcess::start(&[]);
    let (code, raw, _) = ended(simulator.footprint(["run", "List Devices", "--output", "raw"]));
    assert_eq!(code, 0);
    assert!(raw.starts_with('{') && raw.ends_with('}'), "{raw}");
    let (_, json, _) = ended(simulator.footprint(["run", "List Devices", "--output", "json"]));
    assert!(json.contains(&format!("\"rawData\":{raw},")), "{json}");
    let (_, tab, _) = ended(simulator.footprint(["run", "List Devices", "--show", "raw"]));
    assert_eq!(tab, raw);
    let (_, none, _) = ended(simulator.footprint(["run", "Test Connection", "--output", "raw"]));
    assert_eq!(none, "");
}

#[test]
fn json_is_the_whole_outcome_or_one_tab_of_it() {
    let simulator = SimulatorProcess::start(&["--devices", "3"]);
    let json = |arguments: &[&str]| {
        let base = ["run", "List Devices", "--output", "json"];
        outcome(simulator.footprint(base.iter().chain(arguments).copied())).1
    };
    let whole = json(&[]);
    assert_eq!(whole["returnData"], "Successful");
    assert_eq!(whole["receipt"]["rows"], 3);
    for (tab, member) in [
        ("result", "result"),
        ("key-fields", "keyFields"),
        ("context", "contextData"),
        ("raw", "rawData"),
        ("error", "error"),
    ] {
        assert_eq!(json(&["--show", tab]), whole[member], "{tab}");
    }
}

#[test]
fn the_tabs_show_what_the_test_result_window_shows() {
    let simulator = SimulatorProcess::start(&["--devices", "3"]);
    let show = |tab: &str| ended(simulator.footprint(["run", "List Tenants", "--show", tab])).1;
    assert_eq!(show("key-fields"), "Key Field   Value\nTenant IDs  1\nTenant IDs  2\nTenant IDs  3\n");
    assert!(show("context").starts_with("[{\"ID\":1,\"Name\":"));
    assert_eq!(show("error"), "No error.\n");
    assert!(show("result").starts_with("ID  Name"));
}

#[test]
fn a_failure_is_the_error_tab_with_cause_and_cure_on_standard_error() {
    let simulator = SimulatorProcess::start(&[]);
    let missing = ["run", "List Device Users", "--param", "Device ID=7"];
    insta::assert_snapshot!(shown(simulator.footprint(missing)));
    let (code, failed) = outcome(simulator.footprint(missing.into_iter().chain(["--output", "json"])));
    assert_eq!(
        (code, &failed["returnData"], &failed["error"]["code"]),
        (1, &"Failed".into(), &"device-not-found".into())
    );
    let (code, out, error) = ended(simulator.footprint(missing.into_iter().chain(["--show", "error"])));
    assert!(code == 1 && out.starts_with("List Device Users failed.\nStatus Code: 404.\n"), "{out}");
    assert!(!error.contains("Status Code"), "{error}");
}

#[test]
fn a_failure_that_may_pass_says_so() {
    let simulator = SimulatorProcess::start(&["--fault", "devices status=500"]);
    let (code, _, error) = ended(simulator.footprint(["run", "List Devices"]));
    assert!(code == 1 && error.contains("Code: server-error (may be retried)"), "{error}");
}

#[test]
fn a_warning_stands_on_standard_error() {
    let simulator = SimulatorProcess::start(&[]);
    let (code, _, error) = ended(simulator.footprint(["run", "List Scan Surfaces", "--param", "Scanner ID=nine"]));
    assert!(code == 0 && error.starts_with("warning: "), "{error}");
}

#[test]
fn names_from_the_server_cannot_steer_the_reader_s_terminal() {
    let simulator = SimulatorProcess::start(&[]);
    let mut escaped = false;
    for page in 1..=10 {
        let (_, out, _) = ended(simulator.footprint(["run", "List Devices", "--param", &format!("Page={page}")]));
        assert!(out.chars().all(|c| c == '\n' || !c.is_control()), "{out:?}");
        escaped |= out.contains(r"\u{1b}[31m");
    }
    assert!(escaped, "the simulator names no device with an escape sequence any more");
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_run_quietly() {
    use std::process::{Command, Stdio};
    let simulator = SimulatorProcess::start(&["--devices", "5000"]);
    let (name, password) = simulator.user("administrator");
    let mut child = Command::new(env!("CARGO_BIN_EXE_footprint"))
        .args(["run", "List Devices", "--param", r#"Filter={"pageSize": 1000}"#, "--output", "json"])
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
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}
