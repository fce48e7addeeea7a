//! Connects to the server: TCP, the proxy's handshake, TLS. Requests and a diagnosis go the same way.

mod certificate;
mod dialer;
mod error;
mod proxy;
mod recording_verifier;
mod socks;
mod stream;
mod tls;

pub(crate) use certificate::Certificate;
pub(super) use dialer::Dialer;
pub(super) use error::{ConnectError, client_certificate_wanted, innermost, refused_in_session};
pub(super) use proxy::USER_AGENT;
pub(super) use recording_verifier::Handshake;
