//! Certificates made for a test, and a server that speaks TLS with them in front of another.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::NamedTempFile;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion};

pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);
pub const BOTH_VERSIONS: &[&SupportedProtocolVersion] = &[&TLS12, &TLS13];
pub const ONLY_TLS_1_2: &[&SupportedProtocolVersion] = &[&TLS12];

/// An authority that nobody trusts unless told to.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
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
        std::fs::write(file.path(), parameters.self_signed(&key).unwrap().pem()).unwrap();
        Self { issuer: Issuer::new(parameters, key), file }
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
        let now = SystemTime::now();
        let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.not_before = (now - 400 * DAY).into();
        parameters.not_after = ends.map_or_else(|ago| now - ago, |left| now + left).into();
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.into()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
            .unwrap()
    }

    /// Serves `backend` (an http address) over TLS as `name` on a free port; returns the address for `localhost`.
    pub async fn serve(
        &self,
        name: &str,
        ends: Result<Duration, Duration>,
        versions: &[&'static SupportedProtocolVersion],
        backend: &str,
    ) -> String {
        let acceptor = TlsAcceptor::from(Arc::new(self.issue(name, ends, versions)));
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

    /// The same, with nothing wrong.
    pub async fn serve_well(&self, backend: &str) -> String {
        self.serve("localhost", Ok(90 * DAY + DAY / 2), BOTH_VERSIONS, backend).await
    }
}
