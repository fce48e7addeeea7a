//! Connects to the server: TCP, the proxy's handshake, TLS. Requests and a diagnosis go the same way.

mod dialer;
mod error;
mod hop;
mod proxy;
mod recording_verifier;
mod socks;
mod stream;
mod tls;

pub(super) use dialer::Dialer;
pub(super) use error::{ConnectError, client_certificate_wanted, innermost, refused_in_session};
pub(crate) use hop::Hop;
pub(super) use recording_verifier::Handshake;
