//! Loads manifests from their files and checks them.

mod check;
mod check_findings;
mod load;
