//! Makes an authority and a certificate, so that the simulator can speak TLS.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{self, ServerConfig, crypto::aws_lc_rs::default_provider, pki_types::PrivatePkcs8KeyDer},
};

/// How long both certificates are valid. Some clients refuse more than 825 days.
const VALID: Duration = Duration::from_secs(365 * 24 * 3600);
/// How long before now they begin, for clients whose clock is behind.
const EARLIER: Duration = Duration::from_secs(24 * 3600);

/// Why no certificate could be made.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// Making or signing failed.
    #[error(transparent)]
    Made(#[from] rcgen::Error),
    /// The TLS library refused what was made.
    #[error(transparent)]
    Used(#[from] rustls::Error),
}

/// The TLS acceptor, and the authority that clients need to trust.
pub(crate) struct TlsServer {
    pub(crate) acceptor: TlsAcceptor,
    /// The authority's certificate in PEM form.
    pub(crate) authority: String,
}

impl TlsServer {
    /// A new authority, and a certificate of it for this machine's loopback names and the address.
    pub(crate) fn new(address: IpAddr) -> Result<Self, CertificateError> {
        let (authority, issuer) = authority()?;
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned(), address.to_string()];
        let mut parameters = parameters("Footprint simulator", names.to_vec())?;
        parameters.use_authority_key_identifier_extension = true;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = parameters.signed_by(&key, &issuer)?;
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.into()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), authority })
    }
}

/// An authority's certificate in PEM form, and what signs with it.
fn authority() -> Result<(String, Issuer<'static, KeyPair>), CertificateError> {
    let mut parameters = parameters("Footprint simulator authority", Vec::new())?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    // Strict clients, such as Python's since 3.13, refuse an authority without its usage.
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let certificate = parameters.self_signed(&key)?.pem();
    Ok((certificate, Issuer::new(parameters, key)))
}

fn parameters(common_name: &str, names: Vec<String>) -> Result<CertificateParams, CertificateError> {
    let now = SystemTime::now();
    let mut parameters = CertificateParams::new(names)?;
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    parameters.not_before = (now - EARLIER).into();
    parameters.not_after = (now + VALID).into();
    Ok(parameters)
}
