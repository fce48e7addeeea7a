//! Loads manifests from their files and checks them.

mod check;
mod load;
