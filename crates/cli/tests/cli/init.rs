//! `footprint init`: its result, its refusals, and its resumption after an interruption.

use soar_store::testing::PostgresServer;
use tempfile::TempDir;

use crate::instance::{Instance, without_times};
use crate::support::{ended, footprint, redacted};

#[test]
fn a_person_is_told_the_key_and_lines_that_work() {
    let folder = TempDir::new().unwrap();
    let mut command = footprint(["init", "--yes", "--time-zone", "America/Vancouver"]);
    command.env("FOOTPRINT_INSTANCE", folder.path().join("instance"));
    let (code, out, error) = ended(command);
    assert_eq!((code, error.as_str()), (0, ""));
    let shown = out.replace(&folder.path().join("instance").display().to_string(), "[instance]");
    insta::assert_snapshot!(redacted(&shown).split('\n').map(without_times).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_port_that_the_host_chooses_is_a_word_in_addresses() {
    let folder = TempDir::new().unwrap();
    let mut command = footprint(["init", "--yes", "--listen", "127.0.0.1:0"]);
    command.env("FOOTPRINT_INSTANCE", folder.path().join("instance"));
    let (code, out, error) = ended(command);
    assert_eq!((code, error.as_str()), (0, ""));
    for address in ["http://127.0.0.1:PORT/console/password/", "http://127.0.0.1:PORT/VSOC/api/Command/GetIncidents"] {
        assert!(out.contains(address), "{out}");
    }
    assert!(out.contains("PORT stands for the port.") && !out.contains("127.0.0.1:0"), "{out}");
}

#[cfg(unix)]
#[test]
fn what_it_leaves_is_its_owner_s_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let instance = Instance::new();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&instance.path()), 0o700);
    // The store's other files exist only while it is open.
    for name in ["host.toml", "host.db", "sealing.key"] {
        assert_eq!(mode(&instance.path().join(name)), 0o600, "{name}");
    }
}

#[test]
fn the_instance_works_at_once_on_both_stores() {
    for instance in Instance::on_both() {
        let sites = instance.json(["site", "list"]);
        assert_eq!(
            (&sites[0]["name"], &sites[0]["timeZone"]),
            (&"Security Operations".into(), &"America/Vancouver".into())
        );
        let users = instance.json(["user", "list"]);
        assert_eq!((&users[0]["name"], &users[0]["isAdministrator"]), (&"Admin".into(), &true.into()));
        assert_eq!(users[0]["roles"]["Security Operations"], "Manager");
        let served = instance.serve();
        let body = serde_json::json!({
            "Username": "Admin",
            "Site": "Security Operations",
            "CommandParams": { "Start Time": "2000-01-01 00:00:00", "End Time": "2099-12-31 00:00:00" },
        });
        let (status, answer) = served.call("GetIncidents", instance.made["key"].as_str().unwrap(), body);
        assert_eq!((status, &answer["returnData"]), (200, &"Successful".into()), "{answer}");
    }
}

#[test]
fn a_folder_that_holds_an_instance_or_something_else_is_refused() {
    let instance = Instance::new();
    let error = instance.refused(2, ["init", "--yes"]);
    assert!(error.contains("contains an instance already") && error.contains("footprint serve --instance"), "{error}");
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("thesis.txt"), "").unwrap();
    let (code, _, error) = ended(footprint(["init", "--yes", "--instance", folder.path().to_str().unwrap()]));
    assert!(code == 2 && error.contains("contains something else: thesis.txt"), "{error}");
}

