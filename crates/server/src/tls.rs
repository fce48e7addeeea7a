//! TLS of the listener.

use std::sync::Arc;

use soar_host::settings::TlsFiles;
use soar_host::tls::{TlsError, load};
use tokio_rustls::TlsAcceptor;

/// The acceptor with the certificate and the private key of the settings.
pub(super) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, TlsError> {
    let mut config = load(files)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
