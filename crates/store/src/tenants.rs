//! On a master: the tenants, and the numbers of the messages to them.

use super::columns::{Maybe, Sealed, encoded, from_row};
use super::{Records, StoreError};
use crate::model::name::name_key;
use crate::model::{MessageNumber, Moment, Tenant, TenantId};

/// A tenant to be added, which the host has checked.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// The address of its instance.
    pub url: String,
}

/// The result of a registration.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The name of the pair, which both instances know.
    pub pair: String,
    /// The secret of the pair, sealed.
    pub sealed: Vec<u8>,
    /// The tenant instance's public key.
    pub instance: String,
}

/// The address and the secret with which a registered tenant is called.
#[derive(Debug, Clone)]
pub struct TenantPair {
    pub url: String,
    pub pair: String,
    pub sealed: Vec<u8>,
}

from_row! { TenantPair: url, pair, sealed as Sealed = "secret" }

/// Which tenants to read. A field that is not set does not limit them.
#[derive(Debug, Clone, Default)]
pub struct TenantFilter {
    /// In this region, in any case.
    pub region: Option<String>,
    /// Of this name, in any case.
    pub name: Option<String>,
    /// Only those that are not revoked.
    pub without_revoked: bool,
    /// After the tenant with this id: the next page.
    pub after: Option<TenantId>,
}

/// The last number that was given out for a message to a tenant, and the pair.
struct GivenOut {
    sequence: MessageNumber,
    pair: TenantPair,
}

from_row! { GivenOut: sequence, ..pair }

const COLUMNS: &str = "id, name, region, url, state, instance, created_at, registered_at, revoked_at";

