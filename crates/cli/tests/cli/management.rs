//! Sites, users, keys and the audit log at the terminal: output, refusals and rights.

use serde_json::json;

use crate::instance::Instance;

#[test]
fn lists_come_as_a_table_json_csv_and_ndjson() {
    let instance = Instance::new();
    instance.successful(["site", "add", "Acme Corp", "--kind", "client", "--time-zone", "europe/zurich"]);
    insta::assert_snapshot!(instance.shown(["site", "list"]));
    assert_eq!(
        instance.successful(["site", "list", "--output", "csv"]),
        "Site,Kind,Active,Time Zone,Language,Description\r\nAcme Corp,Client,yes,Europe/Zurich,en,\r\n\
         Security Operations,Internal,yes,America/Vancouver,en,\r\n"
    );
    let lines = instance.successful(["site", "list", "--output", "ndjson"]);
    assert_eq!(lines.lines().count(), 2);
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first, instance.json(["site", "list"])[0]);
    assert_eq!(instance.json(["connection", "list"]), json!([]));
    let integrations = instance.json(["integration", "list"]);
    assert_eq!(
        (&integrations[0]["id"], &integrations[0]["parameters"][0]["name"]),
        (&json!("coda-footprint"), &json!("Server URL"))
    );
    assert_eq!(instance.successful(["alert", "waiting"]), "No alerts wait for delivery.\n");
    instance.successful(["user", "add", "alice", "--role", "Manager", "--site", "Acme Corp"]);
    let error = instance.refused(1, ["alert", "waiting", "--as", "alice"]);
    assert!(error.contains("is no administrator") && error.contains("--as USER"), "{error}");
    let nothing = instance.successful(["connection", "list"]);
    assert_eq!(nothing, "No connections that you may see. `footprint connection add` creates one.\n");
}

#[test]
fn sites_are_changed_shown_and_removed() {
    for instance in Instance::on_both() {
        instance.successful(["site", "add", "Acme Corp"]);
        instance.successful(["site", "change", "acme corp", "--name", "Acme Inc", "--description", "SOC for Acme"]);
        let site = instance.json(["site", "show", "ACME INC"]);
        assert_eq!((&site["name"], &site["description"]), (&"Acme Inc".into(), &"SOC for Acme".into()));
        assert!(instance.refused(2, ["site", "change", "Acme Inc"]).contains("Nothing to change"));
        assert!(instance.refused(2, ["site", "add", "ACME inc"]).contains("Choose another name"));
        assert!(instance.refused(2, ["site", "add", "x", "--time-zone", "Mars"]).contains("There is no time zone"));
        let error = instance.refused(2, ["site", "show", "Acme Ink"]);
        assert!(error.contains("Did you mean \"Acme Inc\"?") && error.contains("`footprint site list`"), "{error}");
        instance.successful(["incident", "create", "--site", "Acme Inc", "--type", "Phishing"]);
        let error = instance.refused(1, ["site", "remove", "Acme Inc"]);
        assert!(error.contains("it still has 1 incident"), "{error}");
        instance.successful(["site", "add", "Empty"]);
        instance.successful(["site", "remove", "empty"]);
        assert_eq!(instance.json(["site", "list"]).as_array().unwrap().len(), 2);
    }
}

#[test]
fn users_get_roles_and_lose_them() {
    for instance in Instance::on_both() {
        instance.successful(["user", "add", "alice", "--email", "alice@example.com", "--role", "analyst"]);
        assert_eq!(instance.json(["user", "show", "alice"])["roles"], json!({ "Security Operations": "Analyst" }));
        instance.successful(["user", "role", "alice", "Manager"]);
        instance.successful(["user", "change", "alice", "--email", ""]);
        let alice = instance.json(["user", "show", "Alice"]);
        assert_eq!((&alice["roles"]["Security Operations"], &alice["email"]), (&"Manager".into(), &json!(null)));
        instance.successful(["user", "remove-role", "alice"]);
        assert!(instance.refused(2, ["user", "remove-role", "alice"]).contains("has no role"));
        instance.successful(["user", "deactivate", "alice"]);
        let error = instance.refused(1, ["site", "list", "--as", "alice"]);
        assert!(error.contains("is deactivated"), "{error}");
        instance.successful(["user", "activate", "alice"]);
        let error = instance.refused(1, ["user", "deactivate", "Admin"]);
        assert!(error.contains("Make another user an administrator first"), "{error}");
    }
}

