//! Finds a tenant by its name, and by its region if several have the name.

use anyhow::Result;
use clap::Args;
use soar_connector::name::{quoted, suggestion};
use soar_host::operations::Operations;
use soar_store::TenantFilter;
use soar_store::model::Tenant;

use crate::exit::WrongUse;
use crate::instance::{OperatorSession, not_done};

// Names a tenant.
#[derive(Debug, Args)]
pub(super) struct TenantArguments {
    /// The tenant's name
    pub(super) tenant: String,

    /// Its region [default: the only one that has it]
    #[arg(long)]
    pub(super) region: Option<String>,
}

/// A wrong name is compared with at most this many names.
const MOST: i64 = 10_000;

impl TenantArguments {
    /// The tenant.
    ///
    /// # Errors
    /// [`WrongUse`] with the nearest name, or with the regions that have a tenant of that name.
    pub(super) async fn find(&self, operations: &Operations, session: &OperatorSession) -> Result<Tenant> {
        let context = session.context("tenant show");
        let named = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let filter = TenantFilter {
            name: named(&self.tenant),
            region: self.region.as_deref().and_then(named),
            ..TenantFilter::default()
        };
        let mut found = operations.list_tenants(&context, &filter, MOST).await.map_err(not_done)?.tenants;
        if found.len() > 1 {
            let regions: Vec<_> = found.iter().map(|tenant| tenant.region.as_str()).collect();
            return Err(WrongUse(format!(
                "Several tenants are called {}. Choose one with --region: {}.",
                quoted(&self.tenant),
                regions.join(", ")
            ))
            .into());
        }
        if let Some(tenant) = found.pop() {
            return Ok(tenant);
        }
        let all = operations.list_tenants(&context, &TenantFilter::default(), MOST).await.map_err(not_done)?.tenants;
        let near = suggestion(&self.tenant, all.iter().map(|tenant| tenant.name.as_str()));
        let region = self.region.as_ref().map(|region| format!(" in {}", quoted(region))).unwrap_or_default();
        Err(WrongUse(format!(
            "There is no tenant {}{region}.{near}\n`footprint tenant list` lists the tenants.",
            quoted(&self.tenant)
        ))
        .into())
    }
}
