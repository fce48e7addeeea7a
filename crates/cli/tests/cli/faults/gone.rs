//! A store whose file is missing when the host, or the terminal, opens it.

use std::time::Duration;

use crate::instance::Instance;

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
