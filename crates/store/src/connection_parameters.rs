//! Connections' parameters in the store: plain values, sealed secrets, and where secrets live.

use std::collections::BTreeMap;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sqlx::Row as _;

use super::connections::Wanted;
use super::{Records, StoreError};
use crate::model::{ConnectionParameter, KeyId, ParameterState, Reference};
use crate::{SealedPlace, SealedSecret};

/// A parameter as it is kept.
#[derive(Debug, Clone)]
pub struct StoredParameter {
    /// Its name in the manifest.
    pub name: String,
    /// Its value.
    pub value: StoredValue,
}

/// A parameter's value as it is kept.
#[derive(Debug, Clone)]
pub enum StoredValue {
    /// As given.
    Plain(String),
    /// A secret, sealed.
    Sealed(Vec<u8>),
    /// Where the secret lives.
    Reference(Reference),
}

impl StoredParameter {
    /// What may be shown of it.
    pub fn shown(self) -> Result<ConnectionParameter, StoreError> {
        let value = match self.value {
            StoredValue::Plain(value) => ParameterState::Plain(value),
            StoredValue::Sealed(_) => ParameterState::Sealed,
            StoredValue::Reference(reference) => ParameterState::Reference(reference),
        };
        Ok(ConnectionParameter { name: self.name, value })
    }
}

/// For what a connection's secret is sealed.
pub fn sealing_context(connection: i64, parameter: &str) -> String {
    format!("connection/{connection}/{parameter}")
}

impl Records<'_> {
    /// Sets a parameter, in place of what it was.
    pub async fn set_connection_parameter(
        &mut self,
        connection: i64,
        parameter: &StoredParameter,
    ) -> Result<(), StoreError> {
        let (kind, value, key) = match &parameter.value {
            StoredValue::Plain(value) => ("Plain", value.clone(), None),
            StoredValue::Sealed(sealed) => {
                ("Sealed", STANDARD.encode(sealed), KeyId::of(sealed).map(|key| key.to_string()))
            }
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

    /// Takes a parameter away.
    pub async fn remove_connection_parameter(&mut self, connection: i64, name: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM connection_parameters WHERE connection_id = $1 AND name = $2")
            .bind(connection)
            .bind(name)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// The parameters of the connections that are wanted, by the connection's number.
    pub async fn connection_parameters(
        &mut self,
        wanted: Wanted,
    ) -> Result<BTreeMap<i64, Vec<StoredParameter>>, StoreError> {
        let mut parameters: BTreeMap<i64, Vec<_>> = BTreeMap::new();
        for row in self.of_connections(Self::parameters_sql(), wanted).await? {
            let (name, kind, value): (String, String, String) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            let value = match kind.as_str() {
                "Plain" => StoredValue::Plain(value),
                "Reference" => StoredValue::Reference(value.parse().map_err(StoreError::Unreadable)?),
                _ => StoredValue::Sealed(decoded(&value)?),
            };
            parameters.entry(row.try_get(0)?).or_default().push(StoredParameter { name, value });
        }
        Ok(parameters)
    }
}

fn decoded(value: &str) -> Result<Vec<u8>, StoreError> {
    STANDARD.decode(value).map_err(|_| StoreError::Unreadable("a sealed secret that is no base64".to_owned()))
}

/// The secrets of connections, for a rotation.
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
        let rows = sqlx::query(
            "SELECT connection_id, name, value FROM connection_parameters
             WHERE sealing_key IS NOT NULL AND sealing_key <> $1 ORDER BY connection_id, name LIMIT $2",
        )
        .bind(current.to_string())
        .bind(limit)
        .fetch_all(&mut *records.connection)
        .await?;
        rows.iter()
            .map(|row| {
                let (connection, name, value): (i64, String, String) =
                    (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
                Ok(SealedSecret {
                    context: sealing_context(connection, &name),
                    sealed: decoded(&value)?,
                    row: vec![connection.to_string(), name],
                })
            })
            .collect()
    }

    async fn replace(
        &self,
        records: &mut Records<'_>,
        old: &SealedSecret,
        sealed: &[u8],
        key: KeyId,
    ) -> Result<(), StoreError> {
        let [connection, name] = old.row.as_slice() else { return Ok(()) };
        let connection: i64 = connection.parse().map_err(|_| StoreError::Unreadable("a connection's number".into()))?;
        sqlx::query(
            "UPDATE connection_parameters SET value = $1, sealing_key = $2
             WHERE connection_id = $3 AND name = $4 AND value = $5",
        )
        .bind(STANDARD.encode(sealed))
        .bind(key.to_string())
        .bind(connection)
        .bind(name)
        .bind(STANDARD.encode(&old.sealed))
        .execute(&mut *records.connection)
        .await?;
        Ok(())
    }
}
