//! For tests: temporary stores on both engines. The PostgreSQL one is on a server that the tests start.

mod postgres;
mod sized;

use std::sync::Arc;
use std::time::Duration;

use soar_connector::Clock;
use tempfile::TempDir;

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
                (folder.path().join("host.db").display().to_string(), Some(folder))
            }
            Engine::Postgres => (PostgresServer::shared().new_database(), None),
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
