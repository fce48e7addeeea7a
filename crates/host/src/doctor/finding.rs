//! One thing that is wrong with an instance.

use serde::Serialize;
use soar_store::StoreError;

/// One thing that is wrong with an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check that found it, such as `names`.
    pub check: &'static str,
    /// What is wrong.
    pub problem: String,
    /// Where it is wrong, such as `user "alice"`.
    pub place: String,
    /// What to do about it.
    pub cure: String,
}

impl Finding {
    /// The store at `address` could not be opened, so nothing else was checked.
    #[must_use]
    pub fn unopened(address: &str, error: &StoreError) -> Self {
        Self {
            check: "store",
            problem: format!("The store cannot be opened: {error}"),
            place: address.to_owned(),
            cure: "Mend what the error names, and run `footprint doctor` again for the other checks.".to_owned(),
        }
    }
}
