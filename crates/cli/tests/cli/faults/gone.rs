//! A store whose file is missing when the host, or the terminal, opens it.

use std::time::Duration;

use soar_store::testing::PostgresServer;

use crate::instance::Instance;
use crate::support::ended;

#[test]
fn a_store_that_is_gone_is_not_made_anew_by_who_serves_or_looks() {
    let instance = Instance::new();
    let store = instance.path().join("host.db");
    std::fs::remove_file(&store).unwrap();
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["site", "list"]] {
        let mut command = instance.footprint(arguments.iter().copied());
        let output = command.timeout(Duration::from_secs(30)).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(
            error.contains("host.db is missing or empty. Restore its last backup with `footprint restore FILE`"),
            "{arguments:?}: {error}"
        );
        assert!(!store.exists(), "{arguments:?}");
    }
}

#[test]
fn an_address_without_a_store_is_refused_at_once_with_the_reason() {
    let instance = Instance::new();
    let there = PostgresServer::shared().new_database();
    let missing = format!("{}missing?{}", there.split("test_").next().unwrap(), there.split_once('?').unwrap().1);
    for (address, code, said) in [
        (missing.as_str(), 1, "database \"missing\" does not exist"),
        ("postgres://soar@127.0.0.1:1/soar", 1, "Connection refused"),
        ("mysql://soar@127.0.0.1/soar", 2, "expected the path of an SQLite file, or postgres://"),
    ] {
        let mut command = instance.footprint(["site", "list"]);
        command.env("FOOTPRINT_STORE", address).timeout(Duration::from_secs(20));
        let (ended, _, error) = ended(command);
        assert!(ended == code && error.contains(said) && !error.contains("at line"), "{address}: {error}");
    }
    // A restore replaces no file whose name is an address.
    let backup = instance.path().join("store.backup").display().to_string();
    instance.successful(["backup", backup.as_str()]);
    let mut command = instance.footprint(["restore", backup.as_str()]);
    command.env("FOOTPRINT_STORE", "mysql://soar@127.0.0.1/soar");
    let (ended, _, error) = ended(command);
    assert!(ended == 2 && error.contains("expected the path of an SQLite file, or postgres://"), "{error}");
}
