//! HTTP clients, each with its own connections to servers. Connections with equal network settings share one.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use http::header::{self, HeaderValue};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use secrecy::ExposeSecret as _;
use tokio::time::timeout;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use super::connect::{Dialer, Handshake, USER_AGENT};
use super::lock::lock;
use crate::hop::Hop;
use crate::settings::{Network, ProxyKind};

/// Sends requests over connections that it keeps. Follows no redirect: it could lead to another host, which must not
/// see credentials. Heeds no variable of the environment.
pub(super) struct Client {
    /// hyper's client. Its own type has hundreds of parts, of which the compiler would prove in each command that they can be
    /// sent between threads.
    http: BoxCloneSyncService<Request<Full<Bytes>>, Response<Incoming>, legacy::Error>,
    dialer: Dialer,
    read_timeout: Duration,
}

/// A request that got no whole reply.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// Nothing came for as long as the settings allow.
    #[error("nothing came in time")]
    TimedOut,
    #[error("no reply")]
    NoReply(#[source] legacy::Error),
    #[error("the reply ended early")]
    CutShort(#[source] hyper::Error),
}

impl SendError {
    /// The error that this one stems from, of type `T`.
    pub(super) fn cause<T: Error + 'static>(&self) -> Option<&T> {
        let mut cause: Option<&(dyn Error + 'static)> = self.source();
        while let Some(error) = cause {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            cause = error.source();
        }
        None
    }

    /// Whether the server had asked for a client certificate on the connection that failed.
    pub(super) fn wants_client_certificate(&self) -> bool {
        let Self::NoReply(error) = self else { return false };
        let mut extensions = http::Extensions::new();
        error.connect_info().into_iter().for_each(|connection| connection.get_extras(&mut extensions));
        extensions.get::<Handshake>().is_some_and(|handshake| handshake.wants_client_certificate)
    }
}

impl Client {
    pub(super) fn new(network: &Network) -> Self {
        Self::with(Dialer::new(network), network.read_timeout)
    }

    fn with(dialer: Dialer, read_timeout: Duration) -> Self {
        let http: legacy::Client<_, Full<Bytes>> = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .build(dialer.clone());
        Self { http: BoxCloneSyncService::new(http), dialer, read_timeout }
    }

    /// A client that goes the same way with connections of its own, and notes each TLS handshake in `notes`.
    pub(super) fn noting(&self, notes: Arc<Mutex<Handshake>>) -> Self {
        Self::with(self.dialer.noting(notes), self.read_timeout)
    }

    /// How connections are made.
    pub(super) fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// Sends a request; its reply's body is still to come.
    pub(super) async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>, SendError> {
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        // The server's words reach the user, and may tell what a status alone does not.
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("en"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        if let Some(authorization) = self.dialer.forward_authorization(request.uri().scheme()) {
            request.headers_mut().insert(header::PROXY_AUTHORIZATION, authorization);
        }
        let sent = timeout(self.read_timeout, self.http.clone().oneshot(request)).await;
        sent.map_err(|_| SendError::TimedOut)?.map_err(SendError::NoReply)
    }

    /// The next part of a reply's body; `None` at its end.
    pub(super) async fn chunk(&self, body: &mut Incoming) -> Result<Option<Bytes>, SendError> {
        loop {
            let frame = timeout(self.read_timeout, body.frame()).await.map_err(|_| SendError::TimedOut)?;
            match frame.transpose().map_err(SendError::CutShort)?.map(hyper::body::Frame::into_data) {
                None => return Ok(None),
                Some(Ok(data)) => return Ok(Some(data)),
                // Trailers.
                Some(Err(_)) => {}
            }
        }
    }
}

/// The clients at hand. A client has the machine's authorities, a name resolver and connections to servers, which take
/// far more room than a connection's own settings; it keeps no cookies and no credentials but those of its proxy.
#[derive(Default)]
pub(super) struct Clients {
    known: Mutex<ClientCache>,
    hasher: RandomState,
}

impl fmt::Debug for Clients {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Clients").field("known", &lock(&self.known).clients.len()).finish()
    }
}

#[derive(Default)]
struct ClientCache {
    /// Kept for as long as some connection uses it.
    clients: HashMap<ClientKey, Weak<Client>>,
    /// Keeps the last client alive: building one is slow, and many connections are built only for validation.
    latest: Option<Arc<Client>>,
}

/// All that makes one client another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ClientKey {
    proxy: Option<ProxyKey>,
    authorities: Vec<CertificateDer<'static>>,
    only_tls_1_3: bool,
    skip_certificate_checks: bool,
    connect_timeout: Duration,
    read_timeout: Duration,
}

