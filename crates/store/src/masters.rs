//! On a tenant: its masters, and the number of the last message that it took from each.

use super::columns::{Maybe, Sealed, encoded, from_row};
use super::{Records, StoreError};
use crate::model::name::{checked_name, name_key};
use crate::model::{Master, MasterId, MessageNumber, Moment, TenantKeyId};

/// A master that registers.
#[derive(Debug, Clone)]
pub struct NewMaster {
    /// Its public key.
    pub instance: String,
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// The name of the pair, which both instances know.
    pub pair: String,
    /// The secret of the pair, sealed.
    pub sealed: Vec<u8>,
    /// The one-time key that the master used.
    pub key: TenantKeyId,
    /// The master's name for this tenant.
    pub tenant_name: String,
    /// The master's region for this tenant.
    pub tenant_region: String,
}

/// A registered pair, looked up for a message.
#[derive(Debug, Clone)]
pub struct KnownPair {
    /// The master's id.
    pub master: MasterId,
    /// The master's name.
    pub name: String,
    /// The pair's secret, sealed. `None` when the master is revoked.
    pub sealed: Option<Vec<u8>>,
    /// The one-time key that the master used, until its first message.
    pub key: Option<TenantKeyId>,
    /// The number of the last message that the tenant took.
    pub sequence: MessageNumber,
}

from_row! { KnownPair: master = "id", name, sealed as Maybe<Sealed> = "secret", key = "tenant_key", sequence }

const COLUMNS: &str = "m.id, m.instance, m.name, m.region, m.state, m.tenant_name, m.tenant_region, \
     (SELECT CAST(COUNT(*) AS BIGINT) FROM received_connections r WHERE r.master_id = m.id) AS connections, m.registered_at, \
     m.seen_at, m.revoked_at";

impl Records<'_> {
    /// Registers a master, in place of an earlier registration. Connections that it sent stay its own.
    pub async fn register_master(&mut self, new: &NewMaster, now: Moment) -> Result<(), StoreError> {
        let name = checked_name("master", &new.name)?;
        // An instance that used the same key and sent no message is not the master that the key was made for.
        sqlx::query(
            "UPDATE masters SET state = 'Revoked', secret = NULL, tenant_key = NULL, revoked_at = $1
             WHERE tenant_key = $2 AND instance <> $3",
        )
        .bind(now)
        .bind(new.key)
        .bind(&new.instance)
        .execute(&mut *self.connection)
        .await?;
        sqlx::query(
            "INSERT INTO masters (instance, name, name_key, region, state, pair, secret, tenant_key, tenant_name,
                 tenant_region, sequence, registered_at)
             VALUES ($1, $2, $3, $4, 'Registered', $5, $6, $7, $8, $9, 0, $10)
             ON CONFLICT (instance) DO UPDATE SET name = excluded.name, name_key = excluded.name_key,
                 region = excluded.region, state = excluded.state, pair = excluded.pair, secret = excluded.secret,
                 tenant_key = excluded.tenant_key, tenant_name = excluded.tenant_name,
                 tenant_region = excluded.tenant_region, sequence = 0, registered_at = excluded.registered_at,
                 seen_at = NULL, revoked_at = NULL",
        )
        .bind(&new.instance)
        .bind(&name)
        .bind(name_key(&name))
        .bind(&new.region)
        .bind(&new.pair)
        .bind(encoded(&new.sealed))
        .bind(new.key)
        .bind(&new.tenant_name)
        .bind(&new.tenant_region)
        .bind(now)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| StoreError::or_duplicate(error, "master", &name))?;
        Ok(())
    }

    /// The pair of that name, locked until the transaction ends.
    pub async fn known_pair(&mut self, pair: &str) -> Result<Option<KnownPair>, StoreError> {
        let sql = format!(
            "SELECT id, name, secret, tenant_key, sequence FROM masters WHERE pair = $1{}",
            self.engine.for_update()
        );
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(pair).fetch_optional(&mut *self.connection).await?)
    }

    /// Records that the tenant took a message.
    pub async fn take_message(
        &mut self,
        master: MasterId,
        sequence: MessageNumber,
        now: Moment,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE masters SET sequence = $1, seen_at = $2, tenant_key = NULL WHERE id = $3")
            .bind(sequence)
            .bind(now)
            .bind(master)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// Revokes a master: its messages are refused from now on.
    pub async fn revoke_master(&mut self, name: &str, now: Moment) -> Result<Master, StoreError> {
        let key = self.found_key("masters", name).await?;
        sqlx::query(
            "UPDATE masters SET state = 'Revoked', secret = NULL, tenant_key = NULL, revoked_at = $1
             WHERE name_key = $2 AND state = 'Registered'",
        )
        .bind(now)
        .bind(key)
        .execute(&mut *self.connection)
        .await?;
        self.master(name).await
    }

    /// Deletes a master that owns nothing any more. A site that it set inactive stays inactive, and then belongs to
    /// this instance.
    pub async fn delete_master(&mut self, id: MasterId) -> Result<(), StoreError> {
        sqlx::query("UPDATE sites SET deactivated_by = NULL WHERE deactivated_by = $1")
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        sqlx::query("DELETE FROM masters WHERE id = $1").bind(id).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// The master of that name.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn master(&mut self, name: &str) -> Result<Master, StoreError> {
        let key = self.found_key("masters", name).await?;
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM masters m WHERE m.name_key = $1"));
        let query = sqlx::query_as(sql).bind(key);
        query.fetch_optional(&mut *self.connection).await?.ok_or_else(|| StoreError::not_found("master", name))
    }

    /// All masters, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn masters(&mut self) -> Result<Vec<Master>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM masters m ORDER BY m.name_key"));
        Ok(sqlx::query_as(sql).fetch_all(&mut *self.connection).await?)
    }
}
