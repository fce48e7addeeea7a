//! Proxy agents and certificates from the terminal.

use std::net::TcpListener;

use serde_json::json;

use crate::instance::{Instance, everything_in};
use crate::support::{SimulatorProcess, ended};

/// An instance with the connection `production` to the simulator.
fn connected(simulator: &SimulatorProcess) -> Instance {
    let instance = Instance::new();
    let (user, password) = simulator.user("administrator");
    let (url, user) = (format!("Server URL={}", simulator.url()), format!("User Name={user}"));
    let mut command = instance.footprint(["connection", "add", "production", "--param", &url, "--param", &user]);
    command.args(["--secret-stdin", "Password"]).write_stdin(format!("{password}\n"));
    assert_eq!(ended(command).0, 0);
    instance
}

/// The address of a port at which no program listens.
fn dead() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn an_agent_is_made_seen_chosen_changed_tested_and_removed() {
    let simulator = SimulatorProcess::start(&[]);
    let instance = connected(&simulator);
    assert!(instance.shown(["agent", "list"]).contains("No agents that you may see."));
    let address = dead();
    let mut command = instance.footprint(["agent", "add", "Branch", "--address", &address, "--user-name", "soar"]);
    command.args(["--secret-stdin", "--description", "Of the branch"]).write_stdin("canary\n");
    let (code, out, error) = ended(command);
    assert!(code == 0 && out.contains("The agent \"Branch\" was created: Security Operations."), "{out}{error}");
    assert!(error.contains("test Branch --to HOST:PORT"), "{error}");
    let made = instance.json(["agent", "show", "branch"]);
    assert_eq!((&made["address"], &made["secret"]), (&json!(address), &json!({ "secret": true })));
    assert_eq!(instance.json(["agent", "list"]), json!([made]));
    let shown = instance.shown(["agent", "show", "Branch"]);
    assert!(shown.contains("Security Operations") && shown.contains("(sealed)"), "{shown}");

    let near = instance.refused(2, ["connection", "change", "production", "--agent", "Brunch"]);
    assert!(near.contains("no agent \"Brunch\"") && near.contains("Did you mean \"Branch\"?"), "{near}");
    instance.successful(["connection", "change", "production", "--agent", "Branch"]);
    // No call connects directly: the proxy is dead, and the server is not.
    let (code, _, error) = instance.ended(["connection", "test", "production"]);
    assert!(code == 1 && error.contains("The connection uses the agent \"Branch\"."), "{error}");
    assert!(error.contains("through the agent Branch · "), "{error}");
    let (code, out, _) = instance.ended(["connection", "diagnose", "production"]);
    assert!(code == 1 && out.contains("The connection uses the agent \"Branch\"."), "{out}");
    let (code, out, error) = instance.ended(["agent", "test", "Branch", "--connection", "production"]);
    assert!(code == 1 && out.starts_with("✘ Failed. The proxy 127.0.0.1:"), "{out}{error}");
    let tested = ["agent", "test", "Branch", "--to", "footprint.example.com", "--output", "json"];
    let (code, out, _) = instance.ended(tested);
    assert!(code == 1 && out.contains("\"to\":\"footprint.example.com:443\""), "{out}");

    let again = instance.refused(2, ["agent", "change", "Branch", "--address", "http://proxy.example"]);
    assert!(again.contains("only to the address for which it was given"), "{again}");
    let used = instance.refused(1, ["agent", "remove", "Branch"]);
    assert!(used.contains("\"production\" (Security Operations)"), "{used}");
    instance.successful(["agent", "change", "Branch", "--all-sites", "--no-secret", "--user-name", ""]);
    assert_eq!(instance.json(["agent", "show", "Branch"])["secret"], json!(null));
    assert!(instance.refused(2, ["agent", "change", "Branch"]).contains("Nothing to change"));
    for (change, name) in [(["agent", "change"], "Branch"), (["connection", "change"], "production")] {
        let arguments = [name, "--description", "Other", "--version", "1000"];
        let stale = instance.refused(1, change.into_iter().chain(arguments));
        assert!(stale.contains("has been changed since you read it"), "{stale}");
    }
    instance.successful(["connection", "change", "production", "--agent", ""]);
    assert_eq!(instance.ended(["connection", "test", "production"]).0, 0);
    assert_eq!(instance.ended(["connection", "diagnose", "production"]).0, 0);
    instance.successful(["agent", "remove", "Branch"]);
    assert!(instance.refused(2, ["agent", "show", "Branch"]).contains("footprint agent list"));
    for (command, entries) in [("agent add", 1), ("agent change", 3), ("agent test", 2), ("agent remove", 2)] {
        let audited = instance.json(["audit", "--command", command]);
        assert_eq!(audited.as_array().unwrap().len(), entries, "{command}: {audited}");
    }
    assert!(!everything_in(&instance.path()).contains("canary"));
}

#[test]
fn the_file_of_certificates_is_read_where_it_is_typed() {
    let simulator = SimulatorProcess::start(&[]);
    let instance = connected(&simulator);
    let pem = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap().cert.pem();
    let file = instance.file("ca.pem", &pem);
    let given = format!("CA File={}", file.display());
    let change = ["connection", "change", "production", "--param", &given];
    let error = instance.refused(2, change);
    assert!(
        error.contains("CA File: It decides where the connection sends its secrets. To change it, give these secrets again: Password."),
        "{error}"
    );
    let mut with_secret = instance.footprint(change);
    with_secret.args(["--secret-stdin", "Password"]).write_stdin(simulator.user("administrator").1);
    let (code, shown, error) = ended(with_secret);
    assert!(code == 0 && shown.contains("(1 certificate, PEM)"), "{shown}{error}");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(instance.ended(["connection", "test", "production"]).0, 0, "the connection keeps the certificates");
    let kept = instance.json(["connection", "show", "production"])["parameters"]["CA File"].clone();
    assert!(kept.as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"), "{kept}");
    for (path, expected) in [
        (given.clone(), "cannot be read"),
        ("CA File=/dev/zero".to_owned(), "is not a file"),
        (format!("CA File={}", instance.file("none", "nothing").display()), "holds no certificate"),
    ] {
        let error = instance.refused(2, ["connection", "change", "production", "--param", &path]);
        assert!(error.contains("CA File: The file ") && error.contains(expected), "{error}");
    }
}

#[test]
fn a_site_that_is_inactive_runs_nothing_and_says_so() {
    let simulator = SimulatorProcess::start(&[]);
    let instance = connected(&simulator);
    let changed = instance.successful(["site", "change", "Security Operations", "--active", "false"]);
    assert!(changed.contains("no: The site \"Security Operations\" is inactive."), "{changed}");
    for arguments in [
        ["connection", "test", "production"].as_slice(),
        &["connection", "diagnose", "production"],
        &["connection", "run", "production", "List Scanners"],
        &["utility", "get-incidents", "--start-time", "2020-01-01 00:00:00", "--end-time", "2030-01-01 00:00:00"],
    ] {
        let error = instance.refused(1, arguments.iter().copied());
        assert!(error.contains("The site \"Security Operations\" is inactive."), "{error}");
    }
    let audited = instance.json(["audit", "--refused", "--command", "GetIncidents"]);
    let reason = audited[0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("The site \"Security Operations\" is inactive."), "{audited}");
    instance.successful(["site", "change", "Security Operations", "--active", "true"]);
    assert_eq!(instance.ended(["connection", "test", "production"]).0, 0);
}
