//! The command Update Tenant Site Status: a master activates or deactivates a site of a tenant.

use std::fmt;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use serde_json::json;
use soar_connector::Parameters;
use soar_connector::manifest::{Command, ManifestFile};
use soar_connector::name::{quoted, suggestion};
use soar_store::model::{Caller, Moment, SyncFailure, Tenant, TenantState};
use soar_store::{Records, TenantFilter};
use tokio::time::timeout;

use super::Tenants;
use super::apply::{NotApplied, SendingMaster, site_named};
use super::client::not_authentic;
use super::content::Fetched;
use super::failure::{not_registered, revoked_here, too_slow};
use super::message::{TenantAnswer, TenantRequest};
use super::request::too_long;
use super::service::demand;
use crate::Refusal;
use crate::commands::ExternalCommand;
use crate::utility::{Answer, CommandResult};

/// The last part of the command's address.
pub const SITE_STATUS_ENDPOINT: &str = "UpdateTenantSiteStatus";

static MANIFEST: LazyLock<Vec<Command>> = LazyLock::new(|| {
    let file = ManifestFile {
        name: "commands/update-tenant-site-status.toml",
        text: include_str!("../../manifest/commands/update-tenant-site-status.toml"),
    };
    #[allow(clippy::expect_used, reason = "the file is part of the program, and a test loads it")]
    Command::load_all(&[file]).expect("the manifest of Update Tenant Site Status")
});

/// The command's manifest.
#[must_use]
pub fn site_status_manifest() -> &'static Command {
    #[allow(clippy::expect_used, reason = "there is one file, and a test loads it")]
    MANIFEST.first().expect("the manifest of Update Tenant Site Status")
}

/// A tenant's site and its new status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteStatusRequest {
    /// The tenant's name.
    pub tenant_name: String,
    /// The tenant's region, where several tenants have the name.
    pub tenant_region: Option<String>,
    /// The tenant's site.
    pub tenant_site: String,
    /// Whether to activate the site.
    pub active: bool,
}

impl fmt::Display for SiteStatusRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, {}: {}", self.tenant_name, self.tenant_site, self.status())
    }
}

impl SiteStatusRequest {
    /// Parses the command's parameters.
    ///
    /// # Errors
    /// All missing parameters.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, Vec<String>> {
        let text = |name| parameters.text(name).map(str::trim).filter(|text| !text.is_empty());
        let missing = |name: &str| format!("{name} is required: expected text.");
        let (name, site) = (text("Tenant Name"), text("Tenant Site"));
        let problems: Vec<_> = [("Tenant Name", name), ("Tenant Site", site)]
            .into_iter()
            .filter(|(_, given)| given.is_none())
            .map(|(name, _)| missing(name))
            .collect();
        let region = text("Tenant Region");
        let lengths = [("Tenant Name", name), ("Tenant Region", region), ("Tenant Site", site)];
        let problems: Vec<_> = problems.into_iter().chain(lengths.into_iter().filter_map(too_long)).collect();
        match (name, site) {
            (Some(name), Some(site)) if problems.is_empty() => Ok(Self {
                tenant_name: name.to_owned(),
                tenant_region: region.map(str::to_owned),
                tenant_site: site.to_owned(),
                active: text("Status") == Some("Active"),
            }),
            _ => Err(problems),
        }
    }

    const fn status(&self) -> &'static str {
        if self.active { "Active" } else { "Inactive" }
    }
}

/// Update Tenant Site Status over the Command API.
pub(crate) struct UpdateTenantSiteStatus(pub(crate) Arc<Tenants>);

#[async_trait]
impl ExternalCommand for UpdateTenantSiteStatus {
    fn check(&self, parameters: &Parameters) -> Result<(), Vec<String>> {
        SiteStatusRequest::from_parameters(parameters).map(drop)
    }

    async fn run(&self, caller: &Caller, parameters: &Parameters) -> Result<Answer, Refusal> {
        let request = SiteStatusRequest::from_parameters(parameters);
        let request = request.map_err(|problems| Refusal::Because(problems.join(" ")))?;
        self.0.set_site_status(caller, &request).await
    }
}

