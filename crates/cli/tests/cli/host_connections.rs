//! Connections of an instance and the runs on them, from the terminal, against a simulator.

use serde_json::json;

use crate::instance::{Instance, everything_in};
use crate::support::{SimulatorProcess, ended};

/// An instance with the connection `production` to the simulator.
pub fn connected(simulator: &SimulatorProcess) -> Instance {
    let instance = Instance::new();
    let (user, password) = simulator.user("administrator");
    let url = format!("Server URL={}", simulator.url());
    let user = format!("User Name={user}");
    let mut command = instance.footprint(["connection", "add", "production", "--param", &url, "--param", &user]);
    command.args(["--secret-stdin", "password"]).write_stdin(format!("{password}\n"));
    let (code, out, error) = ended(command);
    assert!(code == 0 && out.contains("was created"), "{out}{error}");
    instance
}

#[test]
fn a_connection_is_made_tested_used_and_deleted() {
    let simulator = SimulatorProcess::start(&[]);
    let instance = connected(&simulator);
    insta::assert_snapshot!("connection_list", instance.shown(["connection", "list"]));
    let sites = ["connection", "list", "--columns", "Site,connection", "--output", "csv"];
    assert_eq!(instance.successful(sites), "Site,Connection\r\nSecurity Operations,production\r\n");
    let error = instance.refused(2, ["connection", "list", "--columns", "Stie"]);
    assert!(error.contains("Did you mean \"Site\"?") && error.contains("Valid: Connection, Site,"), "{error}");
    let error = instance.refused(2, ["connection", "list", "--columns", "Site", "--output", "json"]);
    assert!(error.contains("JSON has none"), "{error}");
    insta::assert_snapshot!("connection_show", instance.shown(["connection", "show", "production"]));
    let (code, out, error) = instance.ended(["connection", "test", "Production"]);
    assert!(code == 0 && out == "✔ Passed\n" && error.contains(" requests · "), "{out}{error}");
    let audited = instance.json(["audit", "--command", "connection test"]);
    assert_eq!(
        (&audited[0]["reason"], &audited[0]["site"], &audited[0]["accepted"]),
        (&"production: Passed".into(), &"Security Operations".into(), &true.into())
    );
    let devices = instance.json(["connection", "run", "production", "list-devices", "--param", "Page=2"]);
    assert_eq!((&devices["returnData"], devices["contextData"].as_array().unwrap().len()), (&"Successful".into(), 25));
    let runs = instance.json(["runs", "list"]);
    let of = |name: &str| runs.as_array().unwrap().iter().map(|run| run[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("command"), ["List Devices", "Test Connection"]);
    assert_eq!(of("status"), ["Successful", "Successful"]);
    let run = instance.json(["runs", "show", &runs[0]["id"].to_string()]);
    assert_eq!((&run["parameters"], &run["outcome"]["rows"]), (&json!({ "Page": 2 }), &json!(25)));
    assert_eq!(instance.json(["runs", "list", "--status", "Failed"]), json!([]));
    assert!(
        instance.refused(2, ["runs", "list", "--connection", "prodution"]).contains("Did you mean \"production\"?")
    );
    let ended = instance.successful(["runs", "cancel", &runs[0]["id"].to_string()]);
    assert!(ended.contains("had ended already"), "{ended}");
    instance.successful(["connection", "remove", "production"]);
    assert_eq!(instance.json(["connection", "list"]), json!([]));
    let audited = instance.json(["audit", "--command", "connection remove"]);
    assert_eq!((&audited[0]["reason"], &audited[0]["site"]), (&"production".into(), &"Security Operations".into()));
}

#[test]
fn a_run_on_a_connection_takes_all_that_a_run_takes() {
    let simulator = SimulatorProcess::start(&["--no-oddities", "--fault", "devices short-page page=3"]);
    let instance = connected(&simulator);
    let run = |flags: &[&'static str]| {
        let arguments = ["connection", "run", "production", "list-devices"].into_iter();
        instance.ended(arguments.chain(flags.iter().copied()))
    };
    let (code, out, error) = run(&["--output", "csv"]);
    assert_eq!((code, out.lines().count()), (0, 26), "{error}");
    let (code, out, error) = run(&["--all-pages", "--output", "ndjson", "--strict"]);
    assert_eq!((code, out.lines().count()), (1, 249), "{error}");
    assert!(error.contains("run 2 · ") && error.contains("--strict makes that a failure"), "{error}");
    let file = instance.path().join("devices.csv");
    let written = ["connection", "run", "production", "list-devices", "--output-file", file.to_str().unwrap()];
    instance.successful(written);
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 26);
    let error = instance.refused(2, ["connection", "run", "production", "patch-rescan"]);
    assert!(error.starts_with("warning: No Scanner ID is given: ") && error.contains("--all-scanners"), "{error}");
    instance.successful(["connection", "run", "production", "patch-rescan", "--all-scanners"]);
}

