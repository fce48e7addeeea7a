//! Builds HTTP clients as the network settings want them: proxy, time-outs, trust; no redirects. Connections with equal
//! settings share one.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::tls::{Certificate, Version};
use reqwest::{Client, ClientBuilder};
use rustls::pki_types::CertificateDer;
use secrecy::ExposeSecret as _;

use super::budget::lock;
use crate::settings::Network;

/// A client as the connection's network settings want it, but for its TLS.
pub(super) fn untrusting(network: &Network) -> ClientBuilder {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("coda-footprint/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(network.connect_timeout)
        .read_timeout(network.read_timeout)
        // A redirect could lead to another host, which must not see credentials; it is reported instead.
        .redirect(Policy::none())
        // The library unpacks one member of the exact word "gzip" and no other form of it.
        .gzip(false)
        // What the environment says of proxies is meant for other programs.
        .no_proxy();
    match &network.proxy {
        Some(proxy) => builder.proxy(proxy.forward.clone()),
        None => builder,
    }
}

/// The clients at hand. A client has the machine's authorities, a name resolver and connections to servers, which take
/// far more room than a connection's own settings; it keeps no cookies and no credentials but those of its proxy.
#[derive(Default)]
pub(super) struct Clients {
    known: Mutex<Known>,
    hasher: RandomState,
}

impl fmt::Debug for Clients {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Clients").field("known", &lock(&self.known).clients.len()).finish()
    }
}

#[derive(Default)]
struct Known {
    /// Kept for as long as some connection uses it.
    clients: HashMap<Key, Weak<Client>>,
    /// The one that was asked for last, kept beside: making one takes longer than all else of a connection, and many
    /// connections are built only to see whether they can be.
    latest: Option<Arc<Client>>,
}

/// All that makes one client another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    proxy: Option<ProxyKey>,
    authorities: Vec<CertificateDer<'static>>,
    minimum_is_tls_1_3: bool,
    skip_certificate_checks: bool,
    connect_timeout: Duration,
    read_timeout: Duration,
}

/// A proxy, and who it is logged in to as.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ProxyKey {
    address: String,
    user_name: Option<String>,
    /// A hash, which means nothing outside this process.
    password: Option<u64>,
}

impl Clients {
    /// The client of these settings: one that another connection has, or a new one.
    pub(super) fn get(&self, network: &Network) -> Result<Arc<Client>, reqwest::Error> {
        let key = self.key(network);
        let mut known = lock(&self.known);
        if let Some(client) = known.clients.get(&key).and_then(Weak::upgrade) {
            known.latest = Some(Arc::clone(&client));
            return Ok(client);
        }
        let client = Arc::new(client(network)?);
        known.latest = Some(Arc::clone(&client));
        known.clients.retain(|_, client| client.strong_count() > 0);
        known.clients.insert(key, Arc::downgrade(&client));
        Ok(client)
    }

    fn key(&self, network: &Network) -> Key {
        let proxy = network.proxy.as_ref().map(|proxy| ProxyKey {
            address: proxy.address.clone(),
            user_name: proxy.user_name.clone(),
            password: proxy.password.as_ref().map(|password| self.hasher.hash_one(password.expose_secret())),
        });
        Key {
            proxy,
            authorities: network.authorities.clone(),
            minimum_is_tls_1_3: network.minimum_tls == Version::TLS_1_3,
            skip_certificate_checks: network.skip_certificate_checks,
            connect_timeout: network.connect_timeout,
            read_timeout: network.read_timeout,
        }
    }
}

/// A client as the connection's network settings want it.
fn client(network: &Network) -> Result<Client, reqwest::Error> {
    let authorities = network.authorities.iter().map(|der| Certificate::from_der(der));
    untrusting(network)
        .tls_version_min(network.minimum_tls)
        .tls_certs_merge(authorities.collect::<Result<Vec<_>, _>>()?)
        .tls_danger_accept_invalid_certs(network.skip_certificate_checks)
        // Its replies tell the server's certificate, which may be about to end.
        .tls_info(true)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;
    use soar_connector::{Plugin as _, SettingValues};

    use crate::settings::Settings;

    fn settings(changes: &[(&str, &str)]) -> Settings {
        let plugin = crate::FootprintPlugin::new().unwrap();
        let mut given = vec![("Server URL", "https://fp.example.com"), ("User Name", "ada"), ("Password", "p")];
        for change in changes {
            given.retain(|(name, _)| *name != change.0);
            given.push(*change);
        }
        let given = given.into_iter().map(|(name, value)| (name.to_owned(), SecretString::from(value)));
        Settings::new(&SettingValues::parse(&plugin.manifest().connector, given).unwrap()).unwrap()
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
        let made: Vec<_> = different.iter().map(|changes| clients.get(&settings(changes).network).unwrap()).collect();
        for (one, client) in made.iter().enumerate() {
            for (other, changes) in different.iter().enumerate() {
                let again = clients.get(&settings(changes).network).unwrap();
                assert_eq!(Arc::ptr_eq(client, &again), one == other, "{:?} {changes:?}", different[one]);
            }
        }
        let other_user =
            settings(&[("User Name", "grace"), ("Password", "q"), ("Server URL", "https://b.example.com")]);
        assert!(Arc::ptr_eq(&made[0], &clients.get(&other_user.network).unwrap()));
        drop(made);
        drop(clients.get(&settings(&[("Read Timeout", "7")]).network).unwrap());
        assert_eq!(lock(&clients.known).clients.len(), 1, "clients that nobody uses are dropped");
    }
}