#[test]
fn a_store_that_holds_an_instance_is_refused() {
    let store = PostgresServer::shared().new_database();
    let init = |folder: &TempDir| {
        let mut command = footprint(["init", "--yes"]);
        command.env("FOOTPRINT_INSTANCE", folder.path()).env("FOOTPRINT_STORE", &store);
        ended(command)
    };
    let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    assert_eq!(init(&first).0, 0);
    let (code, _, error) = init(&second);
    assert!(code == 2 && error.contains("The store contains an instance already."), "{error}");
    assert!(!second.path().join("host.toml").exists());
    // The address is only in the environment, and the settings refer to it.
    let settings = std::fs::read_to_string(first.path().join("host.toml")).unwrap();
    assert!(settings.contains("store = \"env:FOOTPRINT_STORE\"") && !settings.contains("postgres@"), "{settings}");
    let mut forgotten = footprint(["site", "list"]);
    forgotten.env("FOOTPRINT_INSTANCE", first.path());
    let (code, _, error) = ended(forgotten);
    assert!(
        code == 2 && error.contains("takes the store's address from the environment variable FOOTPRINT_STORE"),
        "{error}"
    );
}

#[test]
fn one_that_was_cut_off_after_the_store_was_filled_is_finished_with_another_key() {
    for instance in Instance::on_both() {
        let (settings, draft) = (instance.path().join("host.toml"), instance.path().join("host.toml.unfinished"));
        std::fs::rename(&settings, &draft).unwrap();
        let error = instance.refused(2, ["site", "list"]);
        assert!(error.contains("was interrupted"), "{error}");
        let again = instance.json(["init", "--yes"]);
        assert!(settings.is_file() && !draft.exists());
        assert_ne!(again["key"], instance.made["key"]);
        let keys = instance.json(["key", "list"]);
        let states: Vec<_> = keys.as_array().unwrap().iter().map(|key| key["state"].as_str().unwrap()).collect();
        assert_eq!(states, ["revoked", "active"]);
        assert_eq!(instance.json(["site", "list"]).as_array().unwrap().len(), 1);
    }
}

#[test]
fn one_that_was_cut_off_before_that_begins_again() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("instance");
    let init = || {
        let mut command = footprint(["init", "--yes", "--site", "Operations"]);
        command.env("FOOTPRINT_INSTANCE", &path);
        command
    };
    assert_eq!(ended(init()).0, 0);
    let draft = path.join("host.toml.unfinished");
    std::fs::rename(path.join("host.toml"), &draft).unwrap();
    std::fs::remove_file(path.join("host.db")).unwrap();
    assert_eq!(ended(init()).0, 0);
    assert!(path.join("host.toml").is_file() && !draft.exists());
}

#[test]
fn a_password_never_stands_on_the_command_line() {
    let folder = TempDir::new().unwrap();
    let mut command = footprint(["init", "--yes", "--store", "postgres://soar:canary@localhost/soar"]);
    command.env("FOOTPRINT_INSTANCE", folder.path().join("instance"));
    let (code, _, error) = ended(command);
    assert!(code == 2 && error.contains("FOOTPRINT_STORE") && !error.contains("canary"), "{error}");
}

#[test]
fn a_store_that_does_not_answer_is_a_failure_without_its_password() {
    let folder = TempDir::new().unwrap();
    let mut command = footprint(["init", "--yes"]);
    command.env("FOOTPRINT_INSTANCE", folder.path().join("instance"));
    command.env("FOOTPRINT_STORE", "postgres://soar:canary@127.0.0.1:1/soar");
    let (code, _, error) = ended(command);
    assert!(code == 1 && error.contains("FOOTPRINT_STORE") && !error.contains("canary"), "{error}");
    assert!(!folder.path().join("instance/host.toml").exists());
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_made() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("instance");
    for (arguments, problem) in [
        (vec![], "There is no terminal to ask at."),
        (vec!["--yes", "--time-zone", "Mars/Olympus"], "There is no time zone"),
        (vec!["--yes", "--listen", "0.0.0.0:80"], "without TLS"),
        (vec!["--yes", "--site", " "], "The name of the site is empty"),
    ] {
        let mut command = footprint(["init"]);
        command.args(arguments).env("FOOTPRINT_INSTANCE", &path);
        let (code, _, error) = ended(command);
        assert!(code == 2 && error.contains(problem), "{error}");
        assert!(!path.join("host.toml").exists());
    }
}
