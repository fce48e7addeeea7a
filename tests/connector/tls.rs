//! Certificates made for a test, and a server that speaks TLS with them in front of another.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use tokio_rustls::rustls::sign::{CertifiedKey, Signer, SigningKey};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    Error, RootCertStore, ServerConfig, SignatureAlgorithm, SignatureScheme, SupportedProtocolVersion,
};

pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);
pub const BOTH_VERSIONS: &[&SupportedProtocolVersion] = &[&TLS12, &TLS13];
pub const ONLY_TLS_1_2: &[&SupportedProtocolVersion] = &[&TLS12];
pub const ONLY_TLS_1_3: &[&SupportedProtocolVersion] = &[&TLS13];

/// An authority that nobody trusts unless told to.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    /// Its certificate in PEM form, for CA File.
    pub file: NamedTempFile,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, "Test Authority");
        let file = NamedTempFile::new().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        std::fs::write(file.path(), certificate.pem()).unwrap();
        Self { certificate: certificate.into(), issuer: Issuer::new(parameters, key), file }
    }

    pub fn path(&self) -> &str {
        self.file.path().to_str().unwrap()
    }

    /// A server's configuration with a certificate for `name` that ends so long from now, or ended so long ago.
    fn issue(
        &self,
        name: &str,
        ends: Result<Duration, Duration>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> ServerConfig {
        let (certificate, key) = self.sign(name, ends);
        ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap()
    }

    /// A certificate for `name` and its key.
    fn sign(&self, name: &str, ends: Result<Duration, Duration>) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters(name, ends).signed_by(&key, &self.issuer).unwrap();
        (certificate.into(), PrivatePkcs8KeyDer::from(key.serialize_der()).into())
    }

    /// Serves `backend` (an http address) over TLS as `name` on a free port; returns the address for `localhost`.
    pub async fn serve(
        &self,
        name: &str,
        ends: Result<Duration, Duration>,
        versions: &[&'static SupportedProtocolVersion],
        backend: &str,
    ) -> String {
        serve(self.issue(name, ends, versions), backend).await
    }

    /// The same, with nothing wrong.
    pub async fn serve_well(&self, backend: &str) -> String {
        self.serve("localhost", Ok(90 * DAY + DAY / 2), BOTH_VERSIONS, backend).await
    }

    /// Serves `backend` as localhost to clients with a certificate of this authority only.
    pub async fn serve_clients_with_a_certificate(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        backend: &str,
    ) -> String {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates([self.certificate.clone()]);
        let provider = Arc::new(default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let (certificate, key) = self.sign("localhost", Ok(90 * DAY));
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(vec![certificate], key)
            .unwrap();
        serve(config, backend).await
    }

    /// Serves `backend` as localhost, and proves the certificate's key with signatures that are none.
    pub async fn serve_with_bad_signatures(&self, backend: &str) -> String {
        let (certificate, _) = self.sign("localhost", Ok(90 * DAY));
        let key = CertifiedKey::new(vec![certificate], Arc::new(BadKey));
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(BOTH_VERSIONS)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Shows(Arc::new(key))));
        serve(config, backend).await
    }
}

/// Serves `backend` as localhost with a certificate for `name` that it signed itself, marked as an authority's or not;
/// returns its address and a CA File with exactly this certificate.
pub async fn serve_self_signed(
    name: &str,
    ends: Result<Duration, Duration>,
    is_authority: bool,
    backend: &str,
) -> (String, NamedTempFile) {
    let key = KeyPair::generate().unwrap();
    let mut parameters = parameters(name, ends);
    if is_authority {
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let certificate = parameters.self_signed(&key).unwrap();
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), certificate.pem()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(BOTH_VERSIONS)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .unwrap();
    (serve(config, backend).await, file)
}

/// A server on https://localhost that answers the first bytes of every connection with `answer` and hangs up; and how
/// many connections came.
pub async fn serve_bytes(answer: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(answer).await;
        }
    });
    (url, count)
}

fn parameters(name: &str, ends: Result<Duration, Duration>) -> CertificateParams {
    let now = SystemTime::now();
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.not_before = (now - 400 * DAY).into();
    parameters.not_after = ends.map_or_else(|ago| now - ago, |left| now + left).into();
    parameters
}

async fn serve(config: ServerConfig, backend: &str) -> String {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let backend: SocketAddr = backend.trim_start_matches("http://").parse().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut to = TcpStream::connect(backend).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut to).await;
            });
        }
    });
    url
}

/// Signs with bytes that prove nothing.
#[derive(Debug)]
struct BadKey;

impl SigningKey for BadKey {
    fn choose_scheme(&self, _: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        Some(Box::new(Self))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for BadKey {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(vec![0; 70])
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}

/// Shows one certificate to everybody.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesServerCert for Shows {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
