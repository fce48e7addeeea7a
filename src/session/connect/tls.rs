//! TLS as the network settings want it: trust, versions, and the causes of its failures.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, Error};
use rustls_platform_verifier::Verifier;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::error::{ConnectError, Peer};
use super::recording_verifier::{Handshake, Judge, RecordingVerifier};
use super::stream::ByteStream;
use crate::hop::Hop;
use crate::settings::Network;

/// Makes TLS connections.
pub(super) struct Tls {
    provider: Arc<CryptoProvider>,
    given: Arc<[CertificateDer<'static>]>,
    skips_checks: bool,
    only_tls_1_3: bool,
    /// The system's authorities are read when they are first needed: plain http needs none.
    verifier: OnceLock<Arc<Verifier>>,
}

impl Tls {
    pub(super) fn new(network: &Network) -> Self {
        Self {
            provider: Arc::new(aws_lc_rs::default_provider()),
            given: network.authorities.clone().into(),
            skips_checks: network.skip_certificate_checks,
            only_tls_1_3: network.only_tls_1_3,
            verifier: OnceLock::new(),
        }
    }

    /// Makes TLS with the host `hop` on `io`; what was seen of the handshake is told whether it succeeds or not.
    pub(super) async fn connect(
        &self,
        io: Box<dyn ByteStream>,
        hop: &Hop,
        peer: Peer,
    ) -> (Result<TlsStream<Box<dyn ByteStream>>, ConnectError>, Handshake) {
        let judge = match self.judge() {
            Ok(judge) => judge,
            Err(error) => return (Err(ConnectError::NoAuthorities(error.to_string())), Handshake::default()),
        };
        // One for each handshake: what one server shows is not another's.
        let verifier = Arc::new(RecordingVerifier::new(judge, Arc::clone(&self.provider)));
        let connected = match self.prepare(&verifier, hop, peer) {
            Ok((connector, name)) => connector.connect(name, io).await,
            Err(error) => Err(io::Error::other(error)),
        };
        let handshake = verifier.seen();
        let wants_client_certificate = handshake.wants_client_certificate;
        let connected =
            connected.map_err(|error| ConnectError::Tls { peer, hop: hop.clone(), error, wants_client_certificate });
        (connected, handshake)
    }

    fn judge(&self) -> Result<Judge, Error> {
        if self.skips_checks {
            return Ok(Judge::Nobody);
        }
        let verifier = match self.verifier.get() {
            Some(verifier) => verifier,
            None => {
                let given = self.given.iter().cloned();
                let verifier = Arc::new(Verifier::new_with_extra_roots(given, Arc::clone(&self.provider))?);
                self.verifier.get_or_init(|| verifier)
            }
        };
        Ok(Judge::Authorities { verifier: Arc::clone(verifier), given: Arc::clone(&self.given) })
    }

    fn prepare(
        &self,
        verifier: &Arc<RecordingVerifier>,
        hop: &Hop,
        peer: Peer,
    ) -> Result<(TlsConnector, ServerName<'static>), Error> {
        let versions: &[_] = if self.only_tls_1_3 { &[&TLS13] } else { &[&TLS12, &TLS13] };
        let mut configuration = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(versions)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::<RecordingVerifier>::clone(verifier))
            .with_client_cert_resolver(Arc::<RecordingVerifier>::clone(verifier));
        configuration.resumption = Resumption::disabled();
        if peer == Peer::Server {
            configuration.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        }
        let name = ServerName::try_from(hop.host.clone())
            .map_err(|_| Error::General("a certificate cannot have the host's name".to_owned()))?;
        Ok((TlsConnector::from(Arc::new(configuration)), name))
    }
}