#[test]
fn whoever_is_no_administrator_sees_little_and_manages_nothing() {
    let instance = Instance::new();
    instance.successful(["site", "add", "Acme Corp"]);
    instance.successful(["user", "add", "alice", "--role", "Manager", "--site", "Acme Corp"]);
    let sites = instance.json(["site", "list", "--as", "alice"]);
    assert_eq!((sites.as_array().unwrap().len(), &sites[0]["name"]), (1, &"Acme Corp".into()));
    let error = instance.refused(2, ["site", "show", "Security Operations", "--as", "alice"]);
    assert!(error.contains("There is no site"), "{error}");
    for arguments in [["site", "add", "X"], ["user", "add", "X"], ["key", "add", "X"], ["key", "revoke", "init"]] {
        let mut arguments = arguments.to_vec();
        arguments.extend(["--as", "alice"]);
        let error = instance.refused(1, arguments);
        assert!(error.contains("\"alice\" is no administrator.") && error.contains("--as USER"), "{error}");
    }
    assert!(instance.refused(1, ["audit", "--as", "alice"]).contains("is no administrator"));
    assert_eq!(instance.json(["user", "show", "--as", "alice"])["name"], "alice");
    let refused = instance.json(["audit", "--refused", "--user", "ALICE"]);
    let commands: Vec<_> = refused.as_array().unwrap().iter().map(|entry| entry["command"].as_str().unwrap()).collect();
    assert_eq!(commands, ["site add", "user add", "key add", "key revoke"]);
    assert!(refused[0]["surface"] == "terminal" && refused[0]["key"] == "" && refused[0]["site"] == "X", "{refused}");
    let error = instance.refused(2, ["site", "list", "--as", "alise"]);
    assert!(error.contains("Did you mean \"alice\"?") && error.contains("--as or FOOTPRINT_AS"), "{error}");
}

#[test]
fn a_key_is_shown_once_and_alone_on_standard_output() {
    for instance in Instance::on_both() {
        let (code, out, error) =
            instance.ended(["key", "add", "ci", "--site", "Security Operations", "--command", "GetIncidents"]);
        let key = out.trim_end().to_owned();
        assert!(code == 0 && out.lines().count() == 1 && key.starts_with("d3k_"), "{out}");
        assert!(error.contains("not shown again") && !error.contains(&key), "{error}");
        let refused = instance.refused(2, ["key", "add", "typo", "--command", "GetIncidnets"]);
        assert!(refused.contains("Commands: There is no command \"GetIncidnets\"."), "{refused}");
        assert!(refused.contains("Did you mean \"GetIncidents\"?"), "{refused}");
        instance.successful(["key", "add", "reading", "--command", "List Devices", "--command", "sync-connection"]);
        let reading = instance.json(["key", "show", "reading"]);
        assert_eq!(reading["commands"], json!(["listdevices", "syncconnection"]));
        let listed = instance.successful(["key", "list", "--output", "json"]);
        assert!(!listed.contains(&key) && !listed.contains("typo"), "{listed}");
        let served = instance.serve();
        let call = |command: &str, key: &str| {
            let parameters = json!({ "Start Time": "2000-01-01 00:00:00", "End Time": "2099-12-31 00:00:00" });
            let body = json!({ "Username": "Admin", "Site": "Security Operations", "CommandParams": parameters });
            served.call(command, key, body)
        };
        assert_eq!(call("GetIncidents", &key).1["error"], "");
        assert_ne!(call("CreateAnIncident", &key).1.get("error"), Some(&"".into()), "it may not run that");
        instance.successful(["key", "revoke", "CI"]);
        assert_eq!(call("GetIncidents", &key).0, 401, "what the terminal has said holds at once");
    }
}