/// A proxy and the user of its login.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ProxyKey {
    kind: ProxyKind,
    hop: Hop,
    user_name: Option<String>,
    /// A hash, which means nothing outside this process.
    password: Option<u64>,
}

impl Clients {
    /// The client of these settings: one that another connection has, or a new one.
    pub(super) fn get(&self, network: &Network) -> Arc<Client> {
        let key = self.key(network);
        let mut known = lock(&self.known);
        if let Some(client) = known.clients.get(&key).and_then(Weak::upgrade) {
            known.latest = Some(Arc::clone(&client));
            return client;
        }
        let client = Arc::new(Client::new(network));
        known.latest = Some(Arc::clone(&client));
        known.clients.retain(|_, client| client.strong_count() > 0);
        known.clients.insert(key, Arc::downgrade(&client));
        client
    }

    fn key(&self, network: &Network) -> ClientKey {
        let proxy = network.proxy.as_ref().map(|proxy| ProxyKey {
            kind: proxy.kind,
            hop: proxy.hop.clone(),
            user_name: proxy.user_name.clone(),
            password: proxy.password.as_ref().map(|password| self.hasher.hash_one(password.expose_secret())),
        });
        ClientKey {
            proxy,
            authorities: network.authorities.clone(),
            only_tls_1_3: network.only_tls_1_3,
            skip_certificate_checks: network.skip_certificate_checks,
            connect_timeout: network.connect_timeout,
            read_timeout: network.read_timeout,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;
    use soar_connector::{Plugin as _, SettingValues};

    use crate::settings::ConnectionSettings;

    fn settings(changes: &[(&str, &str)]) -> ConnectionSettings {
        let plugin = crate::FootprintPlugin::new().unwrap();
        let mut given = vec![("Server URL", "https://fp.example.com"), ("User Name", "ada"), ("Password", "p")];
        for change in changes {
            given.retain(|(name, _)| *name != change.0);
            given.push(*change);
        }
        let given = given.into_iter().map(|(name, value)| (name.to_owned(), SecretString::from(value)));
        ConnectionSettings::new(&SettingValues::parse(&plugin.manifest().connector, given).unwrap()).unwrap()
    }

    #[test]
    fn connections_share_a_client_when_their_network_settings_are_equal_and_only_then() {
        let authority = rcgen::generate_simple_self_signed(vec!["ca.example.com".to_owned()]).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), authority.cert.pem()).unwrap();
        let proxy = [("Proxy", "http://proxy.example.com:3128"), ("Proxy User Name", "ada"), ("Proxy Password", "a")];
        let mut another = proxy;
        another[1].1 = "grace";
        let mut other_password = proxy;
        other_password[2].1 = "b";
        let different: [&[(&str, &str)]; 8] = [
            &[],
            &proxy,
            &another,
            &other_password,
            &[("CA File", file.path().to_str().unwrap())],
            &[("Skip Certificate Checks", "Yes")],
            &[("Minimum TLS Version", "1.3")],
            &[("Read Timeout", "5")],
        ];
        let clients = Clients::default();
        let made: Vec<_> = different.iter().map(|changes| clients.get(&settings(changes).network)).collect();
        for (one, client) in made.iter().enumerate() {
            for (other, changes) in different.iter().enumerate() {
                let again = clients.get(&settings(changes).network);
                assert_eq!(Arc::ptr_eq(client, &again), one == other, "{:?} {changes:?}", different[one]);
            }
        }
        let other_user =
            settings(&[("User Name", "grace"), ("Password", "q"), ("Server URL", "https://b.example.com")]);
        assert!(Arc::ptr_eq(&made[0], &clients.get(&other_user.network)));
        drop(made);
        drop(clients.get(&settings(&[("Read Timeout", "7")]).network));
        assert_eq!(lock(&clients.known).clients.len(), 1, "clients that nobody uses are dropped");
    }
}
