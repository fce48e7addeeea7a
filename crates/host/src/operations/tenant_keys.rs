//! On a tenant: operations on the one-time keys with which masters register.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use soar_store::model::{Moment, TenantKey};
use utoipa::ToSchema;

use super::{Done, OperationError, Operations, RequestContext, boxed};
use crate::Refusal;

/// A new one-time key.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TenantKeyToMake {
    /// The number of hours for which the key is valid. 24 unless this or expiresAt is given.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 720)]
    pub hours: Option<i64>,
    /// The time at which the key expires, at most 30 days from now. Use it instead of hours.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub expires_at: Option<Moment>,
}

impl TenantKeyToMake {
    /// The expiry of a key that is created at `now`.
    fn end(&self, now: Moment) -> Result<Moment, Refusal> {
        let hours = match (self.hours, self.expires_at) {
            (None, Some(end)) => return Ok(end),
            (hours, None) => hours.unwrap_or(24),
            (Some(_), Some(_)) => {
                return Err(Refusal::Because("Both hours and expiresAt are given. Give one of them.".to_owned()));
            }
        };
        // A negative number gives an expiry at `now`, which is refused.
        Ok(now + Duration::from_secs(u64::try_from(hours).unwrap_or_default().saturating_mul(3_600)))
    }
}

/// A one-time key, with its text if it is new.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantKeyMade {
    /// The key without its text.
    #[serde(flatten)]
    pub shown: TenantKey,
    /// The text for the master. Only in the first answer to the creation of the key: the host does not store it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl Operations {
    /// The one-time keys of this tenant, the newest first, without their secrets.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    #[boxed]
    pub async fn list_tenant_keys(&self, context: &RequestContext) -> Result<Vec<TenantKey>, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        Ok(self.tenants()?.keys_in(&mut records, &caller).await?)
    }

    /// Creates a one-time key for a master. The answer to a repeat does not contain its text.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
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
                    context.must_not_outlast_key(Some(end))?;
                    let issued = tenants.create_key_in(&mut change.records, &caller, end).await?;
                    let about = issued.key.name.clone();
                    let repeated = TenantKeyMade { shown: issued.key.clone(), key: None };
                    let made = TenantKeyMade { shown: issued.key, key: Some(issued.text.as_str().to_owned()) };
                    Done::new(made, about).repeated_as(&repeated)
                })
            })
            .await
    }

    /// Revokes a one-time key that no master has used.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
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
