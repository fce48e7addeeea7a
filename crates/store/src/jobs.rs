//! The queue on apalis, in the store's own database: work that one node hands out can be done by any.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use apalis_core::backend::ext::BackendExt as _;
use apalis_core::error::BoxDynError;
use apalis_core::task::builder::TaskBuilder;
use apalis_core::task::data::Data;
use apalis_core::worker::builder::WorkerBuilder;
use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use async_trait::async_trait;
use futures_util::{SinkExt as _, StreamExt as _, stream};
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, PgPool, SqlitePool};
use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;
use uuid::Uuid;

use super::database::{TAKEN_BACK, WAIT};
use super::finished_jobs::drop_finished;
use super::patient::within;
use super::{Engine, Store, StoreError};
use crate::WorkQueue;
use crate::model::WorkItem;

/// The queue's name in apalis' tables.
const QUEUE: &str = "soar-host";

/// apalis' migrations share their default table's name with ours, so theirs get one of their own.
const MIGRATIONS: &str = "_apalis_migrations";

/// How many items one job brings at the most: few, so that several processes share what is due at once, and more than one,
/// since each job is written three times.
const ITEMS: usize = 16;

/// How many jobs a worker fetches at once.
const BATCH: usize = 16;

/// How often a worker says that it lives; its jobs go to others when it did not for [`MISSED`] times that. Set for both
/// engines, whose own defaults differ (60 and 300 seconds).
const HEARTBEAT: Duration = Duration::from_secs(5);
const MISSED: usize = 3;

/// How often a worker looks for jobs of other processes; those of its own wake it.
const LOOK: Duration = Duration::from_millis(500);

/// Between two attempts to work when the database fails.
const PAUSE: Duration = Duration::from_secs(1);

/// Between two looks whether the server still answers.
const PULSE: Duration = Duration::from_secs(10);

/// What fails over and over is told to the log so often.
const TOLD: Duration = Duration::from_secs(60);

/// Between two sweeps of finished jobs.
const SWEEP: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// The queue on apalis.
#[derive(Debug)]
pub struct JobQueue {
    pool: Pool,
    /// How long a server's answer is waited for.
    patience: Duration,
    pushed: Arc<Notify>,
}

impl Store {
    /// The queue in this database; makes its tables where they are missing or old.
    ///
    /// # Errors
    /// [`StoreError`] when they could not be made. On PostgreSQL they are in a schema of their own, `apalis`, and need the
    /// extensions `hstore` and `pgcrypto`, which are part of it: a user who may not make these is told what to do.
    pub async fn job_queue(&self) -> Result<JobQueue, StoreError> {
        let pool = match self.engine() {
            Engine::Sqlite => {
                // A job that a loss of power takes away is handed out again from our own tables, so the queue need not
                // wait for the disk; with WAL and NORMAL the file stays whole. apalis' own setup would set OFF.
                let options: SqliteConnectOptions = self.address().parse()?;
                let options = options
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Normal)
                    .busy_timeout(Duration::from_secs(30));
                // As of the store's own connections, which stay open: another one might find another file there.
                let pool = SqlitePoolOptions::new().max_connections(2).idle_timeout(None).max_lifetime(None);
                let pool = pool.before_acquire(|connection, _| {
                    let is_sound = !connection.is_in_transaction();
                    Box::pin(async move { Ok(is_sound) })
                });
                let pool = pool.connect_with(options).await?;
                let mut migrations = SqliteStorage::migrations();
                migrations.dangerous_set_table_name(MIGRATIONS);
                migrations.run(&pool).await?;
                Pool::Sqlite(pool)
            }
            Engine::Postgres => {
                let wait = self.patience.map_or(WAIT, |patience| patience.min(WAIT));
                let pool =
                    PgPoolOptions::new().max_connections(4).acquire_timeout(wait).after_release(|connection, _| {
                        Box::pin(async move { within(Some(TAKEN_BACK), connection.ping()).await.map(|()| true) })
                    });
                let pool = pool.connect(self.address()).await?;
                let mut migrations = PostgresStorage::migrations();
                migrations.dangerous_set_table_name(MIGRATIONS);
                // The first migration makes the schema. Asking for it at every start would take the right each time.
                migrations.create_schemas = Cow::Borrowed(&[]);
                if let Err(error) = migrations.run(&pool).await {
                    return Err(if is_for_want_of_a_right(&error) { wants_rights(&error) } else { error.into() });
                }
                Pool::Postgres(pool)
            }
        };
        Ok(JobQueue { pool, patience: self.patience.unwrap_or(Duration::MAX), pushed: Arc::default() })
    }
}

