//! On a tenant: the connections that masters sent.

use super::{Records, StoreError};
use crate::columns::from_row;
use crate::model::{ConnectionId, MasterId, Moment, SiteId};

/// A connection that a master sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedConnection {
    /// Its id on this instance.
    pub connection: ConnectionId,
    /// Its id on the master.
    pub master_connection: ConnectionId,
    /// The Tenant Site that it was synced to.
    pub site: SiteId,
}

from_row! { ReceivedConnection: connection = "connection_id", master_connection, site = "site_id" }

/// A connection that a master sent, to be recorded.
#[derive(Debug, Clone, Copy)]
pub struct NewReceived {
    /// The connection's id on this instance.
    pub connection: ConnectionId,
    /// The master.
    pub master: MasterId,
    /// The connection's id on the master.
    pub master_connection: ConnectionId,
    /// The Tenant Site that it was synced to.
    pub site: SiteId,
}

impl Records<'_> {
    /// Records that a master sent a connection.
    pub async fn note_received(&mut self, new: NewReceived, now: Moment) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO received_connections (connection_id, master_id, master_connection, site_id, received_at,
                 changed_at)
             VALUES ($1, $2, $3, $4, $5, $5)
             ON CONFLICT (connection_id) DO UPDATE SET site_id = excluded.site_id, changed_at = excluded.changed_at",
        )
        .bind(new.connection)
        .bind(new.master)
        .bind(new.master_connection)
        .bind(new.site)
        .bind(now)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// The connections on this instance that came from one connection of a master, on any site.
    pub async fn received_as(
        &mut self,
        master: MasterId,
        master_connection: ConnectionId,
    ) -> Result<Vec<ReceivedConnection>, StoreError> {
        let query = sqlx::query_as(
            "SELECT connection_id, master_connection, site_id FROM received_connections
             WHERE master_id = $1 AND master_connection = $2 ORDER BY connection_id",
        )
        .bind(master)
        .bind(master_connection);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// All connections that a master sent to a site, or to any site.
    pub async fn received_from(
        &mut self,
        master: MasterId,
        site: Option<SiteId>,
    ) -> Result<Vec<ReceivedConnection>, StoreError> {
        let query = sqlx::query_as(
            "SELECT connection_id, master_connection, site_id FROM received_connections
             WHERE master_id = $1 AND ($2 = 0 OR site_id = $2) ORDER BY connection_id",
        )
        .bind(master)
        .bind(site.map_or(0, |site| site.0));
        Ok(query.fetch_all(&mut *self.connection).await?)
    }
}
