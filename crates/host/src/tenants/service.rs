//! The service for tenants and masters.

use std::sync::{Arc, OnceLock};

use reqwest::Client;
use serde::Deserialize;
use soar_store::model::name::checked_name;
use soar_store::model::{Caller, Moment, Tenant, TenantId, TenantState};
use soar_store::{NewTenant, Records, TenancySecret};
use utoipa::ToSchema;

use super::TenantSettings;
use super::client::{checked_url, new_client};
use super::identity::seal;
use super::one_time_key::OneTimeKey;
use super::sharing::{ALL_TENANTS, is_ambiguous};
use crate::Refusal;
use crate::connections::Connections;
use crate::sealing::SealingGuard;

/// Manages the tenants and the masters of this instance in the name of a caller. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tenants {
    pub(super) connections: Connections,
    pub(super) settings: Arc<TenantSettings>,
    client: Arc<OnceLock<Result<Client, String>>>,
}

/// A new tenant.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TenantDraft {
    /// The tenant's name, unique in its region. Upper and lower case do not matter.
    #[schema(max_length = 100, pattern = r"^[^\u0000,;/]*[^\s\u0000,;/][^\u0000,;/]*$")]
    pub name: String,
    /// The tenant's region, such as `AMER`.
    #[schema(max_length = 100, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub region: String,
    /// The tenant's URL: `https://…`.
    #[schema(pattern = r"^[^\u0000]*$")]
    pub url: String,
    /// The one-time key that the tenant made.
    #[schema(pattern = r"^[^\u0000]*$")]
    pub key: String,
}

impl std::fmt::Debug for TenantDraft {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("TenantDraft");
        shown.field("name", &self.name).field("region", &self.region).field("url", &self.url).finish_non_exhaustive()
    }
}

impl Tenants {
    /// The service over these connections.
    #[must_use]
    pub fn new(connections: Connections, settings: TenantSettings) -> Self {
        Self { connections, settings: Arc::new(settings), client: Arc::default() }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// The invalid setting.
    pub fn check(&self) -> Result<(), String> {
        self.client().map(|_| ())
    }

    /// Adds a tenant within the transaction of `records`. [`Tenants::register`] registers it.
    ///
    /// # Errors
    /// [`Refusal`] for invalid fields, or when the caller is no administrator.
    pub async fn create_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        draft: &TenantDraft,
    ) -> Result<Tenant, Refusal> {
        demand(caller)?;
        SealingGuard::begin(records).await?;
        let key = OneTimeKey::parse(&draft.key).map_err(Refusal::Because)?;
        let new = NewTenant {
            name: checked_name("tenant", &draft.name)?,
            region: checked_name("tenant's region", &draft.region)?,
            url: checked_url(&draft.url, &self.settings).map_err(Refusal::Because)?,
        };
        if is_ambiguous(&new.name) {
            return Err(Refusal::Because(format!(
                "The tenant's name: expected a name without commas, semicolons and slashes, and not {ALL_TENANTS}, \
                 which has another meaning in a connection's field Tenant."
            )));
        }
        let added = records.create_tenant(&new, self.now()).await?;
        self.keep_key(records, added.id, &key).await?;
        Ok(added)
    }

    /// Changes the address of a tenant within the transaction of `records`.
    ///
    /// # Errors
    /// As [`Tenants::create_in`].
    pub async fn move_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: TenantId,
        url: &str,
    ) -> Result<Tenant, Refusal> {
        demand(caller)?;
        records.tenant(id).await?;
        let url = checked_url(url, &self.settings).map_err(Refusal::Because)?;
        records.move_tenant(id, &url).await?;
        Ok(records.tenant(id).await?)
    }

    /// Revokes a tenant within the transaction of `records`: the master sends nothing to it until it is registered
    /// again. The connections on the tenant stay there.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn revoke_in(&self, records: &mut Records<'_>, caller: &Caller, id: TenantId) -> Result<Tenant, Refusal> {
        demand(caller)?;
        SealingGuard::begin(records).await?;
        records.tenant(id).await?;
        records.revoke_tenant(id, self.now()).await?;
        Ok(records.tenant(id).await?)
    }

    /// Removes a tenant that is not registered, within the transaction of `records`. The history of its syncs stays.
    ///
    /// # Errors
    /// [`Refusal`], also when the tenant is registered.
    pub async fn remove_in(&self, records: &mut Records<'_>, caller: &Caller, id: TenantId) -> Result<Tenant, Refusal> {
        demand(caller)?;
        SealingGuard::begin(records).await?;
        let tenant = records.tenant(id).await?;
        if tenant.state == TenantState::Registered {
            return Err(Refusal::Because(
                "The tenant is registered. Revoke the tenant before you remove it.".to_owned(),
            ));
        }
        records.delete_tenant(id).await?;
        Ok(tenant)
    }

    /// Seals and stores the one-time key for the registration of a tenant, in a transaction that holds the sealing
    /// lock.
    pub(super) async fn keep_key(
        &self,
        records: &mut Records<'_>,
        tenant: TenantId,
        key: &OneTimeKey,
    ) -> Result<(), Refusal> {
        let place = TenancySecret::Onboarding(tenant);
        let sealed = seal(&self.connections, records, &place, key.text().as_bytes(), self.now()).await?;
        Ok(records.keep_onboarding_key(tenant, &sealed).await?)
    }

    pub(super) fn client(&self) -> Result<&Client, String> {
        self.client.get_or_init(|| new_client(&self.settings)).as_ref().map_err(Clone::clone)
    }

    pub(super) fn now(&self) -> Moment {
        Moment::from(self.connections.clock.now())
    }
}

/// Refuses callers that are no administrators, since tenants belong to the whole instance and receive secrets.
pub(super) fn demand(caller: &Caller) -> Result<(), Refusal> {
    if caller.administers() {
        return Ok(());
    }
    Err(Refusal::Forbidden("Only an administrator with a key for all sites may manage tenants and masters.".to_owned()))
}
