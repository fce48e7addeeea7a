//! Wrong use: exit code 2 and the nearest valid name, without a connection.

use crate::instance::Instance;
use crate::support::{SimulatorProcess, ended, footprint, outcome, shown};

#[test]
fn a_mistyped_command_gets_the_nearest_one() {
    insta::assert_snapshot!(shown(footprint(["run", "list-devcies"])));
    let (code, _, error) = ended(footprint(["commands", "list-devcies"]));
    assert!(code == 2 && error.contains("Did you mean \"List Devices\"?"), "{error}");
}

#[test]
fn mistyped_and_missing_parameters_are_named() {
    insta::assert_snapshot!(shown(footprint(["run", "list-device-users", "--param", "Device=7"])));
    let (code, _, error) = ended(footprint(["run", "list-devices", "--param", r#"Filter={"riskLevel":"extreme"}"#]));
    assert!(code == 2 && error.contains("Filter.riskLevel: expected one of all, critical"), "{error}");
}

#[test]
fn the_valid_parameters_are_listed_once() {
    let wrong = ["run", "list-devices", "--param", "a=1", "--param", "b=1", "--param", "c=1"];
    let (code, _, error) = ended(footprint(wrong));
    let (unknown, lists) = (error.matches("Unknown parameter").count(), error.matches("Valid: ").count());
    assert_eq!((code, unknown, lists), (2, 3, 1), "{error}");
}

#[test]
fn a_value_that_a_flag_does_not_take_is_told_what_it_takes() {
    for (arguments, said) in [
        (vec!["runs", "list", "--limit", "0"], "expected a whole number from 1 to 1000"),
        (vec!["runs", "show", "abc"], "expected a whole number"),
        (vec!["findings", "changes", "--after", "x"], "expected a whole number"),
        (vec!["simulate", "--devices", "x"], "expected a whole number"),
        (vec!["serve", "--listen", "bogus"], "expected an IP address and a port, such as 127.0.0.1:8080"),
    ] {
        let (code, _, error) = ended(footprint(arguments));
        assert!(code == 2 && error.contains(said), "{error}");
    }
}

#[test]
fn a_program_gets_wrong_use_as_an_outcome() {
    let (code, refused) = outcome(footprint(["run", "list-devices", "--param", "Pge=2", "--output", "json"]));
    assert_eq!((code, &refused["returnData"]), (2, &"Failed".into()));
    assert_eq!(refused["error"]["code"], "unknown-parameter");
    assert_eq!(refused["error"]["failureIndicator"], "List Devices failed.");
    assert!(refused["error"]["cure"].as_str().is_some_and(|cure| !cure.is_empty()));
}

#[test]
fn parameters_are_given_once_and_with_a_value() {
    let wrong: [(&[&str], &str); 5] = [
        (&["--param", "Page"], "Page=VALUE"),
        (&["--param", "Page=1", "--param", "page=2"], "given twice"),
        (&["--params-json", r#"{"Page": 1}"#, "--param", "Page=2"], "given twice"),
        (&["--params-json", "[1]"], "--params-json takes a JSON object"),
        (&["--output", "csv", "--show", "raw"], "--output csv shows"),
    ];
    for (arguments, problem) in wrong {
        let (code, _, error) = ended(footprint(["run", "list-devices"].iter().chain(arguments).copied()));
        assert!(code == 2 && error.contains(problem), "{arguments:?}: {error}");
    }
}

#[test]
fn parameters_of_both_kinds_of_flag_come_together_and_only_the_first_equals_sign_splits() {
    let simulator = SimulatorProcess::start(&["--devices", "3"]);
    let arguments = ["run", "list-devices", "--params-json", r#"{"Page": 1}"#, "--param", r#"Filter={"ip": "a=b"}"#];
    let (code, out, error) = ended(simulator.footprint(arguments));
    assert_eq!((code, out.as_str()), (0, "No result.\n"), "{error}");
}

#[test]
fn mistyped_subcommands_and_flags_get_the_nearest_one() {
    for (arguments, near) in
        [(vec!["dmeo"], "demo"), (vec!["demo", "--onec"], "--once"), (vec!["simulate", "--sead", "1"], "--seed")]
    {
        let (code, _, error) = ended(footprint(arguments));
        assert!(code == 2 && error.contains(near), "{error}");
    }
    assert_eq!(ended(footprint([])).0, 2);
}

#[test]
fn a_rescan_of_every_scanner_wants_a_person_or_its_flag() {
    let simulator = SimulatorProcess::start(&[]);
    let (code, out, _) = ended(simulator.footprint(["run", "patch-rescan", "--param", "Scanner ID=101"]));
    assert!(code == 0 && out.contains("101"), "a known scanner is nobody's question: {out}");
    for (given, problem) in [
        (vec![], "No Scanner ID is given"),
        (vec!["--param", "Scanner ID=999"], "Scanner ID 999 is not in List Scanners"),
    ] {
        let run = |flags: &[&'static str]| {
            let arguments = ["run", "patch-rescan"].into_iter().chain(given.iter().copied());
            ended(simulator.footprint(arguments.chain(flags.iter().copied())))
        };
        let (code, out, error) = run(&[]);
        assert_eq!((code, out.as_str()), (2, ""), "{error}");
        assert!(
            error.starts_with(&format!("warning: {problem}: Patch Rescan would start a rescan on every")),
            "{error}"
        );
        assert!(error.contains("--all-scanners"), "{error}");
        assert_eq!(run(&["--all-scanners"]).0, 0);
    }
    let strict = ["run", "patch-rescan", "--param", "Scanner ID=999", "--setting", "Strict Scanner ID=Yes"];
    let (code, _, error) = ended(simulator.footprint(strict));
    assert_eq!(code, 1, "the connector refuses it, so nobody is asked: {error}");
    assert!(error.contains("The Scanner ID cannot be used") && !error.contains("--all-scanners"), "{error}");
}

#[test]
fn parameters_can_come_from_a_file() {
    let simulator = SimulatorProcess::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("parameters.json");
    std::fs::write(&file, "\u{feff}{\"Page\": 2}").unwrap();
    let given = format!("@{}", file.display());
    let (code, _, error) = ended(simulator.footprint(["run", "list-devices", "--params-json", &given]));
    assert!(code == 0 && error.contains("page 2 of 10"), "{error}");
    let (code, _, error) = ended(simulator.footprint(["run", "list-devices", "--params-json", "@/nowhere"]));
    assert!(code == 2 && error.contains("/nowhere cannot be read"), "{error}");
}

#[test]
fn the_site_of_a_call_is_site_and_the_old_flag_says_so() {
    let old = ["utility", "update-incident-site-in-bulk", "--on", "Security Operations"];
    let (code, _, error) = ended(footprint(old));
    assert!(code == 2 && error.contains("write --site \"Security Operations\""), "{error}");
}

#[cfg(unix)]
#[test]
fn a_secret_goes_into_no_file_that_others_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let instance = Instance::new();
    for arguments in [["tenant", "key", "create"].as_slice(), &["key", "add", "ci"]] {
        let path = instance.path().join("secret");
        let file = std::fs::File::create(&path).unwrap();
        file.set_permissions(std::fs::Permissions::from_mode(0o644)).unwrap();
        let mut process = std::process::Command::new(env!("CARGO_BIN_EXE_footprint"));
        process.args(arguments).env("FOOTPRINT_INSTANCE", instance.path()).stdout(file);
        assert!(process.output().unwrap().status.success());
        let there = std::fs::metadata(&path).unwrap();
        assert!(there.len() > 20);
        assert_eq!(there.permissions().mode() & 0o777, 0o600, "{arguments:?}");
    }
}

#[test]
fn an_import_that_adds_nothing_says_so_by_its_exit_code() {
    let instance = Instance::new();
    instance.successful(["incident", "create", "--type", "Phishing", "--title", "A"]);
    let file = instance.path().join("incidents.ndjson").display().to_string();
    instance.successful(["incident", "export", &file]);
    let error = instance.refused(1, ["incident", "import", &file, "--on-conflict", "skip"]);
    assert!(error.contains("Nothing was imported"), "{error}");
}
