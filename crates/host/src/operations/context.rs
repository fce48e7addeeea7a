//! The context of a call: the caller, the audit entry and the Idempotency-Key.

use std::collections::BTreeMap;

use soar_connector::name::quoted;
use soar_store::model::{AccessKeyId, Allowed, AuditEntry, Caller, Moment, Role, Site, SiteId, User};
use soar_store::{Records, StoreError};

use crate::Refusal;

/// One call of an operation, over HTTP or from the terminal.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The user in whose name the call is made.
    pub user: User,
    /// The user's roles by site.
    pub roles: BTreeMap<SiteId, Role>,
    /// The sites that the call may use: the sites of the API key; all sites at the terminal.
    pub reach: Allowed<SiteId>,
    /// The name of the API key; `None` at the terminal.
    pub key: Option<String>,
    /// The expiry of the API key, if it has one.
    pub key_expires_at: Option<Moment>,
    /// The call's audit entry, as far as it is known before the operation runs. Its status is the status of success.
    pub entry: AuditEntry,
    /// The Idempotency-Key of the call.
    pub idempotency: Option<IdempotencyKey>,
}

/// An Idempotency-Key, and the fingerprint of the call that it was sent with.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// The key.
    pub key: String,
    /// The fingerprint of the call's address and body.
    pub fingerprint: String,
    /// The API key of the call. The kept answer counts towards its quota.
    pub access_key: AccessKeyId,
}

impl RequestContext {
    /// The same call with `site` in its audit entry, even where the operation is refused.
    #[must_use]
    pub fn about_site(mut self, site: &str) -> Self {
        self.entry.site = AuditEntry::kept(site);
        self
    }

    /// The same call in the name of the user `name`; empty for the caller's own name.
    #[must_use]
    pub fn acting_for(mut self, name: &str) -> Self {
        self.entry.acting_for = AuditEntry::kept(name);
        self
    }

    /// The caller on `site`.
    #[must_use]
    pub fn caller(&self, site: Site) -> Caller {
        Caller {
            user: self.user.clone(),
            site,
            roles: self.roles.clone(),
            reach: self.reach.clone(),
            key: self.key.clone(),
            request_id: self.entry.request_id.clone(),
        }
    }

    /// The caller for an operation that does not depend on a site: on the first site that the user may see.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such site, or the store fails.
    pub async fn caller_anywhere(&self, records: &mut Records<'_>) -> Result<Caller, Refusal> {
        let site = records.sites().await?.into_iter().find(|site| self.sees(site.id));
        site.map(|site| self.caller(site))
            .ok_or_else(|| Refusal::Forbidden(format!("The user {} has a role on no site.", quoted(&self.user.name))))
    }

    /// The site of this name. A site that the user may not see does not exist for the user.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn site(&self, records: &mut Records<'_>, name: &str) -> Result<Site, StoreError> {
        let site = records.site(name).await?;
        if self.sees(site.id) { Ok(site) } else { Err(StoreError::not_found("site", name)) }
    }

    /// Whether the user has a role on the site.
    #[must_use]
    pub fn sees(&self, site: SiteId) -> bool {
        self.reach.allows(&site) && (self.user.is_administrator || self.roles.contains_key(&site))
    }

    /// Refuses to create a key that expires later than the caller's own key. Otherwise an expiring key could replace
    /// itself by a key without expiry.
    ///
    /// # Errors
    /// [`Refusal::Unable`].
    pub fn must_not_outlast_key(&self, expires_at: Option<Moment>) -> Result<(), Refusal> {
        let Some(own) = self.key_expires_at else { return Ok(()) };
        if expires_at.is_some_and(|end| end <= own) {
            return Ok(());
        }
        Err(Refusal::Unable(format!(
            "The caller's own key expires at {own}, and a key that it creates must not expire later. Give an earlier \
             expiry, or use a key that does not expire."
        )))
    }

    /// Refuses unless the user is an active administrator.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`].
    pub fn must_administer(&self) -> Result<(), Refusal> {
        if self.user.active && self.user.is_administrator && self.reach == Allowed::All {
            return Ok(());
        }
        Err(Refusal::Forbidden(format!(
            "The user {} is no administrator. Only administrators may do that.",
            quoted(&self.user.name)
        )))
    }
}
