//! Finds settings of the OpenID Connect provider with which nobody could sign in.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use soar_connector::SystemClock;
use soar_connector::name::quoted;
use soar_store::StoreError;

use super::{DoctorCheck, DoctorFinding, Examined};
use crate::settings::OpenIdSettings;
use crate::sign_in::discover;

/// The place of findings in the settings.
const PLACE: &str = "host.toml, [sign-in.openid]";

/// The check of the OpenID Connect provider.
pub(super) struct OpenIdCheck;

#[async_trait]
impl DoctorCheck for OpenIdCheck {
    fn name(&self) -> &'static str {
        "openid"
    }

    async fn findings(&self, instance: &Examined) -> Result<Vec<DoctorFinding>, StoreError> {
        let Some(settings) = &instance.settings.sign_in.openid else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        if instance.settings.sign_in.public_address.is_none() {
            found.push(finding(
                format!("The provider would send browsers to {}.", instance.settings.public_address()),
                "Set public-address in the part [sign-in] of host.toml to the address that browsers use.",
            ));
        }
        if let Some(secret) = &settings.client_secret
            && let Err(error) = instance.vault.fetch(secret).await
        {
            found.push(finding(format!("client-secret: {error}"), "Correct client-secret, or the part [vault]."));
        }
        if let Err(problem) = discover(settings, Arc::new(SystemClock::new())).await {
            found.push(finding(problem, "Correct issuer, or make the provider reachable from the host."));
        }
        found.extend(missing_sites(settings, instance).await?);
        Ok(found)
    }
}

async fn missing_sites(settings: &OpenIdSettings, instance: &Examined) -> Result<Vec<DoctorFinding>, StoreError> {
    let mut reader = instance.store.reader().await?;
    let mut found = Vec::new();
    let names: BTreeSet<_> = settings.groups.iter().filter_map(|mapping| mapping.site.as_deref()).collect();
    for name in names {
        match reader.records().site(name).await {
            Ok(_) => {}
            Err(StoreError::NotFound { .. }) => found.push(finding(
                format!("groups names the site {}, which does not exist. Its groups give no role.", quoted(name)),
                "Correct the name, or make the site with `footprint site add`.",
            )),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn finding(problem: String, cure: &str) -> DoctorFinding {
    DoctorFinding { check: OpenIdCheck.name(), problem, place: PLACE.to_owned(), cure: cure.to_owned() }
}
