//! Watches a TLS handshake: keeps the server's certificate, trusted or not, and leaves the verdict to the usual verifier.

use std::sync::{Arc, Mutex, PoisonError};

use reqwest::tls::Version;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::settings::Network;

/// What was seen of a handshake.
#[derive(Debug, Clone, Default)]
pub(crate) struct Handshake {
    /// The version of TLS, such as `TLS 1.3`; `None` where the certificate was refused.
    pub(crate) version: Option<&'static str>,
    /// The server's certificate (DER).
    pub(crate) certificate: Option<Vec<u8>>,
}

/// A verifier that remembers what it was asked.
#[derive(Debug)]
pub(super) struct Witness {
    /// Whose certificate is kept: a proxy's is not.
    host: String,
    /// `None` trusts every certificate, as the settings say.
    judge: Option<Verifier>,
    provider: Arc<CryptoProvider>,
    seen: Mutex<Handshake>,
}

impl Witness {
    /// A witness who trusts whom `network` trusts.
    ///
    /// # Errors
    /// When this machine has no authorities to trust.
    pub(super) fn new(host: String, network: &Network) -> Result<Arc<Self>, Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let judge = if network.skip_certificate_checks {
            None
        } else {
            Some(Verifier::new_with_extra_roots(network.authorities.iter().cloned(), Arc::clone(&provider))?)
        };
        Ok(Arc::new(Self { host, judge, provider, seen: Mutex::default() }))
    }

    /// A TLS configuration like the session's own, under this witness's eyes.
    ///
    /// # Errors
    /// When the minimum TLS version is none that can be spoken.
    pub(super) fn configuration(self: &Arc<Self>, network: &Network) -> Result<ClientConfig, Error> {
        let versions: &[_] = if network.minimum_tls == Version::TLS_1_3 { &[&TLS13] } else { &[&TLS12, &TLS13] };
        let verifier: Arc<dyn ServerCertVerifier> = Arc::<Self>::clone(self);
        Ok(ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(versions)?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth())
    }

    pub(super) fn seen(&self) -> Handshake {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, note: impl FnOnce(&mut Handshake)) {
        note(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if name.to_str() == self.host {
            self.note(|seen| seen.certificate = Some(certificate.to_vec()));
        }
        match &self.judge {
            Some(judge) => judge.verify_server_cert(certificate, others, name, ocsp, now),
            None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.note(|seen| seen.version = Some("TLS 1.2"));
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.note(|seen| seen.version = Some("TLS 1.3"));
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
