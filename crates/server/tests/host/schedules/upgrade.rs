//! A store of the previous version, whose hosts shared due work by a queue with its own tables.

use std::borrow::Cow;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use soar_store::model::{ConnectionId, Moment, ScheduleId, ScheduleRunStatus};
use soar_store::testing::PostgresServer;
use soar_store::{Engine, Store, StoreError};
use sqlx::Connection as _;
use sqlx::migrate::Migrator;
use sqlx_postgres::PgConnection;
use sqlx_sqlite::SqliteConnection;
use tempfile::TempDir;

use super::clocks::execute;
use super::world::SchedulerNode;

const SQLITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../store/migrations/sqlite");
const POSTGRES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../store/migrations/postgres");

/// The queue's tables, as far as hosts used them.
const SQLITE_QUEUE: &str = "
    CREATE TABLE Workers (id TEXT NOT NULL UNIQUE, worker_type TEXT NOT NULL, storage_name TEXT NOT NULL, layers TEXT,
        last_seen INTEGER NOT NULL DEFAULT (strftime('%s', 'now')), started_at INTEGER);
    CREATE TABLE Jobs (job BLOB NOT NULL, id TEXT NOT NULL UNIQUE, job_type TEXT NOT NULL,
        status TEXT NOT NULL DEFAULT 'Pending', lock_by TEXT, FOREIGN KEY (lock_by) REFERENCES Workers (id));
    CREATE TABLE _apalis_migrations (version BIGINT PRIMARY KEY);
    INSERT INTO Workers (id, worker_type, storage_name) VALUES ('worker', 'soar-host', 'SqliteStorage');
    INSERT INTO Jobs (job, id, job_type, lock_by) VALUES (x'00', 'job', 'soar-host', 'worker');";
const POSTGRES_QUEUE: &str = "
    CREATE EXTENSION hstore;
    CREATE SCHEMA apalis;
    CREATE TABLE apalis.workers (id TEXT PRIMARY KEY, worker_type TEXT NOT NULL, storage_name TEXT NOT NULL,
        layers TEXT NOT NULL DEFAULT '', last_seen timestamptz NOT NULL DEFAULT now());
    CREATE TABLE apalis.jobs (job bytea NOT NULL, id TEXT PRIMARY KEY, job_type TEXT NOT NULL,
        status TEXT NOT NULL DEFAULT 'Pending', lock_by TEXT REFERENCES apalis.workers (id), metadata hstore);
    CREATE FUNCTION apalis.push_job(job_type text) RETURNS apalis.jobs AS
        $$ SELECT * FROM apalis.jobs WHERE jobs.job_type = push_job.job_type $$ LANGUAGE sql;
    CREATE TABLE _apalis_migrations (version BIGINT PRIMARY KEY);
    INSERT INTO apalis.workers (id, worker_type, storage_name) VALUES ('worker', 'soar-host', 'PostgresStorage');
    INSERT INTO apalis.jobs (job, id, job_type, lock_by) VALUES ('x', 'job', 'soar-host', 'worker');";

/// A check under way, one that waits to be claimed, and a command under way that must not be repeated. All were due at 5.
const UNDER_WAY: &str = "
    INSERT INTO schedules (id, kind, name, name_key, connection_id, server, command, parameters, repeatable, interval_ms,
        active, next_due_at, alert_to, alert_after, slow_ms, created_at, modified_at)
    VALUES (1, 'Health Check', 'One', 'one', 1, 's', 'Test Connection', '{}', 1, 60000, 1, 60005, '[]', 1, 1, 1, 1),
           (2, 'Health Check', 'Two', 'two', 2, 's', 'Test Connection', '{}', 1, 60000, 1, 60005, '[]', 1, 1, 1, 1),
           (3, 'Command', 'Three', 'three', 1, 's', 'Patch', '{}', 0, 60000, 1, 60005, '[]', 1, 1, 1, 1);
    INSERT INTO work (schedule_id, due_at, attempt, enqueued_at, node, claimed_until)
    VALUES (1, 5, 1, 6, 'before', 99), (2, 5, 2, 6, NULL, NULL), (3, 5, 1, 6, 'before', 9223372036854775807);
    INSERT INTO nodes (id, started_at, seen_at) VALUES ('before', 1, 2);";

async fn before(folder: &str) -> Migrator {
    let migrator = Migrator::new(Path::new(folder)).await.unwrap();
    let migrations = migrator.iter().filter(|migration| migration.version < 10).cloned().collect();
    Migrator { migrations: Cow::Owned(migrations), ..Migrator::DEFAULT }
}

