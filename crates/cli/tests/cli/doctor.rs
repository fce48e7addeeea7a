//! `footprint doctor` on instances that no host can serve.

use std::os::unix::fs::PermissionsExt as _;

use crate::host_connections::connected;
use crate::instance::Instance;
use crate::support::Simulator;

/// The only finding: its check and its problem.
fn found(instance: &Instance) -> (String, String) {
    let (code, out, error) = instance.ended(["doctor", "--output", "json"]);
    assert_eq!(code, 1, "{out}{error}");
    let found: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    let text = |name: &str| found[0][name].as_str().unwrap().to_owned();
    assert!(!text("cure").is_empty());
    (text("check"), text("problem"))
}

#[test]
fn sealing_keys_with_which_no_host_starts_are_found() {
    let simulator = Simulator::start(&[]);
    let instance = connected(&simulator);
    assert!(instance.successful(["doctor"]).contains("No fault was found."));
    let path = instance.path().join("sealing.key");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (check, problem) = found(&instance);
    assert!(check == "keys" && problem.contains("its mode is 644"), "{problem}");
    std::fs::remove_file(&path).unwrap();
    let (check, problem) = found(&instance);
    assert!(check == "keys" && problem.contains("sealing.key"), "{problem}");
    std::fs::copy(Instance::new().path().join("sealing.key"), &path).unwrap();
    let (check, problem) = found(&instance);
    assert!(check == "keys" && problem.contains("which is missing"), "{problem}");
}

#[test]
fn a_store_of_a_later_version_is_found() {
    let instance = Instance::new();
    let script = "import sqlite3,sys; db=sqlite3.connect(sys.argv[1]); db.execute(\"insert into _sqlx_migrations \
        select 9999, 'later', installed_on, success, checksum, execution_time from _sqlx_migrations limit 1\"); db.commit()";
    let store = instance.path().join("host.db");
    let run = std::process::Command::new("python3").args(["-c", script]).arg(&store).status().unwrap();
    assert!(run.success());
    let (check, problem) = found(&instance);
    assert!(check == "schema" && problem.contains("they have version 9999"), "{problem}");
}
