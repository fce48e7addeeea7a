//! For tests: temporary stores on both engines. The PostgreSQL one is on a server that the tests start.

mod postgres;
mod sized;

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use soar_connector::Clock;
use tempfile::TempDir;
use tokio::sync::OnceCell;

pub use postgres::{PostgresServer, Stop};
pub use sized::{FEEDS, FINDINGS_OF_A_DEVICE, StoreSize};

use crate::{Engine, Store};

/// An empty store, which is deleted when dropped.
#[derive(Debug)]
pub struct TestStore {
    /// The store.
    pub store: Store,
    /// Its address, for other processes.
    pub address: String,
    _folder: Option<TempDir>,
}

impl TestStore {
    /// An empty store on `engine`.
    ///
    /// # Panics
    /// When it cannot be created, with the cure.
    #[allow(clippy::expect_used, reason = "a test that has no store can only end")]
    pub async fn on(engine: Engine) -> Self {
        let (address, folder) = match engine {
            Engine::Sqlite => {
                let folder = TempDir::new().expect("a temporary folder");
                for (name, content) in migrated_files().await {
                    std::fs::write(folder.path().join(name), content).expect("a file of the store");
                }
                (folder.path().join(FILE).display().to_string(), Some(folder))
            }
            Engine::Postgres => (PostgresServer::shared().copy_of(migrated_database().await), None),
        };
        let store = Store::open(&address).await.expect("an empty store");
        Self { store, address, _folder: folder }
    }

    /// The store at `address`, with `timeout` as the time limit for its answers.
    ///
    /// # Panics
    /// When it cannot be opened.
    #[allow(clippy::expect_used, reason = "a test that has no store can only end")]
    pub async fn at(address: &str, timeout: Duration) -> Self {
        let store = Store::open_with_timeout(address, timeout).await.expect("a store");
        Self { store, address: address.to_owned(), _folder: None }
    }

    /// The same store, opened again with `timeout` as the time limit for its answers.
    ///
    /// # Panics
    /// When it cannot be opened.
    #[allow(clippy::expect_used, reason = "a test that has no store can only end")]
    pub async fn reopened(mut self, timeout: Duration) -> Self {
        self.store.close().await;
        self.store = Store::open_with_timeout(&self.address, timeout).await.expect("a store");
        self
    }

    /// The same store, with `clock` in place of the database's clock.
    #[must_use]
    pub fn on_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.store = self.store.on_clock(clock);
        self
    }

    /// The same store for another host. It is deleted with this one.
    #[must_use]
    pub fn shared(&self) -> Self {
        Self { store: self.store.clone(), address: self.address.clone(), _folder: None }
    }

    /// Changes the store as nothing in it does.
    ///
    /// # Panics
    /// When the statement fails.
    #[allow(clippy::expect_used, reason = "a test whose store cannot be changed can only end")]
    pub async fn execute(&self, sql: &str) {
        let statement = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()));
        statement.execute(&self.store.writers).await.expect("a statement");
    }

    /// An empty store on each engine, since every behaviour is the same on both.
    pub async fn on_both() -> [Self; 2] {
        [Self::on(Engine::Sqlite).await, Self::on(Engine::Postgres).await]
    }
}

/// The name of the file of a store.
const FILE: &str = "host.db";

/// The files of an empty store, by their names. A copy takes a fifth of the time of all migrations.
#[allow(clippy::expect_used, reason = "a test that has no store can only end")]
async fn migrated_files() -> &'static [(OsString, Vec<u8>)] {
    static FILES: OnceCell<Vec<(OsString, Vec<u8>)>> = OnceCell::const_new();
    let made = async || {
        let folder = TempDir::new().expect("a temporary folder");
        let store = Store::open(&folder.path().join(FILE).display().to_string()).await.expect("an empty store");
        store.close().await;
        let files = std::fs::read_dir(folder.path()).expect("the folder").map(|file| {
            let file = file.expect("a file");
            (file.file_name(), std::fs::read(file.path()).expect("its content"))
        });
        files.collect()
    };
    FILES.get_or_init(made).await
}

/// The address of an empty store on the shared server, to copy.
#[allow(clippy::expect_used, reason = "a test that has no store can only end")]
async fn migrated_database() -> &'static str {
    static ADDRESS: OnceCell<String> = OnceCell::const_new();
    let made = async || {
        let address = PostgresServer::shared().new_database();
        Store::open(&address).await.expect("an empty store").close().await;
        address
    };
    ADDRESS.get_or_init(made).await
}
