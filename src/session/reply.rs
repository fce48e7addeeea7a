//! A reply of the server, read to its end.

use secrecy::SecretString;

/// A whole reply.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) location: Option<String>,
    pub(super) retry_after: Option<String>,
    /// The XSRF token that the server set with this reply.
    pub(super) xsrf_token: Option<SecretString>,
    pub(super) body: Vec<u8>,
}
