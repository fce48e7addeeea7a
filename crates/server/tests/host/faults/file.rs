//! An SQLite file that is full, locked by another process, removed, or no database.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;
use soar_store::testing::TestStore;
use soar_store::{Engine, NewIncident, Store, StoreError, Trouble};
use sqlx::{AssertSqlSafe, Connection as _};
use sqlx_sqlite::SqliteConnection;
use tempfile::TempDir;

use crate::support::{TestHost, answer, site};
use soar_store::model::Moment;

/// A host on a file, with this timeout for locks.
async fn on_a_file(timeout: Duration) -> (TestHost, PathBuf, TempDir) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("host.db");
    let test = TestStore::at(path.to_str().unwrap(), timeout).await;
    (TestHost::start(test, TestHost::settings()).await, path, folder)
}

fn note(host: &TestHost, name: &str) -> reqwest::RequestBuilder {
    host.command("MakeNote", json!({ "Name": name })).header("Idempotency-Key", name.replace(' ', "-"))
}

async fn ready(host: &TestHost) -> (u16, String) {
    let response = host.client.get(format!("{}/readyz", host.url)).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// Waits until the host says that it is ready.
async fn is_ready_again(host: &TestHost) {
    let begun = Instant::now();
    while ready(host).await.0 != 200 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the host does not go on: {:?}", ready(host).await);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_transaction_that_found_no_room_keeps_none_after_it_from_being_made() {
    let test = TestStore::on(Engine::Sqlite).await;
    let mut transaction = test.store.transaction().await.unwrap();
    let made = transaction.records().create_site(&site("Security Operations"), Moment(1)).await.unwrap();
    transaction.commit().await.unwrap();
    for round in 0..3 {
        // The file cannot grow any more.
        test.store.pragma("PRAGMA max_page_count = 1").await.unwrap();
        let incident = |number| NewIncident::open(format!("{round}-{number}"), made.id, "Admin", Moment(1));
        let many: Vec<_> = (0..2000).map(incident).collect();
        let mut transaction = test.store.transaction().await.unwrap();
        let full = transaction.records().insert_incidents(&many).await.unwrap_err();
        assert_eq!(full.trouble(), Some(Trouble::Full));
        assert!(full.to_string().contains("The disk under the store is full. Make room on it"), "{full}");
        drop(transaction);
        let mut transaction = test.store.transaction().await.unwrap();
        transaction.records().insert_incidents(&many[..10]).await.unwrap();
        transaction.commit().await.unwrap();
        let mut reader = test.store.reader().await.unwrap();
        assert!(reader.records().incident(&format!("{round}-9")).await.is_ok());
        assert!(matches!(reader.records().incident(&format!("{round}-10")).await, Err(StoreError::NotFound { .. })));
    }
}

#[tokio::test]
async fn a_file_that_another_program_holds_is_waited_for_and_then_told_of() {
    let (host, path, _folder) = on_a_file(Duration::from_millis(300)).await;
    let mut other = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let (status, refused) = answer(note(&host, "Held")).await;
    assert_eq!(status, 503, "{refused}");
    assert!(refused["Error"].as_str().unwrap().contains("nothing was done"), "{refused}");
    // Nor is a reading call answered, whose entry cannot be written.
    let (status, refused) = answer(host.command("ShowNotes", json!({}))).await;
    assert_eq!((status, refused["contextData"].is_null()), (503, true), "{refused}");
    let (status, said) = ready(&host).await;
    assert!(status == 503 && said.contains("Another program holds a lock on the store"), "{said}");
    assert_eq!(host.client.get(format!("{}/healthz", host.url)).send().await.unwrap().status(), 200);
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    is_ready_again(&host).await;
    assert_eq!(answer(note(&host, "Held")).await.0, 200);
    assert_eq!(host.notes().await, ["Held"]);
}

#[tokio::test]
async fn a_change_with_a_timeout_of_its_own_ends_its_wait_and_leaves_the_store_usable() {
    let (host, path, _folder) = on_a_file(Duration::from_secs(30)).await;
    let store = &host.test.store;
    let mut other = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let begun = Instant::now();
    let refused = store.transaction_within(Duration::from_millis(300)).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(matches!(refused, StoreError::Busy(_)) && refused.to_string().contains("nothing was done"), "{refused}");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    let mut transaction = store.transaction_within(Duration::from_secs(20)).await.unwrap();
    transaction.records().create_site(&site("Elsewhere"), Moment(1)).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(store.reader().await.unwrap().records().site("Elsewhere").await.is_ok());
}

#[tokio::test]
async fn nothing_is_acknowledged_that_went_into_a_file_that_is_gone() {
    let (host, path, folder) = on_a_file(Duration::from_secs(30)).await;
    assert_eq!(answer(note(&host, "Before")).await.0, 200);
    let elsewhere = folder.path().join("elsewhere.db");
    let refuses = async |name: &str| {
        let (status, refused) = answer(note(&host, name)).await;
        assert_eq!(status, 503, "{refused}");
        assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 503);
        assert_eq!(ready(&host).await.0, 503);
    };
    std::fs::rename(&path, &elsewhere).unwrap();
    refuses("Taken away").await;
    // Another file in its place, such as a restored backup.
    std::fs::copy(&elsewhere, &path).unwrap();
    refuses("Replaced").await;
    let error = host.test.store.transaction().await.unwrap_err().to_string();
    assert!(error.contains("stop the host and run `footprint restore FILE`"), "{error}");
    std::fs::rename(&elsewhere, &path).unwrap();
    is_ready_again(&host).await;
    for name in ["Taken away", "Replaced"] {
        assert_eq!(answer(note(&host, name)).await.0, 200);
    }
    assert_eq!(host.notes().await.len(), 3);
}

