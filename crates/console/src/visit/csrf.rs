//! The hidden field `csrf`, which shows that a form comes from a page of the session.

use subtle::ConstantTimeEq as _;

use super::session::Session;

/// The name of the hidden field.
pub(crate) const FIELD: &str = "csrf";

/// Whether the form comes from a page of the session.
pub(crate) fn is_own(session: &Session, given: Option<&str>) -> bool {
    given.is_some_and(|given| given.as_bytes().ct_eq(session.csrf().as_bytes()).into())
}
