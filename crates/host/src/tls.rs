//! The certificate and the private key of the host's listener.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{Error, ServerConfig};

use crate::settings::TlsFiles;

/// The reason for which TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be used.
    #[error("The {what} in {} cannot be used: {problem}. Expected PEM.", file.display())]
    File {
        /// `certificate` or `private key`.
        what: &'static str,
        /// The file.
        file: PathBuf,
        /// The cause.
        problem: String,
    },
    /// The files have no common pair of keys.
    #[error(
        "The private key in {} does not belong to the certificate in {}. Give both files of one pair. In the file of the \
         certificate, the host's own certificate comes first.",
        key.display(),
        certificate.display()
    )]
    Pair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the private key.
        key: PathBuf,
    },
    /// The TLS library refused the configuration.
    #[error("{0}")]
    Library(String),
}

/// The certificates in a PEM file. There is at least one.
///
/// # Errors
/// [`TlsError::File`].
pub(crate) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unusable = |problem: &dyn Display| unusable("certificate", file, problem);
    let found: Vec<_> =
        CertificateDer::pem_file_iter(file).and_then(Iterator::collect).map_err(|error| unusable(&error))?;
    if found.is_empty() { Err(unusable(&"it has no certificate")) } else { Ok(found) }
}

/// Loads the certificate and the private key.
///
/// # Errors
/// [`TlsError`].
pub fn load(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let certificates = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| unusable("private key", &files.key, &error))?;
    ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Library(error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|error| match error {
            Error::InconsistentKeys(_) => {
                TlsError::Pair { certificate: files.certificate.clone(), key: files.key.clone() }
            }
            error => unusable("certificate", &files.certificate, &error),
        })
}

fn unusable(what: &'static str, file: &Path, problem: &dyn Display) -> TlsError {
    TlsError::File { what, file: file.to_owned(), problem: problem.to_string() }
}
