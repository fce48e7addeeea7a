//! Backup and restore: a drill on each store, and refusals.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::faults::work::{HostClient, prepare, times_done};
use crate::instance::Instance;

/// The number of calls during the backup, and before it begins.
const CALLS: usize = 60;
const BEFORE: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_holds_what_was_acknowledged_before_it_and_is_restored_after_a_kill() {
    for instance in Instance::on_both() {
        let calls: Vec<_> = (0..CALLS).map(|number| format!("call{number}")).collect();
        prepare(&instance, calls.iter());
        let mut served = instance.serve();
        let caller = HostClient::of(&instance, &served);
        let done = Arc::new(AtomicUsize::new(0));
        let load = {
            let (done, calls) = (Arc::clone(&done), calls.clone());
            tokio::spawn(async move {
                for call in &calls {
                    // After the kill there is no answer.
                    let Some(answered) = caller.close(call).await else { break };
                    assert_eq!(answered, (200, "Successful".to_owned()));
                    done.fetch_add(1, Ordering::SeqCst);
                }
            })
        };
        while done.load(Ordering::SeqCst) < BEFORE {
            tokio::task::yield_now().await;
        }
        let acknowledged = done.load(Ordering::SeqCst);
        let file = instance.beside("nightly.backup");
        let backup = instance.json(["backup", file.as_str()]);
        assert_eq!(backup["bytes"], std::fs::metadata(&file).unwrap().len());
        assert!(instance.refused(2, ["backup", file.as_str()]).contains("exists already"));
        // A host has the store open.
        let refused = instance.refused(1, ["restore", file.as_str()]);
        assert!(refused.contains("Stop") && refused.contains("host"), "{refused}");
        served.kill();
        load.await.unwrap();
        if instance.store_address().is_none() {
            put_back_by_hand(&instance, &file);
        }
        let restored = instance.json(["restore", file.as_str()]);
        assert_eq!(restored["epoch"], 1);
        assert_eq!(restored["schema"], backup["schema"]);
        // Each call is there once or not at all, and all calls from before the backup are there.
        let times = times_done(&instance, calls.iter());
        assert!(times[..acknowledged].iter().all(|times| *times == 1), "{times:?}");
        assert!(times.iter().all(|times| *times <= 1), "{times:?}");
        let audit = instance.successful(["audit", "--command", "restore", "--output", "csv"]);
        assert!(audit.contains("epoch 1"), "{audit}");
        // The host serves it as before.
        let served = instance.serve();
        let left = calls.iter().zip(&times).find(|(_, times)| **times == 0);
        if let Some((call, _)) = left {
            assert_eq!(HostClient::of(&instance, &served).close(call).await.unwrap().0, 200);
        }
        assert_eq!(HostClient::of(&instance, &served).read().await.0, 200);
    }
}

/// Restores a backup as an administrator might who does not know `footprint restore`: the log of the killed host stays.
fn put_back_by_hand(instance: &Instance, file: &str) {
    let store = instance.path().join("host.db");
    let kept = instance.path().join("killed");
    std::fs::rename(&store, &kept).unwrap();
    std::fs::copy(file, &store).unwrap();
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["site", "list"], &["doctor"]] {
        let (code, out, error) = instance.ended(arguments.iter().copied());
        assert_eq!(code, 1, "{arguments:?}: {out}{error}");
        let text = format!("{out}{error}").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("host.db-wal") && text.contains("footprint restore FILE"), "{arguments:?}: {text}");
    }
    assert_eq!(std::fs::read(&store).unwrap(), std::fs::read(file).unwrap());
    std::fs::remove_file(&store).unwrap();
    std::fs::rename(&kept, &store).unwrap();
}

#[test]
fn what_is_no_backup_is_refused_and_the_store_stays() {
    for instance in Instance::on_both() {
        let file = instance.beside("good.backup");
        instance.successful(["backup", file.as_str()]);
        instance.successful(["user", "add", "carol"]);
        let good = std::fs::read(&file).unwrap();
        let damaged = instance.beside("damaged.backup");
        let half = good.len() / 2;
        std::fs::write(&damaged, [&good[..half], &vec![0xa5; good.len() - half][..]].concat()).unwrap();
        let text = instance.beside("text.backup");
        std::fs::write(&text, "this is no backup at all").unwrap();
        let missing = instance.beside("missing.backup");
        for (file, expected) in [(&damaged, "damaged.backup"), (&text, "is not a backup"), (&missing, "cannot be read")]
        {
            let (code, out, error) = instance.ended(["restore", file.as_str()]);
            assert_ne!(code, 0, "{file}: {out}{error}");
            assert!(error.contains(expected) || error.contains("pg_restore failed"), "{file}: {error}");
        }
        assert!(instance.successful(["user", "list"]).contains("carol"));
        instance.successful(["restore", file.as_str()]);
        assert!(!instance.successful(["user", "list"]).contains("carol"));
    }
}

#[test]
fn a_backup_of_a_later_version_is_refused_in_words() {
    let instance = Instance::new();
    let file = instance.beside("later.backup");
    instance.successful(["backup", file.as_str()]);
    let script = "import sqlite3,sys; db=sqlite3.connect(sys.argv[1]); db.execute(\"insert into _sqlx_migrations \
        select 9999, 'later', installed_on, success, checksum, execution_time from _sqlx_migrations limit 1\"); db.commit()";
    let run = std::process::Command::new("python3").args(["-c", script, file.as_str()]).status().unwrap();
    assert!(run.success());
    let refused = instance.refused(1, ["restore", file.as_str()]);
    assert!(refused.contains("later version of footprint") && refused.contains("9999"), "{refused}");
    assert!(instance.successful(["user", "list"]).contains("Admin"));
}

#[test]
fn the_programs_of_postgresql_are_named_with_their_package_where_they_are_missing() {
    let [_, instance] = Instance::on_both();
    let file = instance.beside("a.backup");
    let mut command = instance.footprint(["backup", file.as_str()]);
    let (code, _, error) = crate::support::ended({
        command.env("PATH", "/nowhere");
        command
    });
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("pg_dump") && error.contains("postgresql-client"), "{error}");
}