impl Records<'_> {
    /// Adds a tenant.
    pub async fn create_tenant(&mut self, new: &NewTenant, now: Moment) -> Result<Tenant, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "INSERT INTO tenants (name, name_key, region, region_key, url, state, sequence, created_at)
             VALUES ($1, $2, $3, $4, $5, 'Added', 0, $6) RETURNING {COLUMNS}"
        ));
        sqlx::query_as(sql)
            .bind(&new.name)
            .bind(name_key(&new.name))
            .bind(&new.region)
            .bind(name_key(&new.region))
            .bind(&new.url)
            .bind(now)
            .fetch_one(&mut *self.connection)
            .await
            .map_err(|error| StoreError::or_duplicate(error, "tenant", &new.name))
    }

    /// Changes the address of a tenant.
    pub async fn move_tenant(&mut self, id: TenantId, url: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE tenants SET url = $1 WHERE id = $2")
            .bind(url)
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// Stores the one-time key that a tenant is to be registered with.
    pub async fn keep_onboarding_key(&mut self, id: TenantId, sealed: &[u8]) -> Result<(), StoreError> {
        sqlx::query("UPDATE tenants SET onboarding_key = $1 WHERE id = $2")
            .bind(encoded(sealed))
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// The sealed one-time key of a tenant that is not registered yet.
    pub async fn onboarding_key(&mut self, id: TenantId) -> Result<Option<Vec<u8>>, StoreError> {
        let query = sqlx::query_scalar::<_, Maybe<Sealed>>("SELECT onboarding_key FROM tenants WHERE id = $1");
        Ok(query.bind(id).fetch_optional(&mut *self.connection).await?.and_then(Into::into))
    }

    /// Registers a tenant. Its one-time key stays until [`Records::spend_onboarding_key`].
    pub async fn register_tenant(&mut self, id: TenantId, made: &Registration, now: Moment) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE tenants SET state = 'Registered', pair = $1, secret = $2, instance = $3, sequence = 0,
                 registered_at = $4, revoked_at = NULL
             WHERE id = $5",
        )
        .bind(&made.pair)
        .bind(encoded(&made.sealed))
        .bind(&made.instance)
        .bind(now)
        .bind(id)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// Deletes the one-time key of a tenant, which is used.
    pub async fn spend_onboarding_key(&mut self, id: TenantId) -> Result<(), StoreError> {
        sqlx::query("UPDATE tenants SET onboarding_key = NULL WHERE id = $1")
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }

    /// Revokes a tenant: the master sends it no message any more.
    pub async fn revoke_tenant(&mut self, id: TenantId, now: Moment) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE tenants SET state = 'Revoked', secret = NULL, onboarding_key = NULL,
                 revoked_at = COALESCE(revoked_at, $1)
             WHERE id = $2",
        )
        .bind(now)
        .bind(id)
        .execute(&mut *self.connection)
        .await?;
        Ok(())
    }

    /// Deletes a tenant. The runs that went to it stay.
    pub async fn delete_tenant(&mut self, id: TenantId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM tenants WHERE id = $1").bind(id).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// The tenant with this id.
    pub async fn tenant(&mut self, id: TenantId) -> Result<Tenant, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM tenants WHERE id = $1"));
        let tenant = sqlx::query_as(sql).bind(id).fetch_optional(&mut *self.connection).await?;
        tenant.ok_or_else(|| StoreError::not_found("tenant", id.to_string()))
    }

    /// At most `limit` of the wanted tenants, by id.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn tenants(&mut self, filter: &TenantFilter, limit: i64) -> Result<Vec<Tenant>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM tenants
             WHERE id > $1 AND ($2 = '' OR region_key = $2) AND ($3 = '' OR name_key = $3)
               AND ($4 = 0 OR state <> 'Revoked')
             ORDER BY id LIMIT $5"
        ));
        let (region, name) = self.tenant_keys_of(filter).await?;
        let query = sqlx::query_as(sql)
            .bind(filter.after.map_or(0, |after| after.0))
            .bind(region)
            .bind(name)
            .bind(i64::from(filter.without_revoked))
            .bind(limit);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// The number of the wanted tenants.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_tenants(&mut self, filter: &TenantFilter) -> Result<i64, StoreError> {
        let (region, name) = self.tenant_keys_of(filter).await?;
        let query = sqlx::query_scalar(
            "SELECT CAST(COUNT(*) AS BIGINT) FROM tenants
             WHERE id > $1 AND ($2 = '' OR region_key = $2) AND ($3 = '' OR name_key = $3)
               AND ($4 = 0 OR state <> 'Revoked')",
        )
        .bind(filter.after.map_or(0, |after| after.0))
        .bind(region)
        .bind(name)
        .bind(i64::from(filter.without_revoked));
        Ok(query.fetch_one(&mut *self.connection).await?)
    }

    /// Region and name of a filter, as keys. Empty for all.
    async fn tenant_keys_of(&mut self, filter: &TenantFilter) -> Result<(String, String), StoreError> {
        let region = filter.region.as_deref().map(name_key).unwrap_or_default();
        let name = match &filter.name {
            Some(name) => self.found_key("tenants", name).await?,
            None => String::new(),
        };
        Ok((region, name))
    }

    /// Gives out the numbers of `count` messages to a tenant, above `at_least`, and returns the first one. `None` if
    /// the tenant is not registered.
    ///
    /// Rows that the same transaction reads afterwards are at least as new as those of any message with a lower number.
    pub async fn give_out_numbers(
        &mut self,
        id: TenantId,
        count: i64,
        at_least: MessageNumber,
    ) -> Result<Option<(MessageNumber, TenantPair)>, StoreError> {
        let query = sqlx::query_as::<_, GivenOut>(
            "UPDATE tenants SET sequence = (CASE WHEN sequence < $1 THEN $1 ELSE sequence END) + $2
             WHERE id = $3 AND state = 'Registered' RETURNING sequence, url, pair, secret",
        )
        .bind(at_least)
        .bind(count)
        .bind(id);
        let given_out = query.fetch_optional(&mut *self.connection).await?;
        Ok(given_out.map(|row| (MessageNumber(row.sequence.0 - count + 1), row.pair)))
    }
}
