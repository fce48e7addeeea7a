//! Connections' parameters in the store: plain values, sealed secrets, and references to secrets.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::columns::{Sealed, decoded, encoded, from_row};
use super::connections::ConnectionFilter;
use super::{Records, StoreError};
use crate::model::{ConnectionId, ConnectionParameter, KeyId, ParameterState, Reference};
use crate::{SealedPlace, SealedSecret};

/// A parameter as the store keeps it.
#[derive(Debug, Clone)]
pub struct StoredParameter {
    /// Its name in the manifest.
    pub name: String,
    /// Its value.
    pub value: StoredValue,
}

/// A parameter's value as the store keeps it.
#[derive(Debug, Clone)]
pub enum StoredValue {
    /// A value that is not a secret.
    Plain(String),
    /// A secret, sealed.
    Sealed(Vec<u8>),
    /// A reference to a secret elsewhere.
    Reference(Reference),
}

struct ParameterRow {
    connection_id: ConnectionId,
    name: String,
    kind: String,
    value: String,
}

from_row! { ParameterRow: connection_id, name, kind, value }

struct SealedParameterRow {
    connection_id: ConnectionId,
    name: String,
    value: Vec<u8>,
}

from_row! { SealedParameterRow: connection_id, name, value as Sealed }

impl StoredParameter {
    /// The parts of it that may be shown.
    pub fn shown(self) -> Result<ConnectionParameter, StoreError> {
        let value = match self.value {
            StoredValue::Plain(value) => ParameterState::Plain(value),
            StoredValue::Sealed(_) => ParameterState::Sealed,
            StoredValue::Reference(reference) => ParameterState::Reference(reference),
        };
        Ok(ConnectionParameter { name: self.name, value })
    }
}

/// The context that a connection's secret is sealed with.
pub fn sealing_context(connection: ConnectionId, parameter: &str) -> String {
    format!("connection/{connection}/{parameter}")
}

impl Records<'_> {
    /// Sets a parameter, in place of its earlier value.
    pub async fn set_connection_parameter(
        &mut self,
        connection: ConnectionId,
        parameter: &StoredParameter,
    ) -> Result<(), StoreError> {
        let (kind, value, key) = match &parameter.value {
            StoredValue::Plain(value) => ("Plain", value.clone(), None),
            StoredValue::Sealed(sealed) => ("Sealed", encoded(sealed), KeyId::of(sealed).map(|key| key.to_string())),
            StoredValue::Reference(reference) => ("Reference", reference.to_string(), None),
        };
        sqlx::query(
            "INSERT INTO connection_parameters (connection_id, name, kind, value, sealing_key)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (connection_id, name)
             DO UPDATE SET kind = excluded.kind, value = excluded.value, sealing_key = excluded.sealing_key",
        )
        .bind(connection)
        .bind(&parameter.name)
        .bind(kind)
        .bind(value)
        .bind(key.as_deref())
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// Removes a parameter.
    pub async fn remove_connection_parameter(
        &mut self,
        connection: ConnectionId,
        name: &str,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM connection_parameters WHERE connection_id = $1 AND name = $2")
            .bind(connection)
            .bind(name)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// The parameters of the wanted connections, by connection.
    pub async fn connection_parameters(
        &mut self,
        wanted: ConnectionFilter,
    ) -> Result<BTreeMap<ConnectionId, Vec<StoredParameter>>, StoreError> {
        let mut parameters: BTreeMap<ConnectionId, Vec<_>> = BTreeMap::new();
        let sql = self.parameters_sql(&wanted);
        for row in self.of_connections::<ParameterRow>(sql, &wanted).await? {
            let value = match row.kind.as_str() {
                "Plain" => StoredValue::Plain(row.value),
                "Reference" => StoredValue::Reference(row.value.parse().map_err(StoreError::Unreadable)?),
                _ => StoredValue::Sealed(decoded(&row.value)?),
            };
            parameters.entry(row.connection_id).or_default().push(StoredParameter { name: row.name, value });
        }
        Ok(parameters)
    }
}

/// The connections' secrets, for a rotation of the sealing key.
#[derive(Debug)]
pub struct ConnectionSecrets;

#[async_trait]
impl SealedPlace for ConnectionSecrets {
    async fn sealed_by_others(
        &self,
        records: &mut Records<'_>,
        current: KeyId,
        limit: i64,
    ) -> Result<Vec<SealedSecret>, StoreError> {
        let rows = sqlx::query_as::<_, SealedParameterRow>(
            "SELECT connection_id, name, value FROM connection_parameters
             WHERE sealing_key IS NOT NULL AND sealing_key <> $1 ORDER BY connection_id, name LIMIT $2",
        )
        .bind(current.to_string())
        .bind(limit)
        .fetch_all(&mut *records.connection)
        .await?;
        let secret = |row: SealedParameterRow| SealedSecret {
            context: sealing_context(row.connection_id, &row.name),
            sealed: row.value,
            row: vec![row.connection_id.to_string(), row.name],
        };
        Ok(rows.into_iter().map(secret).collect())
    }

    async fn replace(
        &self,
        records: &mut Records<'_>,
        old: &SealedSecret,
        sealed: &[u8],
        key: KeyId,
    ) -> Result<(), StoreError> {
        let [connection, name] = old.row.as_slice() else { return Ok(()) };
        let connection: ConnectionId =
            connection.parse().map_err(|_| StoreError::Unreadable("a connection's number".into()))?;
        sqlx::query(
            "UPDATE connection_parameters SET value = $1, sealing_key = $2
             WHERE connection_id = $3 AND name = $4 AND value = $5",
        )
        .bind(encoded(sealed))
        .bind(key.to_string())
        .bind(connection)
        .bind(name)
        .bind(encoded(&old.sealed))
        .execute(&mut *records.connection)
        .await?;
        Ok(())
    }
}