#[test]
fn nobody_is_asked_where_the_connector_refuses_an_unknown_scanner() {
    let simulator = SimulatorProcess::start(&[]);
    let instance = connected(&simulator);
    let unknown = ["connection", "run", "production", "patch-rescan", "--param", "Scanner ID=999999"];
    let error = instance.refused(2, unknown);
    assert!(error.contains("Scanner ID 999999 is not in List Scanners") && error.contains("--all-scanners"), "{error}");
    instance.successful(["connection", "change", "production", "--param", "Strict Scanner ID=yes"]);
    let error = instance.refused(1, unknown);
    assert!(error.contains("The Scanner ID cannot be used") && !error.contains("--all-scanners"), "{error}");
    let error = instance.refused(2, ["connection", "run", "production", "patch-rescan"]);
    assert!(error.contains("No Scanner ID is given"), "the connector runs for all scanners: {error}");
}

#[test]
fn a_failed_test_shows_the_error_tab() {
    let simulator = SimulatorProcess::start(&[]);
    let instance = connected(&simulator);
    let secret = instance.file("secret", "wrong");
    let secret = format!("Password={}", secret.display());
    instance.successful(["connection", "change", "production", "--secret-file", &secret]);
    let (code, out, error) = instance.ended(["connection", "test", "production"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(error.starts_with("Test Connection failed. Failed to check the connector.\nStatus Code: "), "{error}");
    assert!(error.contains("\nCure: "), "{error}");
    let audited = instance.json(["audit", "--command", "connection test"]);
    assert_eq!((&audited[0]["reason"], &audited[0]["accepted"]), (&"production: Failed".into(), &true.into()));
    let tested = instance.ended(["connection", "test", "production", "--output", "json"]).1;
    let tested: serde_json::Value = serde_json::from_str(&tested).unwrap();
    assert_eq!(
        (&tested["passed"], &tested["run"], &tested["returnData"]),
        (&false.into(), &2.into(), &"Failed".into())
    );
}

#[test]
fn a_secret_is_sealed_rotated_and_never_shown() {
    let simulator = SimulatorProcess::start(&[]);
    let instance = connected(&simulator);
    let (_, password) = simulator.user("administrator");
    let before = std::fs::read_to_string(instance.path().join("sealing.key")).unwrap();
    let rotated = instance.json(["connection", "rotate-key"]);
    assert_eq!(rotated["resealed"], 1);
    let after = std::fs::read_to_string(instance.path().join("sealing.key")).unwrap();
    let keys = |text: &str| text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    assert!(keys(&after).len() == 1 && keys(&after) != keys(&before));
    assert_eq!(instance.ended(["connection", "test", "production"]).0, 0);
    for arguments in [
        ["connection", "show", "production", "--output", "json"].as_slice(),
        ["connection", "list", "--output", "json"].as_slice(),
        ["runs", "list", "--output", "json"].as_slice(),
        ["audit", "--output", "json"].as_slice(),
    ] {
        let shown = instance.successful(arguments.iter().copied());
        assert!(!shown.contains(password), "{shown}");
    }
    assert!(!everything_in(&instance.path()).contains(password));
}

#[test]
fn what_cannot_be_a_connection_is_refused_without_a_secret_in_sight() {
    let simulator = SimulatorProcess::start(&[]);
    let instance = connected(&simulator);
    let url = format!("Server URL={}", simulator.url());
    for (code, arguments, problem) in [
        (2, vec!["--param", "Password=canary"], "Password is a secret"),
        (2, vec!["--param", "canary"], "--param takes a name and a value"),
        (2, vec!["--secret-file", "canary"], "--secret-file takes a name"),
        (2, vec!["--param", "Sever URL=canary"], "Did you mean \"Server URL\"?"),
        (2, vec!["--secret-ref", "Password=canary"], "expected env:NAME, file:/PATH or command:NAME"),
        (2, vec!["--secret-ref", "Server URL=env:X"], "is for secrets, and Server URL is not a secret"),
        (2, vec!["--secret-file", "Password=/nowhere"], "The file /nowhere cannot be read"),
        (2, vec!["--secret-ref", "Password=env:HOME", "--param", "User Name=me"], "FOOTPRINT_SECRET_"),
        (2, vec!["--param", "User Name=me"], "Password: It is missing."),
        (2, vec!["--site", "Nowhere"], "There is no site \"Nowhere\""),
        (2, vec!["--integration", "other"], "Valid: coda-footprint."),
    ] {
        let mut all = vec!["connection", "add", "second"];
        if !arguments.iter().any(|argument| argument.starts_with("Server URL")) {
            all.extend(["--param", &url]);
        }
        all.extend(arguments);
        let error = instance.refused(code, all.clone());
        assert!(error.contains(problem) && !error.contains("canary"), "{all:?}: {error}");
    }
    let error = instance.refused(2, ["connection", "change", "production", "--param", "Server URL=http://127.0.0.1:1"]);
    assert!(error.contains("To change it, give these secrets again: Password"), "{error}");
    assert!(instance.refused(2, ["connection", "change", "production"]).contains("Nothing to change"));
    assert_eq!(instance.json(["connection", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_secret_can_live_in_the_environment() {
    let simulator = SimulatorProcess::start(&[]);
    let instance = connected(&simulator);
    let (_, password) = simulator.user("administrator");
    let reference = "Password=env:FOOTPRINT_SECRET_PRODUCTION";
    instance.successful(["connection", "change", "production", "--secret-ref", reference]);
    let error = instance.refused(1, ["connection", "test", "production"]);
    assert!(error.contains("FOOTPRINT_SECRET_PRODUCTION"), "{error}");
    let mut command = instance.footprint(["connection", "test", "production"]);
    command.env("FOOTPRINT_SECRET_PRODUCTION", password);
    assert_eq!(ended(command).0, 0);
}

#[test]
fn a_running_host_uses_a_connection_that_is_made_beside_it() {
    let simulator = SimulatorProcess::start(&[]);
    let instance = Instance::new();
    let served = instance.serve();
    let call = || {
        let body = json!({ "Username": "Admin", "Site": "Security Operations", "CommandParams": {} });
        served.call("ListDevices", instance.made["key"].as_str().unwrap(), body).1
    };
    assert!(call()["error"].as_str().unwrap().contains("There is no connection"), "{}", call());
    let (user, password) = simulator.user("administrator");
    let secret = instance.file("secret", password);
    let flags = [format!("Server URL={}", simulator.url()), format!("User Name={user}")];
    let secret = format!("Password={}", secret.display());
    instance.successful([
        "connection",
        "add",
        "main",
        "--param",
        &flags[0],
        "--param",
        &flags[1],
        "--secret-file",
        &secret,
    ]);
    let answer = call();
    assert_eq!(answer["error"], "", "{answer}");
    assert_eq!(answer["contextData"].as_array().unwrap().len(), 25);
    let runs = instance.json(["runs", "list", "--user", "Admin"]);
    assert_eq!((&runs[0]["command"], &runs[0]["key"]), (&"List Devices".into(), &"init".into()));
}
