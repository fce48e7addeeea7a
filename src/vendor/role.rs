//! The roles of an account in the vendor's words, and the permissions that the documentation calls them.

/// The permission, as the manifest spells it, that a role of the session endpoint stands for; `None` for every other
/// role.
pub(crate) fn permission_of_role(role: &str) -> Option<&'static str> {
    match role {
        "admin" => Some("Administrator"),
        "business" => Some("Management"),
        "technical" => Some("Operations"),
        "clientAccess" => Some("Reporting"),
        _ => None,
    }
}
