//! On a tenant: the one-time keys by which masters register.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use soar_store::model::TenantKey;
use utoipa::ToSchema;

use super::{Done, OperationError, Operations, RequestContext, Required};

/// A one-time key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TenantKeyToMake {
    /// How many hours it is good for. 24 unless given.
    #[serde(default = "a_day")]
    #[schema(minimum = 1, maximum = 720)]
    pub hours: i64,
}

fn a_day() -> i64 {
    24
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
        let mut reader = self.reader(context).await?;
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
            .run(context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let caller = context.caller_anywhere(&mut change.records).await?;
                    let expires_at = change.now
                        + Duration::from_secs(u64::try_from(wanted.hours).unwrap_or_default().saturating_mul(3_600));
                    context.must_not_outlast_key(Some(expires_at))?;
                    let issued = tenants.make_key_in(&mut change.records, &caller, expires_at).await?;
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
            .run(context, Required::CheckedByWork, |mut change| {
                Box::pin(async move {
                    let caller = context.caller_anywhere(&mut change.records).await?;
                    let revoked = tenants.revoke_key_in(&mut change.records, &caller, name).await?;
                    let about = revoked.name.clone();
                    Ok(Done::new(revoked, about))
                })
            })
            .await
    }
}