#[tokio::test]
async fn of_a_transaction_whose_file_went_away_meanwhile_nobody_knows_whether_it_lasts() {
    let (host, path, folder) = on_a_file(Duration::from_secs(30)).await;
    let mut transaction = host.test.store.transaction().await.unwrap();
    transaction.records().create_site(&site("Elsewhere"), Moment(1)).await.unwrap();
    std::fs::rename(&path, folder.path().join("elsewhere.db")).unwrap();
    let error = transaction.commit().await.unwrap_err();
    assert!(matches!(error, StoreError::Uncertain(_)), "{error}");
    assert_eq!(error.trouble(), Some(Trouble::Gone));
    assert!(error.to_string().contains("is missing or was replaced"), "{error}");
}

#[tokio::test]
async fn no_empty_file_is_made_where_the_store_was_taken_away() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("host.db");
    let store = Store::open(path.to_str().unwrap()).await.unwrap();
    std::fs::rename(&path, folder.path().join("elsewhere.db")).unwrap();
    let error = store.transaction().await.unwrap_err();
    assert_eq!(error.trouble(), Some(Trouble::Gone), "{error}");
    assert!(!path.exists());
}

/// A file with incidents on many pages, closed in order.
async fn a_good_file(path: &Path) {
    let store = Store::open(path.to_str().unwrap()).await.unwrap();
    let mut transaction = store.transaction().await.unwrap();
    let made = transaction.records().create_site(&site("Security Operations"), Moment(1)).await.unwrap();
    let incident = |number: i32| NewIncident::open(number.to_string(), made.id, "Admin", Moment(1));
    transaction.records().insert_incidents(&(0..1000).map(incident).collect::<Vec<_>>()).await.unwrap();
    transaction.commit().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_refused_at_once_with_what_to_do() {
    let folder = TempDir::new().unwrap();
    let good = folder.path().join("good.db");
    a_good_file(&good).await;
    let bytes = std::fs::read(&good).unwrap();
    let begun = Instant::now();
    let refusal = async |what: &str, bytes: &[u8]| {
        let path = folder.path().join(what);
        std::fs::write(&path, bytes).unwrap();
        let error = Store::open_existing(path.to_str().unwrap()).await.unwrap_err();
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{what} is left as it is");
        error
    };
    let error =
        refusal("text", b"This is a text, and no database at all. It is longer than a database's head is. ").await;
    assert!(error.to_string().contains("restore the last good backup with `footprint restore FILE`"), "{error}");
    for (what, bytes) in
        [("cut short", &bytes[..bytes.len() / 2]), ("broken head", &[&[7; 100], &bytes[100..]].concat())]
    {
        let error = refusal(what, bytes).await;
        assert_eq!(error.trouble(), Some(Trouble::Damaged), "{what}: {error}");
        assert!(
            error.to_string().contains("restore the last good backup with `footprint restore FILE`"),
            "{what}: {error}"
        );
    }
    let error = refusal("empty", b"").await.to_string();
    assert!(error.contains("is missing or empty. Restore its last backup with `footprint restore FILE`"), "{error}");
    let nowhere = folder.path().join("nowhere.db");
    let error = Store::open_existing(nowhere.to_str().unwrap()).await.unwrap_err().to_string();
    assert!(error.contains("nowhere.db is missing") && !nowhere.exists(), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(10), "nobody waits for what does not get better");
    // Made by a future version.
    let mut newer = SqliteConnection::connect(good.to_str().unwrap()).await.unwrap();
    let sql = "INSERT INTO _sqlx_migrations VALUES (9999, 'future', '2030-01-01', 1, x'00', 1)";
    sqlx::query(AssertSqlSafe(sql)).execute(&mut newer).await.unwrap();
    newer.close().await.unwrap();
    let error = Store::open(good.to_str().unwrap()).await.unwrap_err();
    assert!(matches!(error, StoreError::Migration(_)) && error.to_string().contains("9999"), "{error}");
}