#[test]
fn a_user_gets_links_to_set_a_password_and_its_sessions_and_app_are_managed() {
    for instance in Instance::on_both() {
        let token = |link: &str| link.rsplit_once("/console/password/").unwrap().1.to_owned();
        let first = instance.made["passwordLink"].as_str().unwrap();
        assert!(first.starts_with("http://127.0.0.1:") && token(first).len() == 43, "{first}");
        let out = instance.successful(["user", "add", "alice"]);
        let link = out.lines().find_map(|line| line.trim().strip_prefix("http://")).unwrap();
        assert_eq!(token(link).len(), 43, "{out}");
        let again = instance.json(["user", "password-link", "ALICE"]);
        assert_eq!(again["user"], "alice");
        assert_ne!(token(again["link"].as_str().unwrap()), token(link));
        assert_eq!(instance.json(["user", "sessions", "alice"]), json!([]));
        let ended = instance.successful(["user", "sessions", "alice", "--end"]);
        assert!(ended.contains("Sessions of \"alice\" that were ended: 0."), "{ended}");
        let error = instance.refused(2, ["user", "reset-totp", "alice"]);
        assert!(error.contains("has no authenticator app"), "{error}");
        for action in ["password-link", "sessions", "reset-totp"] {
            let error = instance.refused(2, ["user", action, "nobody"]);
            assert!(error.contains("There is no user \"nobody\"."), "{error}");
            let error = instance.refused(1, ["user", action, "Admin", "--as", "alice"]);
            assert!(error.contains("\"alice\" is no administrator."), "{error}");
        }
        instance.successful(["user", "deactivate", "alice"]);
        assert!(instance.refused(2, ["user", "password-link", "alice"]).contains("is not active"));
        let log = instance.successful(["audit", "--output", "json"]);
        assert!(!log.contains(&token(link)) && !log.contains(&token(first)));
    }
}

#[test]
fn keys_that_cannot_be_are_refused() {
    let instance = Instance::new();
    for (arguments, problem) in [
        (vec!["x", "--expires", "soon"], "--expires: expected a time such as 2026-12-31"),
        (vec!["x", "--expires", "2020-01-01"], "The expiry is in the past"),
        (vec!["x", "--owner", "nobody"], "There is no user \"nobody\"."),
        (vec!["x", "--site", "Nowhere"], "There is no site \"Nowhere\"."),
        (vec!["init"], "The key \"init\" exists already."),
        (vec!["x", "--jwt", "--manage"], "cannot be used with"),
    ] {
        let error = instance.refused(2, ["key", "add"].into_iter().chain(arguments));
        assert!(error.contains(problem), "{error}");
    }
    assert_eq!(instance.json(["key", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn the_audit_log_can_be_followed() {
    use std::io::{BufRead as _, BufReader};
    let instance = Instance::new();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_footprint"))
        .env_clear()
        .env("FOOTPRINT_INSTANCE", instance.path())
        .args(["audit", "--follow", "--output", "ndjson"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut command = || {
        let entry: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        entry["command"].as_str().unwrap().to_owned()
    };
    assert_eq!(command(), "init");
    instance.successful(["user", "add", "alice"]);
    assert_eq!(command(), "user add");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(instance.refused(2, ["audit", "--follow", "--output", "json"]).contains("--output ndjson"));
}

#[test]
fn the_audit_log_is_a_table_and_can_be_filtered() {
    let instance = Instance::new();
    instance.successful(["user", "add", "alice"]);
    instance.refused(2, ["user", "add", "alice"]);
    insta::assert_snapshot!(instance.shown(["audit"]));
    let one = instance.json(["audit", "--refused", "--since", "1h", "--command", "USER add"]);
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!(instance.json(["audit", "--until", "1h"]), json!([]));
    assert_eq!(instance.json(["audit", "--limit", "1"])[0]["accepted"], false);
    assert!(instance.refused(2, ["audit", "--since", "yore"]).contains("--since: expected a time"));
}
