//! The caller of a page.

use std::net::IpAddr;

use soar_store::model::UserId;

/// The user or the address whose limits apply to a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Visitor {
    /// A signed-in user.
    User(UserId),
    /// An address without a session (for IPv6 its /64 network); `None` if it is unknown.
    Address(Option<IpAddr>),
}
