//! The names in the demo's host.

/// The site.
pub(super) const SITE: &str = "Security Operations";

/// The site of a client.
pub(super) const CLIENT: &str = "Acme";

pub(super) const ADMINISTRATOR: &str = "Admin";

/// The user of the documented examples of bulk commands.
pub(super) const ANALYST: &str = "admin user";

/// The name of the connection that works.
pub(super) const CONNECTION: &str = "Footprint";
