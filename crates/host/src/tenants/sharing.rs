//! Parses the field Tenant of a connection, which names the tenants with which the connection is shared.

use soar_store::model::Tenant;
use soar_store::model::name::same_name;

/// The text of the field for all tenants.
pub const ALL_TENANTS: &str = "All tenants";

/// The separators in the field. No tenant's name contains them.
const BETWEEN: [char; 3] = [',', ';', '/'];

/// Whether Sync All Shared sends a connection to `site` of `tenant`: the field Tenant names all tenants, the tenant, or
/// the tenant and that site (`TestTenant/TenantSite`).
pub(super) fn is_shared_with(field: Option<&str>, tenant: &Tenant, site: &str) -> bool {
    let is = same_name;
    field.unwrap_or_default().split([',', ';']).any(|entry| match entry.split_once('/') {
        Some((name, of)) => is(name, &tenant.name) && is(of, site),
        None => is(entry, ALL_TENANTS) || is(entry, &tenant.name),
    })
}

/// Whether a name would have another meaning in the field Tenant.
pub(super) fn is_ambiguous(name: &str) -> bool {
    name.contains(BETWEEN) || name.trim().eq_ignore_ascii_case(ALL_TENANTS)
}

#[cfg(test)]
mod tests {
    use soar_store::model::{Moment, TenantId};

    use super::*;
    use soar_store::model::TenantState;

    #[test]
    fn the_field_tenant_says_who_gets_a_connection() {
        let tenant = Tenant {
            id: TenantId(1),
            name: "TestTenant".to_owned(),
            region: "AMER".to_owned(),
            url: String::new(),
            state: TenantState::Registered,
            instance: None,
            created_at: Moment(0),
            registered_at: None,
            revoked_at: None,
        };
        let shared = |field| is_shared_with(field, &tenant, "TenantSite");
        for field in [
            "TestTenant",
            " testtenant ",
            "Other, TestTenant",
            "TestTenant/TenantSite",
            "a;TESTTENANT / tenantsite",
            "all tenants",
        ] {
            assert!(shared(Some(field)), "{field}");
        }
        for field in ["", "Other", "TestTenant/Other", "TestTenant2", "Other/TenantSite", "All tenants/TenantSite"] {
            assert!(!shared(Some(field)), "{field}");
        }
        assert!(!shared(None));
        assert!(is_ambiguous("a/b") && is_ambiguous("all TENANTS") && !is_ambiguous("Acme & Co. (EU)"));
    }
}