/// Runs a worker of `$storage` until it fails, and another from then on, under a new name each: apalis refuses a name
/// that it heard of lately.
macro_rules! work {
    ($storage:expr, $queue:expr, $taker:expr) => {{
        let mut troubles = Troubles::default();
        loop {
            let wake = stream::unfold(Arc::clone(&$queue.pushed), |pushed| async move {
                tokio::select! {
                    () = pushed.notified() => {}
                    () = tokio::time::sleep(LOOK) => {}
                }
                Some(((), pushed))
            });
            let worker = WorkerBuilder::new(format!("{QUEUE}-{}", Uuid::now_v7()).as_str())
                .backend($storage.poll_with_stream(wake.boxed()))
                .data($taker.clone())
                .build(bring);
            let ended = tokio::select! {
                ended = worker.run() => ended.map_err(|error| error.to_string()),
                // A worker that waits for a server that vanished waits without end.
                error = $queue.silence() => Err(error.to_string()),
            };
            let why = ended.err().unwrap_or_else(|| "it ended".to_owned());
            troubles.tell(format_args!("The queue's worker failed: {why}. Another one begins."));
            tokio::time::sleep(PAUSE).await;
        }
    }};
}

/// Tells the log of what fails over and over no more than once in a while.
#[derive(Debug, Default)]
struct Troubles(Option<Instant>);

impl Troubles {
    fn tell(&mut self, what: std::fmt::Arguments<'_>) {
        if self.0.is_none_or(|told| told.elapsed() >= TOLD) {
            self.0 = Some(Instant::now());
            tracing::warn!("{what}");
        }
    }
}

/// Brings what one job holds. It counts as done once it is brought: from then on our own tables keep it from being lost.
async fn bring(items: Vec<WorkItem>, taker: Data<Sender<WorkItem>>) -> Result<(), BoxDynError> {
    for item in items {
        taker.send(item).await?;
    }
    Ok(())
}

#[async_trait]
impl WorkQueue for JobQueue {
    async fn enqueue(&self, items: &[WorkItem]) -> Result<(), StoreError> {
        match &self.pool {
            Pool::Sqlite(pool) => {
                let mut storage = SqliteStorage::<Vec<WorkItem>>::new(pool).with_config(sqlite_config());
                for items in items.chunks(ITEMS) {
                    storage.feed(job(items)?).await?;
                }
                storage.flush().await?;
            }
            Pool::Postgres(pool) => {
                let mut storage = PostgresStorage::<Vec<WorkItem>>::new(pool).with_config(postgres_config());
                for items in items.chunks(ITEMS) {
                    storage.feed(job(items)?).await?;
                }
                let flushing = tokio::time::timeout(self.patience, storage.flush());
                flushing.await.map_err(|_| StoreError::no_answer())??;
            }
        }
        self.pushed.notify_waiters();
        Ok(())
    }

    async fn serve(&self, taker: Sender<WorkItem>) {
        let work = async {
            match &self.pool {
                Pool::Sqlite(pool) => {
                    work!(SqliteStorage::<Vec<WorkItem>>::new(pool).with_config(sqlite_config()), self, taker)
                }
                Pool::Postgres(pool) => {
                    work!(PostgresStorage::<Vec<WorkItem>>::new(pool).with_config(postgres_config()), self, taker)
                }
            }
        };
        tokio::select! {
            () = work => {}
            () = self.sweep() => {}
            () = taker.closed() => {}
        }
    }
}

