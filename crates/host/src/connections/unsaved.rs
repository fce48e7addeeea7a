//! A connection as a draft or a change would make it. Nothing is stored.

use soar_store::model::{Caller, Connection, ConnectionId};
use soar_store::{ConnectionFilter, Records, StoredParameter, Transaction};

use super::{ConnectionChange, ConnectionDraft, Connections};
use crate::Refusal;

/// A connection that is not stored.
#[derive(Debug)]
pub(crate) struct UnsavedConnection {
    pub(crate) connection: Connection,
    pub(crate) parameters: Vec<StoredParameter>,
}

impl Connections {
    /// The connection that a draft would create. The draft is checked as it is when it is saved. The transaction is never
    /// committed.
    ///
    /// # Errors
    /// As [`Connections::create_in`].
    pub(crate) async fn unsaved(
        &self,
        mut transaction: Transaction,
        caller: &Caller,
        draft: ConnectionDraft,
    ) -> Result<UnsavedConnection, Refusal> {
        let mut records = transaction.records();
        let made = self.create_in(&mut records, caller, draft).await?;
        read(&mut records, made).await
    }

    /// The connection after a change. The change is checked as it is when it is saved. The transaction is never committed.
    ///
    /// # Errors
    /// As [`Connections::update_in`].
    pub(crate) async fn unsaved_change(
        &self,
        mut transaction: Transaction,
        caller: &Caller,
        id: ConnectionId,
        change: ConnectionChange,
    ) -> Result<UnsavedConnection, Refusal> {
        let mut records = transaction.records();
        let changed = self.update_in(&mut records, caller, id, change).await?;
        read(&mut records, changed).await
    }
}

async fn read(records: &mut Records<'_>, connection: Connection) -> Result<UnsavedConnection, Refusal> {
    let id = connection.id;
    let parameters = records.connection_parameters(ConnectionFilter::Id(id)).await?.remove(&id).unwrap_or_default();
    Ok(UnsavedConnection { connection, parameters })
}
