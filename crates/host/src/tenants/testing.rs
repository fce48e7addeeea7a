//! For tests and measurements: tenants that take no more than a few kilobytes each.
