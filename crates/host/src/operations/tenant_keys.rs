//! On a tenant: the one-time keys by which masters register.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use soar_store::model::{Moment, TenantKey};
use utoipa::ToSchema;

use super::{Done, OperationError, Operations, RequestContext};
use crate::Refusal;

/// A one-time key to be made.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TenantKeyToMake {
    /// How many hours it is good for. 24 unless this or its end is given.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 720)]
    pub hours: Option<i64>,
    /// When it ends, at most 30 days from now; in place of hours.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub expires_at: Option<Moment>,
}

impl TenantKeyToMake {
    /// When a key that is made at `now` ends.
    fn end(&self, now: Moment) -> Result<Moment, Refusal> {
        let hours = match (self.hours, self.expires_at) {
            (None, Some(end)) => return Ok(end),
            (hours, None) => hours.unwrap_or(24),
            (Some(_), Some(_)) => {
                return Err(Refusal::Because("Both hours and expiresAt are given: give one of them.".to_owned()));
            }
        };
        // What is no length of time ends at once, which is refused.
        Ok(now + Duration::from_secs(u64::try_from(hours).unwrap_or_default().saturating_mul(3_600)))
    }
}

/// A one-time key, with its text where it was just made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantKeyMade {
    /// What is known of it.
    #[serde(flatten)]
    pub shown: TenantKey,
    /// What the master is given. Only in the first answer to making the key: it cannot be had again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl Operations {
    /// The one-time keys of this tenant, the newest first, without their secrets.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    pub async fn list_tenant_keys(&self, context: &RequestContext) -> Result<Vec<TenantKey>, OperationError> {
        let mut reader = self.reader().await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(self.tenants()?.keys_in(&mut records, &caller).await?)
    }

    /// Makes a one-time key for a master. The answer to a repeat lacks the key.
    ///
    /// # Errors
    /// [`OperationError`].
    pub async fn create_tenant_key(
        &self,
        context: &RequestContext,
        wanted: &TenantKeyToMake,
    ) -> Result<TenantKeyMade, OperationError> {
        let tenants = self.tenants()?;
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move {
                    let end = wanted.end(change.now)?;
                    let issued = tenants.make_key_in(&mut change.records, &caller, end).await?;
                    let about = issued.key.name.clone();
                    let repeated = TenantKeyMade { shown: issued.key.clone(), key: None };
                    let made = TenantKeyMade { shown: issued.key, key: Some(issued.text.as_str().to_owned()) };
                    Done::new(made, about).repeated_as(&repeated)
                })
            })
            .await
    }

    /// Takes a one-time key back before a master used it.
    ///
    /// # Errors
    /// [`OperationError`].
    pub async fn revoke_tenant_key(&self, context: &RequestContext, name: &str) -> Result<TenantKey, OperationError> {
        let tenants = self.tenants()?;
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move {
                    let revoked = tenants.revoke_key_in(&mut change.records, &caller, name).await?;
                    let about = revoked.name.clone();
                    Ok(Done::new(revoked, about))
                })
            })
            .await
    }
}