/// The address of a store of the version before, and the folder of a file.
async fn store_of_the_version_before(engine: Engine) -> (String, Option<TempDir>) {
    match engine {
        Engine::Sqlite => {
            let folder = TempDir::new().unwrap();
            let address = folder.path().join("host.db").display().to_string();
            let file = format!("sqlite:{address}?mode=rwc");
            before(SQLITE).await.run(&mut SqliteConnection::connect(&file).await.unwrap()).await.unwrap();
            execute(&address, SQLITE_QUEUE).await.unwrap();
            (address, Some(folder))
        }
        Engine::Postgres => {
            let address = PostgresServer::shared().new_database();
            before(POSTGRES).await.run(&mut PgConnection::connect(&address).await.unwrap()).await.unwrap();
            execute(&address, POSTGRES_QUEUE).await.unwrap();
            (address, None)
        }
    }
}

async fn is_carried_over(engine: Engine) {
    let (address, _folder) = store_of_the_version_before(engine).await;
    execute(&address, UNDER_WAY).await.unwrap();
    // The host was killed: its lease still exists and is not renewed.
    let store = Store::open(&address).await.unwrap();
    let world = SchedulerNode::at(&store, SystemTime::now());
    assert_eq!(world.work().await, 2, "what may be repeated runs");
    let mut reader = store.reader().await.unwrap();
    for connection in [1, 2] {
        let checks = reader.records().checks(ConnectionId(connection), Moment::MAX, 10).await.unwrap();
        assert_eq!((checks.len(), checks[0].due_at), (1, Moment(5)));
    }
    let runs = reader.records().schedule_runs(ScheduleId(3), None, 10).await.unwrap();
    assert_eq!((runs.len(), runs[0].status, runs[0].node.as_str()), (1, ScheduleRunStatus::Interrupted, "before"));
    assert_eq!(reader.records().backlog().await.unwrap().claimed, 0);
    // The queue no longer exists, so a host of that version cannot claim anything.
    let gone = match engine {
        Engine::Sqlite => ["SELECT 1 FROM Jobs", "SELECT 1 FROM Workers", "SELECT 1 FROM _apalis_migrations"],
        Engine::Postgres => {
            ["SELECT 1 FROM apalis.jobs", "CREATE TABLE apalis.t ()", "SELECT 1 FROM _apalis_migrations"]
        }
    };
    let claims = [
        "INSERT INTO work (schedule_id, due_at, attempt, enqueued_at) VALUES (1, 60005, 1, 6)",
        "UPDATE work SET node = 'before', claimed_until = 9 WHERE schedule_id = 1 AND due_at = 5 AND attempt = 1",
        "UPDATE work SET attempt = attempt + 1, enqueued_at = 7 WHERE node IS NULL",
    ];
    for sql in gone.iter().chain(&claims) {
        assert!(execute(&address, sql).await.is_err(), "{sql}");
    }
    if engine == Engine::Postgres {
        execute(&address, "DROP EXTENSION hstore").await.expect("others may use it, so it stays");
    }
}

#[tokio::test]
async fn what_a_host_of_the_version_before_left_is_carried_over_or_called_interrupted() {
    tokio::join!(is_carried_over(Engine::Sqlite), is_carried_over(Engine::Postgres));
}

#[tokio::test]
async fn beside_a_host_of_the_version_before_none_starts_until_it_has_ended() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let (address, _folder) = store_of_the_version_before(engine).await;
        execute(&address, UNDER_WAY).await.unwrap();
        let living = tokio::spawn({
            let address = address.clone();
            async move {
                loop {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    execute(&address, "UPDATE nodes SET seen_at = seen_at + 1").await.unwrap();
                }
            }
        });
        let error = Store::open(&address).await.unwrap_err();
        assert!(matches!(error, StoreError::OlderHost), "{error}");
        assert!(error.to_string().contains("Stop all hosts of the earlier version"), "{error}");
        living.abort();
        let _ = living.await;
        // Nothing was changed, so that host still works.
        execute(&address, "UPDATE work SET attempt = attempt + 1").await.unwrap();
        // It deletes its lease.
        execute(&address, "DELETE FROM nodes").await.unwrap();
        let begun = Instant::now();
        let store = Store::open(&address).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(5), "nothing has to be watched");
        store.close().await;
    }
}
