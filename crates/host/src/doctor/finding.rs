//! A problem of an instance that a check found.

use serde::Serialize;
use soar_store::StoreError;

/// A problem of an instance that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorFinding {
    /// The check that found it, such as `names`.
    pub check: &'static str,
    /// The problem.
    pub problem: String,
    /// The place of the problem, such as `user "alice"`.
    pub place: String,
    /// The cure.
    pub cure: String,
}

impl DoctorFinding {
    /// The store at `address` could not be opened, so nothing else was checked.
    #[must_use]
    pub fn unopened(address: &str, error: &StoreError) -> Self {
        Self {
            check: "store",
            problem: format!("The store cannot be opened: {error}"),
            place: address.to_owned(),
            cure: "Correct the cause in the error, and run `footprint doctor` again for the other checks.".to_owned(),
        }
    }
}
