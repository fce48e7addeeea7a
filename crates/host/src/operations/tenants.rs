//! On a master: operations on tenants. No operation returns a tenant's one-time key.

use serde::{Deserialize, Serialize};
use soar_store::TenantFilter;
use soar_store::model::{Tenant, TenantId};
use utoipa::ToSchema;

use super::{Done, OperationError, Operations, RequestContext, Tried, boxed, full_page};
use crate::tenants::TenantDraft;

/// Tenants, by id.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantPage {
    /// The tenants.
    pub tenants: Vec<Tenant>,
    /// The value of `after` for the next page; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub next: Option<TenantId>,
}

/// A tenant's new address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantMove {
    /// The tenant's URL: `https://…`.
    #[schema(pattern = r"^[^\u0000]*$")]
    pub url: String,
}

/// The body for the registration of a tenant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantRegistration {
    /// A new one-time key of the tenant. It replaces the stored key.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub key: Option<String>,
}

impl std::fmt::Debug for TenantRegistration {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TenantRegistration").finish_non_exhaustive()
    }
}

impl Operations {
    /// At most `limit` tenants, by id.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    #[boxed]
    pub async fn list_tenants(
        &self,
        context: &RequestContext,
        filter: &TenantFilter,
        limit: i64,
    ) -> Result<TenantPage, OperationError> {
        context.must_administer()?;
        let tenants = self.reader(context).await?.records().tenants(filter, limit).await?;
        let next = full_page(&tenants, limit).map(|tenant| tenant.id);
        Ok(TenantPage { tenants, next })
    }

    /// The tenant with this id.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    #[boxed]
    pub async fn tenant(&self, context: &RequestContext, id: TenantId) -> Result<Tenant, OperationError> {
        context.must_administer()?;
        Ok(self.reader(context).await?.records().tenant(id).await?)
    }

    /// Adds a tenant. The next step is its registration.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn create_tenant(&self, context: &RequestContext, draft: &TenantDraft) -> Result<Tenant, OperationError> {
        let tenants = self.tenants()?;
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move { Ok(done(tenants.create_in(&mut change.records, &caller, draft).await?)) })
            })
            .await
    }

    /// Changes the address of a tenant. The tenant stays registered.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn move_tenant(
        &self,
        context: &RequestContext,
        id: TenantId,
        url: &str,
    ) -> Result<Tenant, OperationError> {
        let tenants = self.tenants()?;
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move { Ok(done(tenants.move_in(&mut change.records, &caller, id, url).await?)) })
            })
            .await
    }

    /// Registers with a tenant by its one-time key. Afterwards both instances have a shared secret.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn register_tenant(
        &self,
        context: &RequestContext,
        id: TenantId,
        key: Option<&str>,
    ) -> Result<Tried<Tenant>, OperationError> {
        let caller = context.caller_anywhere(&mut self.reader(context).await?.records()).await?;
        let tenant = self.tenants()?.register(&caller, id, key).await?;
        Ok(Tried { about: tenant.name.clone(), value: tenant, site: String::new() })
    }

    /// Revokes a tenant: the master sends nothing more to it. The connections on the tenant stay there.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn revoke_tenant(&self, context: &RequestContext, id: TenantId) -> Result<Tenant, OperationError> {
        let tenants = self.tenants()?;
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move { Ok(done(tenants.revoke_in(&mut change.records, &caller, id).await?)) })
            })
            .await
    }

    /// Removes a tenant that is not registered.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn remove_tenant(&self, context: &RequestContext, id: TenantId) -> Result<Tenant, OperationError> {
        let tenants = self.tenants()?;
        self.changes
            .run_as_caller(context, |mut change, caller| {
                Box::pin(async move { Ok(done(tenants.remove_in(&mut change.records, &caller, id).await?)) })
            })
            .await
    }
}

fn done(tenant: Tenant) -> Done<Tenant> {
    let about = tenant.name.clone();
    Done::new(tenant, about)
}
