//! For tests: throw-away stores on both engines, the PostgreSQL one on a real server of the tests' own.

mod postgres;

use std::sync::Arc;
use std::time::Duration;

use soar_connector::Clock;
use tempfile::TempDir;

pub use postgres::{PostgresServer, Stop};

use crate::{Engine, Store};

/// An empty store that is gone when dropped.
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
    /// When it cannot be made, with what to do.
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

    /// The store at `address`, which answers within `timeout` or counts as gone.
    ///
    /// # Panics
    /// When it cannot be opened.
    #[allow(clippy::expect_used, reason = "a test that has no store can only end")]
    pub async fn at(address: &str, timeout: Duration) -> Self {
        let store = Store::open_with_timeout(address, timeout).await.expect("a store");
        Self { store, address: address.to_owned(), _folder: None }
    }

    /// The same store, with `clock` in place of the database's.
    #[must_use]
    pub fn on_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.store = self.store.on_clock(clock);
        self
    }

    /// An empty store on each engine: every behaviour holds on both.
    pub async fn on_both() -> [Self; 2] {
        [Self::on(Engine::Sqlite).await, Self::on(Engine::Postgres).await]
    }
}
