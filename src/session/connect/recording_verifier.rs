//! Checks the certificate of one TLS handshake, and remembers what the server showed and asked for.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The record of a handshake.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handshake {
    /// The version of TLS, such as `TLS 1.3`; `None` where the handshake came to no signature.
    pub(crate) version: Option<&'static str>,
    /// The server's certificate (DER), trusted or not.
    pub(crate) certificate: Option<Arc<[u8]>>,
    /// Whether the server asked for a client certificate; it may do without one.
    pub(crate) wants_client_certificate: bool,
}

/// Whose certificates are trusted.
#[derive(Debug, Clone)]
pub(super) enum Judge {
    /// Anybody's, as Skip Certificate Checks says: neither the certificate nor its signatures are checked.
    Nobody,
    /// Those of the system's authorities, of the authorities in CA File, and the certificates in CA File themselves.
    Authorities { verifier: Arc<Verifier>, given: Arc<[CertificateDer<'static>]> },
}

/// The verifier of one handshake.
#[derive(Debug)]
pub(super) struct RecordingVerifier {
    judge: Judge,
    provider: Arc<CryptoProvider>,
    seen: Mutex<Handshake>,
}

impl RecordingVerifier {
    pub(super) fn new(judge: Judge, provider: Arc<CryptoProvider>) -> Self {
        Self { judge, provider, seen: Mutex::default() }
    }

    pub(super) fn seen(&self) -> Handshake {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, note: impl FnOnce(&mut Handshake)) {
        note(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl ServerCertVerifier for RecordingVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.note(|seen| seen.certificate = Some(certificate.as_ref().into()));
        match &self.judge {
            Judge::Nobody => Ok(ServerCertVerified::assertion()),
            // A self-signed certificate is often made as an authority's, which a chain may not end in.
            Judge::Authorities { given, .. } if given.contains(certificate) => verify_itself(certificate, name, now),
            Judge::Authorities { verifier, .. } => verifier.verify_server_cert(certificate, others, name, ocsp, now),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.note(|seen| seen.version = Some("TLS 1.2"));
        match self.judge {
            Judge::Nobody => Ok(HandshakeSignatureValid::assertion()),
            Judge::Authorities { .. } => {
                verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
            }
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.note(|seen| seen.version = Some("TLS 1.3"));
        match self.judge {
            Judge::Nobody => Ok(HandshakeSignatureValid::assertion()),
            Judge::Authorities { .. } => {
                verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
            }
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.provider.signature_verification_algorithms.supported_schemes();
        if matches!(self.judge, Judge::Nobody) {
            // Servers that are so old that their checks are skipped may know no other.
            schemes.extend([SignatureScheme::ECDSA_SHA1_Legacy, SignatureScheme::RSA_PKCS1_SHA1]);
        }
        schemes
    }
}

impl ResolvesClientCert for RecordingVerifier {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.note(|seen| seen.wants_client_certificate = true);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// Checks name and time of a certificate that is itself trusted, by any issuer.
fn verify_itself(
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, Error> {
    let bad_encoding = || Error::InvalidCertificate(CertificateError::BadEncoding);
    let (_, read) = X509Certificate::from_der(certificate).map_err(|_| bad_encoding())?;
    let seconds = i64::try_from(now.as_secs()).map_err(|_| Error::FailedToGetCurrentTime)?;
    let time =
        |seconds: i64| UnixTime::since_unix_epoch(std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(0)));
    let (begins, ends) = (read.validity().not_before.timestamp(), read.validity().not_after.timestamp());
    if seconds < begins {
        return Err(CertificateError::NotValidYetContext { time: now, not_before: time(begins) }.into());
    }
    if seconds > ends {
        return Err(CertificateError::ExpiredContext { time: now, not_after: time(ends) }.into());
    }
    verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
    Ok(ServerCertVerified::assertion())
}