impl Tenants {
    /// Activates or deactivates a tenant's site. The answer has the tenant's result.
    ///
    /// # Errors
    /// [`Refusal`] when the tenant was not called.
    pub async fn set_site_status(&self, caller: &Caller, request: &SiteStatusRequest) -> Result<Answer, Refusal> {
        demand(caller)?;
        self.client().map_err(Refusal::Because)?;
        let tenant = self.tenant_meant(request).await?;
        let result = self.tell_status(&tenant, request).await;
        let mut row = json!({
            "Tenant Region": tenant.region, "Tenant Name": tenant.name, "Tenant Site": request.tenant_site,
            "Status": request.status(), "Result": "Successful",
        });
        let mut answer = Answer::ended(CommandResult::Successful);
        if let Err(why) = result {
            answer = Answer::ended(CommandResult::Failed);
            answer.error = format!("{}: {} {}", quoted(&tenant.name), why.cause, why.cure);
            row["Result"] = json!("Failed");
            row["Error Code"] = json!(why.code);
            row["Error Message"] = json!(why.cause);
            row["Cure"] = json!(why.cure);
        }
        answer.context_data = Some(std::iter::once(row).collect());
        Ok(answer)
    }

    async fn tenant_meant(&self, request: &SiteStatusRequest) -> Result<Tenant, Refusal> {
        let filter = TenantFilter {
            region: request.tenant_region.clone(),
            name: Some(request.tenant_name.clone()),
            ..TenantFilter::default()
        };
        let mut reader = self.connections.store.reader().await?;
        let mut records = reader.records();
        let mut found = records.tenants(&filter, 1000).await?;
        if found.len() > 1 {
            let regions: Vec<_> = found.iter().map(|one| quoted(&one.region)).collect();
            return Err(Refusal::Because(format!(
                "Several tenants have the name {}. Give Tenant Region too: {}.",
                quoted(&request.tenant_name),
                regions.join(", ")
            )));
        }
        match found.pop() {
            Some(tenant) => Ok(tenant),
            None => {
                let known = records.tenants(&TenantFilter::default(), 1000).await?;
                let near = suggestion(&request.tenant_name, known.iter().map(|one| one.name.as_str()));
                let region = request.tenant_region.as_ref();
                let region = region.map(|region| format!(" in the region {}", quoted(region))).unwrap_or_default();
                Err(Refusal::Because(format!(
                    "There is no tenant {}{region}.{near} `footprint tenant list` shows the tenants.",
                    quoted(&request.tenant_name)
                )))
            }
        }
    }

    async fn tell_status(&self, tenant: &Tenant, request: &SiteStatusRequest) -> Result<(), SyncFailure> {
        match tenant.state {
            TenantState::Added => return Err(not_registered()),
            TenantState::Revoked => return Err(revoked_here()),
            TenantState::Registered => {}
        }
        let message = || TenantRequest::SetSiteStatus { site: request.tenant_site.clone(), active: request.active };
        let fetched = Fetched::default();
        let asking = timeout(self.settings.tenant_time(), self.say(tenant, &fetched, message));
        let answer = asking.await.unwrap_or_else(|_| Err(too_slow(self.settings.tenant_seconds)));
        match answer {
            Ok(TenantAnswer::SiteStatus { active }) if active == request.active => Ok(()),
            Ok(TenantAnswer::Refused(why)) => Err(why),
            Ok(_) => Err(not_authentic().failure),
            Err(mut why) if why.code == "refused" => {
                why.cure.push_str(" An older version of the tenant does not support this message: update the tenant.");
                Err(why)
            }
            Err(why) => Err(why),
        }
    }
}

/// On a tenant: sets the status of the site.
pub(super) async fn set_status(
    records: &mut Records<'_>,
    sender: &SendingMaster<'_>,
    site: &str,
    active: bool,
    now: Moment,
) -> Result<(), NotApplied> {
    let site = site_named(records, site).await?;
    Ok(records.set_site_active(site.id, active, Some(sender.master), now).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_is_that_of_the_endpoint() {
        assert_eq!(site_status_manifest().name, "Update Tenant Site Status");
        assert_eq!(site_status_manifest().endpoint, format!("POST /api/Command/{SITE_STATUS_ENDPOINT}"));
    }
}
