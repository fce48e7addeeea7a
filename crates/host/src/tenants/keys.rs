//! On a tenant: one-time keys, by which masters register.

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

/// The longest time for which a key may be open.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// A key that was made, with its text, which is shown this once.
#[derive(Debug)]
pub struct IssuedTenantKey {
    /// What is kept of it.
    pub key: TenantKey,
    /// What the master is given.
    pub text: Zeroizing<String>,
}

impl Tenants {
    /// Makes a one-time key within the transaction of `records`; it is good until `expires_at`.
    ///
    /// # Errors
    /// [`Refusal`] when the caller is no administrator, or the time is none.
    pub async fn make_key_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        expires_at: Moment,
    ) -> Result<IssuedTenantKey, Refusal> {
        demand(caller)?;
        let now = self.now();
        if expires_at <= now || expires_at.since(now) > LONGEST {
            return Err(Refusal::Because(
                "The key's end: expected a time in the future, and at most 30 days from now.".to_owned(),
            ));
        }
        SealingGuard::begin(records).await?;
        let own = identity(&self.connections, records, now).await?;
        let secret = random::<32>().map_err(|error| Refusal::Unable(error.to_string()))?;
        let key = OneTimeKey::new(own.public, secret);
        let place = TenancySecret::Key(key.name());
        let sealed = seal(&self.connections, records, &place, &*key.secret, now).await?;
        let new = NewTenantKey { name: key.name(), sealed, created_by: caller.user.name.clone(), expires_at };
        Ok(IssuedTenantKey { key: records.add_tenant_key(&new, now).await?, text: key.text() })
    }

    /// The one-time keys, the newest first.
    ///
    /// # Errors
    /// [`Refusal`] when the caller is no administrator.
    pub async fn keys_in(&self, records: &mut Records<'_>, caller: &Caller) -> Result<Vec<TenantKey>, Refusal> {
        demand(caller)?;
        Ok(records.tenant_keys(self.now()).await?)
    }

    /// Takes a one-time key back within the transaction of `records`. One that was used stays used.
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
                "The one-time key {} was used already. Revoke the master that came by it instead.",
                quoted(name)
            )));
        }
        Ok(revoked)
    }
}
