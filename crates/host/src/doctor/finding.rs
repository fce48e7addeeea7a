//! One thing that is wrong with an instance.

use serde::Serialize;

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
