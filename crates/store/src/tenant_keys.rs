//! On a tenant: its one-time keys.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::tenancy_secrets::{decoded, encoded};
use super::{Records, StoreError};
use crate::model::{TenantKey, TenantKeyState};

/// A one-time key to be kept.
#[derive(Debug, Clone)]
pub struct NewTenantKey {
    /// Its name.
    pub name: String,
    /// The key, sealed.
    pub sealed: Vec<u8>,
    /// The name of the user who made it.
    pub created_by: String,
    /// In milliseconds since 1970.
    pub expires_at: i64,
}

/// A key that is neither spent nor revoked; it may have expired.
#[derive(Debug, Clone)]
pub struct OpenKey {
    pub id: i64,
    pub sealed: Vec<u8>,
    pub expires_at: i64,
}

impl Records<'_> {
    /// Keeps a key. `now` is in milliseconds since 1970.
    pub async fn add_tenant_key(&mut self, new: &NewTenantKey, now: i64) -> Result<TenantKey, StoreError> {
        sqlx::query(
            "INSERT INTO tenant_keys (name, secret, created_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&new.name)
        .bind(encoded(&new.sealed))
        .bind(&new.created_by)
        .bind(now)
        .bind(new.expires_at)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| StoreError::or_duplicate(error, "one-time key", &new.name))?;
        self.tenant_key(&new.name, now).await
    }

    /// The key of that name, if a master may still register with it, were it in time; kept from others until the
    /// transaction ends.
    pub async fn open_tenant_key(&mut self, name: &str) -> Result<Option<OpenKey>, StoreError> {
        let sql = format!(
            "SELECT id, secret, expires_at FROM tenant_keys WHERE name = $1 AND secret IS NOT NULL{}",
            self.engine.for_update()
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(name).fetch_optional(&mut *self.connection).await?;
        row.map(|row| {
            Ok(OpenKey { id: row.try_get(0)?, sealed: decoded(row.try_get(1)?)?, expires_at: row.try_get(2)? })
        })
        .transpose()
    }

    /// Notes that a master came by the key: from now on it opens nothing.
    pub async fn spend_tenant_key(&mut self, id: i64, now: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE tenant_keys SET secret = NULL, spent_at = $1 WHERE id = $2")
            .bind(now)
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// Takes a key back; one that is spent or taken back already stays as it is.
    pub async fn revoke_tenant_key(&mut self, name: &str, now: i64) -> Result<TenantKey, StoreError> {
        sqlx::query("UPDATE tenant_keys SET secret = NULL, revoked_at = $1 WHERE name = $2 AND secret IS NOT NULL")
            .bind(now)
            .bind(name)
            .execute(&mut *self.connection)
            .await?;
        self.tenant_key(name, now).await
    }

    async fn tenant_key(&mut self, name: &str, now: i64) -> Result<TenantKey, StoreError> {
        let found = self.tenant_keys(now).await?.into_iter().find(|key| key.name == name);
        found.ok_or_else(|| StoreError::not_found("one-time key", name))
    }

    /// All keys, the newest first, in the state that they have at `now`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn tenant_keys(&mut self, now: i64) -> Result<Vec<TenantKey>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, name, created_by, created_at, expires_at, spent_at, revoked_at FROM tenant_keys ORDER BY id DESC",
        )
        .fetch_all(&mut *self.connection)
        .await?;
        rows.iter().map(|row| read(row, now)).collect()
    }
}

fn read(row: &AnyRow, now: i64) -> Result<TenantKey, StoreError> {
    let expires_at = row.try_get(4)?;
    let (spent, revoked): (Option<i64>, Option<i64>) = (row.try_get(5)?, row.try_get(6)?);
    let state = match (spent, revoked) {
        (Some(_), _) => TenantKeyState::Used,
        (None, Some(_)) => TenantKeyState::Revoked,
        (None, None) if now >= expires_at => TenantKeyState::Expired,
        (None, None) => TenantKeyState::Open,
    };
    Ok(TenantKey {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        state,
        created_by: row.try_get(2)?,
        created_at: row.try_get(3)?,
        expires_at,
    })
}
