//! Connections for reading. SQLite's are in this process and cannot break, so they are handed on as they are; those to a
//! server are tested by their pool whenever they change hands.

use std::sync::{Arc, Mutex as StandardMutex, PoisonError};

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use super::StoreError;
use super::database::WAIT;

#[derive(Debug, Clone)]
pub(super) enum Readers {
    /// Of a file.
    Kept(Arc<Kept>),
    /// Of a server.
    Pool(AnyPool),
}

#[derive(Debug)]
pub(super) struct Kept {
    pool: AnyPool,
    connections: StandardMutex<Vec<Arc<Mutex<PoolConnection<Any>>>>>,
    /// One permit per connection: who holds one finds a connection that nobody uses.
    places: Arc<Semaphore>,
}

/// A connection that is in use.
#[derive(Debug)]
pub(super) enum Lent {
    /// In this order, for the place is free only after the connection.
    Kept(OwnedMutexGuard<PoolConnection<Any>>, #[allow(dead_code, reason = "held until dropped")] OwnedSemaphorePermit),
    Pool(PoolConnection<Any>),
}

impl Readers {
    /// Keeps all connections that `pool` may have.
    ///
    /// # Errors
    /// [`StoreError::Database`] when one cannot be made.
    pub(super) async fn kept(pool: AnyPool) -> Result<Self, StoreError> {
        let mut connections = Vec::new();
        for _ in 0..pool.options().get_max_connections() {
            connections.push(Arc::new(Mutex::new(pool.acquire().await?)));
        }
        let places = Arc::new(Semaphore::new(connections.len()));
        Ok(Self::Kept(Arc::new(Kept { pool, connections: StandardMutex::new(connections), places })))
    }

    /// # Errors
    /// [`StoreError::Database`] when no connection is free in time.
    pub(super) async fn lend(&self) -> Result<Lent, StoreError> {
        let kept = match self {
            Self::Pool(pool) => return Ok(Lent::Pool(pool.acquire().await?)),
            Self::Kept(kept) => kept,
        };
        let place = match Arc::clone(&kept.places).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                let waiting = tokio::time::timeout(WAIT, Arc::clone(&kept.places).acquire_owned()).await;
                waiting.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?
            }
        };
        let connections = kept.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let free = connections.iter().find_map(|connection| Arc::clone(connection).try_lock_owned().ok());
        Ok(Lent::Kept(free.ok_or(sqlx::Error::PoolClosed)?, place))
    }

    /// Closes all, after what is under way.
    pub(super) async fn close(&self) {
        match self {
            Self::Pool(pool) => pool.close().await,
            Self::Kept(kept) => {
                kept.places.close();
                // The pool closes each once it has it back, and waits for those that are in use.
                kept.connections.lock().unwrap_or_else(PoisonError::into_inner).clear();
                kept.pool.close().await;
            }
        }
    }
}

impl Lent {
    pub(super) fn connection(&mut self) -> &mut AnyConnection {
        match self {
            Self::Kept(connection, _) => connection,
            Self::Pool(connection) => connection,
        }
    }
}
