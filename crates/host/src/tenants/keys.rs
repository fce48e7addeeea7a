//! On a tenant: the one-time keys with which masters register.

use std::time::Duration;

use soar_connector::name::quoted;
use soar_store::model::{Caller, Moment, TenantKey, TenantKeyState};
use soar_store::{NewTenantKey, Records, TenancySecret};
use zeroize::Zeroizing;

use super::Tenants;
use super::identity::{identity, seal};
use super::one_time_key::OneTimeKey;
use super::service::demand;
use crate::Refusal;
use crate::access::random;
use crate::sealing::SealingGuard;

/// The longest validity of a key.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// A new key with its text, which is returned only once.
#[derive(Debug)]
pub struct IssuedTenantKey {
    /// The stored key.
    pub key: TenantKey,
    /// The text for the master.
    pub text: Zeroizing<String>,
}

impl Tenants {
    /// Creates a one-time key within the transaction of `records`. The key is valid until `expires_at`.
    ///
    /// # Errors
    /// [`Refusal`] when the caller is no administrator, or the expiry is not valid.
    pub async fn create_key_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        expires_at: Moment,
    ) -> Result<IssuedTenantKey, Refusal> {
        demand(caller)?;
        let now = records.now().await?;
        if expires_at <= now || expires_at.since(now) > LONGEST {
            return Err(Refusal::Because(
                "The key's expiry: expected a time in the future, at most 30 days from now.".to_owned(),
            ));
        }
        SealingGuard::begin(records).await?;
        let own = identity(&self.connections, records, now).await?;
        let secret = random::<32>().map_err(|error| Refusal::Unable(error.to_string()))?;
        let key = OneTimeKey::new(own.public, secret);
        let place = TenancySecret::Key(key.name());
        let sealed = seal(&self.connections, records, &place, &*key.secret, now).await?;
        let new = NewTenantKey { name: key.name(), sealed, created_by: caller.user.name.clone(), expires_at };
        Ok(IssuedTenantKey { key: records.create_tenant_key(&new, now).await?, text: key.text() })
    }

    /// The one-time keys, the newest first.
    ///
    /// # Errors
    /// [`Refusal`] when the caller is no administrator.
    pub async fn keys_in(&self, records: &mut Records<'_>, caller: &Caller) -> Result<Vec<TenantKey>, Refusal> {
        demand(caller)?;
        let now = records.now().await?;
        Ok(records.tenant_keys(now).await?)
    }

    /// Revokes a one-time key within the transaction of `records`. A used key cannot be revoked.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn revoke_key_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        name: &str,
    ) -> Result<TenantKey, Refusal> {
        demand(caller)?;
        SealingGuard::begin(records).await?;
        let revoked = records.revoke_tenant_key(name.trim(), self.now()).await?;
        if revoked.state == TenantKeyState::Used {
            return Err(Refusal::Because(format!(
                "The one-time key {} was used already. Revoke the master that registered with it instead.",
                quoted(name)
            )));
        }
        Ok(revoked)
    }
}
