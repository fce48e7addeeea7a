//! On a tenant: its one-time keys.

use super::columns::{Sealed, encoded, from_row};
use super::{Records, StoreError};
use crate::model::{Moment, TenantKey, TenantKeyId, TenantKeyState};

/// A one-time key to be stored.
#[derive(Debug, Clone)]
pub struct NewTenantKey {
    /// Its name.
    pub name: String,
    /// The key, sealed.
    pub sealed: Vec<u8>,
    /// The name of the user who created it.
    pub created_by: String,
    /// When it expires.
    pub expires_at: Moment,
}

/// A key that is neither used nor revoked. It may have expired.
#[derive(Debug, Clone)]
pub struct OpenKey {
    pub id: TenantKeyId,
    pub sealed: Vec<u8>,
    pub expires_at: Moment,
}

from_row! { OpenKey: id, sealed as Sealed = "secret", expires_at }

impl Records<'_> {
    /// Stores a key.
    pub async fn create_tenant_key(&mut self, new: &NewTenantKey, now: Moment) -> Result<TenantKey, StoreError> {
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

    /// The key of that name, locked until the transaction ends. `None` if it is used or revoked. It may have expired.
    pub async fn open_tenant_key(&mut self, name: &str) -> Result<Option<OpenKey>, StoreError> {
        let sql = format!(
            "SELECT id, secret, expires_at FROM tenant_keys WHERE name = $1 AND secret IS NOT NULL{}",
            self.engine.for_update()
        );
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(name).fetch_optional(&mut *self.connection).await?)
    }

    /// Records that a master has registered with the key, which cannot be used again.
    pub async fn spend_tenant_key(&mut self, id: TenantKeyId, now: Moment) -> Result<(), StoreError> {
        sqlx::query("UPDATE tenant_keys SET secret = NULL, spent_at = $1 WHERE id = $2")
            .bind(now)
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// Revokes a key. A key that is used or revoked stays as it is.
    pub async fn revoke_tenant_key(&mut self, name: &str, now: Moment) -> Result<TenantKey, StoreError> {
        sqlx::query("UPDATE tenant_keys SET secret = NULL, revoked_at = $1 WHERE name = $2 AND secret IS NOT NULL")
            .bind(now)
            .bind(name)
            .execute(&mut *self.connection)
            .await?;
        self.tenant_key(name, now).await
    }

    async fn tenant_key(&mut self, name: &str, now: Moment) -> Result<TenantKey, StoreError> {
        let found = self.tenant_keys(now).await?.into_iter().find(|key| key.name == name);
        found.ok_or_else(|| StoreError::not_found("one-time key", name))
    }

    /// All keys, the newest first, with their states at `now`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn tenant_keys(&mut self, now: Moment) -> Result<Vec<TenantKey>, StoreError> {
        let query = sqlx::query_as::<_, TenantKeyRow>(
            "SELECT id, name, created_by, created_at, expires_at, spent_at, revoked_at FROM tenant_keys ORDER BY id DESC",
        );
        let rows = query.fetch_all(&mut *self.connection).await?;
        Ok(rows.into_iter().map(|row| row.key(now)).collect())
    }
}

struct TenantKeyRow {
    id: TenantKeyId,
    name: String,
    created_by: String,
    created_at: Moment,
    expires_at: Moment,
    spent_at: Option<Moment>,
    revoked_at: Option<Moment>,
}

from_row! { TenantKeyRow: id, name, created_by, created_at, expires_at, spent_at, revoked_at }

impl TenantKeyRow {
    fn key(self, now: Moment) -> TenantKey {
        let state = match (self.spent_at, self.revoked_at) {
            (Some(_), _) => TenantKeyState::Used,
            (None, Some(_)) => TenantKeyState::Revoked,
            (None, None) if now >= self.expires_at => TenantKeyState::Expired,
            (None, None) => TenantKeyState::Open,
        };
        TenantKey {
            id: self.id,
            name: self.name,
            state,
            created_by: self.created_by,
            created_at: self.created_at,
            expires_at: self.expires_at,
        }
    }
}