impl JobQueue {
    /// For tests: what `PRAGMA synchronous` is on SQLite (0 is OFF); none on PostgreSQL.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    #[cfg(feature = "testing")]
    pub async fn synchronous(&self) -> Result<Option<i64>, StoreError> {
        match &self.pool {
            Pool::Sqlite(pool) => Ok(Some(sqlx::query_scalar("PRAGMA synchronous").fetch_one(pool).await?)),
            Pool::Postgres(_) => Ok(None),
        }
    }

    /// Ends when the server does not answer any more; of a file, never.
    async fn silence(&self) -> sqlx::Error {
        let Pool::Postgres(pool) = &self.pool else { return std::future::pending().await };
        loop {
            tokio::time::sleep(PULSE.min(self.patience)).await;
            let pulse = async { pool.acquire().await?.ping().await };
            if let Err(error) = within(Some(self.patience), pulse).await {
                return error;
            }
        }
    }

    /// Drops finished jobs, and workers that are long gone. apalis' own way to do so rewrites the whole file.
    ///
    /// # Errors
    /// [`StoreError::Database`], also when the server does not answer.
    pub async fn drop_finished(&self) -> Result<(), StoreError> {
        Ok(within(Some(self.patience), drop_finished(&self.pool)).await?)
    }

    async fn sweep(&self) {
        let mut troubles = Troubles::default();
        loop {
            tokio::time::sleep(SWEEP).await;
            if let Err(error) = self.drop_finished().await {
                troubles.tell(format_args!("Finished jobs could not be dropped from the queue: {error}"));
            }
        }
    }
}

fn sqlite_config() -> apalis_sqlite::Config {
    apalis_sqlite::Config::default()
        .queue(QUEUE)
        .batch_size(BATCH)
        .heartbeat_interval(HEARTBEAT)
        .missed_heartbeats(MISSED)
        .lock_tasks(false)
}

fn postgres_config() -> apalis_postgres::Config {
    apalis_postgres::Config::default()
        .queue(QUEUE)
        .batch_size(BATCH)
        .heartbeat_interval(HEARTBEAT)
        .missed_heartbeats(MISSED)
        .lock_tasks(false)
}

/// Items as a job, under a key of its own: what is scheduled, when it was due, and how often it was handed out.
fn job(items: &[WorkItem]) -> Result<apalis_core::task::Task<Vec<u8>>, StoreError> {
    let body = serde_json::to_vec(items).map_err(|error| StoreError::Unreadable(error.to_string()))?;
    let key = |item: &WorkItem| format!("{}:{}:{}", item.schedule, item.due_at, item.attempt);
    // No item is in two jobs, so one says which job it is.
    Ok(TaskBuilder::new(body).idempotency_key(items.first().map(key).unwrap_or_default()).build())
}

impl From<apalis_sqlite::Error> for StoreError {
    fn from(error: apalis_sqlite::Error) -> Self {
        match error {
            apalis_sqlite::Error::Database(error) => Self::Database(error),
            error => Self::Queue(error.to_string()),
        }
    }
}

impl From<apalis_postgres::Error> for StoreError {
    fn from(error: apalis_postgres::Error) -> Self {
        match error {
            apalis_postgres::Error::Database(error) => Self::Database(error),
            error => Self::Queue(error.to_string()),
        }
    }
}

/// Whether the database refused to let its user make something, or does not have what is to be made.
fn is_for_want_of_a_right(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else { return false };
    // Insufficient privilege; and an extension that is not installed on the server.
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| matches!(&*code, "42501" | "58P01" | "0A000"))
}

fn wants_rights(error: &MigrateError) -> StoreError {
    StoreError::Queue(format!(
        "its tables could not be made: {error}. The database's user needs the right CREATE on the database for that, \
         once: GRANT CREATE ON DATABASE … TO …, and after the first start REVOKE takes it back. The extensions hstore and \
         pgcrypto must be installed on the server; they are part of PostgreSQL (package postgresql-contrib)."
    ))
}
