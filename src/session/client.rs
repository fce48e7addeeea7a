//! Builds HTTP clients as the network settings want them: proxy, time-outs, trust; no redirects.

use reqwest::redirect::Policy;
use reqwest::tls::Certificate;
use reqwest::{Client, ClientBuilder};

use crate::settings::Network;

/// A client as the connection's network settings want it, but for its TLS.
pub(super) fn untrusting(network: &Network) -> ClientBuilder {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("coda-footprint/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(network.connect_timeout)
        .read_timeout(network.read_timeout)
        // A redirect could lead to another host, which must not see credentials; it is reported instead.
        .redirect(Policy::none())
        // What the environment says of proxies is meant for other programs.
        .no_proxy();
    match &network.proxy {
        Some(proxy) => builder.proxy(proxy.forward.clone()),
        None => builder,
    }
}

/// A client as the connection's network settings want it.
pub(super) fn client(network: &Network) -> Result<Client, reqwest::Error> {
    let authorities = network.authorities.iter().map(|der| Certificate::from_der(der));
    untrusting(network)
        .tls_version_min(network.minimum_tls)
        .tls_certs_merge(authorities.collect::<Result<Vec<_>, _>>()?)
        .tls_danger_accept_invalid_certs(network.skip_certificate_checks)
        .build()
}
