//! Names the tenants of the simulated instance.

use serde::Serialize;

use crate::{Options, data::words};

/// A tenant, which the vendor also calls an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SimulatedTenant {
    /// Its id, as sent in the header `FootprintTenantId`.
    pub id: u32,
    /// Its name.
    pub name: String,
}

/// The tenant with this id, if it exists.
pub(crate) fn tenant(options: &Options, id: u32) -> Option<SimulatedTenant> {
    if id == 0 || id > options.tenants {
        return None;
    }
    let company = words::pick(words::COMPANIES, (id - 1) as usize);
    let round = (id as usize - 1) / words::COMPANIES.len();
    let name = if round == 0 { company.to_owned() } else { format!("{company} {}", round + 1) };
    Some(SimulatedTenant { id, name })
}

/// Whether the tenant's trial has ended: the last of two or more.
pub(crate) fn is_trial_expired(options: &Options, id: u32) -> bool {
    options.tenants >= 2 && id == options.tenants
}
