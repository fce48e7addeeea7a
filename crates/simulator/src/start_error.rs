//! Why a simulator could not be started.

use std::{io, net::SocketAddr};

use crate::tls::CertificateError;

/// Why a simulator could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A size is out of its range.
    #[error("{option} is {value}, but must be from {least} to {most}")]
    Option {
        /// The field of [`Options`](crate::Options).
        option: &'static str,
        /// The value given.
        value: u32,
        /// The smallest number allowed.
        least: u32,
        /// The largest number allowed.
        most: u32,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The operating system's error.
        source: io::Error,
    },
    /// No certificate could be made.
    #[error("the certificate could not be made")]
    Certificate(#[from] CertificateError),
}
