//! Wrong use: exit code 2, the nearest valid name, and no connection needed to hear of it.

use crate::support::{Simulator, ended, footprint, outcome, shown};

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
    let simulator = Simulator::start(&["--devices", "3"]);
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
