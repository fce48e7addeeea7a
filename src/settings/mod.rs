//! The settings of a connection, checked before any request.

mod address;
mod authorities;
mod proxy;

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use secrecy::{ExposeSecret, SecretString};
use soar_connector::{SettingValues, SettingsError};
use url::Url;

use address::{api_address, heed_proxy};
use authorities::{CA_FILE, authorities};
use proxy::proxy;
pub(crate) use proxy::{ProxyKind, ProxyServer};

const SERVER_URL: &str = "Server URL";
const USER_NAME: &str = "User Name";
const PASSWORD: &str = "Password";
const API_KEY: &str = "API Key";

/// A connection's settings in their types.
#[derive(Debug)]
pub(crate) struct ConnectionSettings {
    /// The API's base address, ending in `/api`.
    pub(crate) api: Url,
    pub(crate) credentials: Credentials,
    pub(crate) network: Network,
    pub(crate) limits: Limits,
    /// Whether an unusable Scanner ID is refused instead of ignored.
    pub(crate) strict_scanner_id: bool,
}

/// The credentials that the connection presents to the server.
#[derive(Debug, Clone)]
pub(crate) enum Credentials {
    User { name: String, password: SecretString },
    ApiKey(SecretString),
}

impl Credentials {
    pub(crate) fn secret(&self) -> &SecretString {
        match self {
            Self::User { password, .. } => password,
            Self::ApiKey(key) => key,
        }
    }
}

/// How the server is reached.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) proxy: Option<ProxyServer>,
    pub(crate) authorities: Vec<CertificateDer<'static>>,
    /// Whether TLS 1.2 is refused.
    pub(crate) only_tls_1_3: bool,
    pub(crate) skip_certificate_checks: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) read_timeout: Duration,
}

/// How much a connection may ask of the server and of this machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) requests_per_second: u32,
    pub(crate) requests_in_flight: usize,
    pub(crate) time_limit: Duration,
    /// In bytes.
    pub(crate) largest_reply: usize,
    pub(crate) most_pages: u64,
}

impl ConnectionSettings {
    /// Reads settings that the manifest found well-typed.
    ///
    /// # Errors
    /// [`SettingsError`] names the setting that cannot work and what to write instead.
    pub(crate) fn new(values: &SettingValues) -> Result<Self, SettingsError> {
        let plain_http_hosts = values.text("Allow Plain HTTP To").unwrap_or_default();
        let api = api_address(values.text(SERVER_URL).unwrap_or_default(), plain_http_hosts)?;
        let (credentials, network) = (credentials(values)?, network(values)?);
        if let Some(proxy) = &network.proxy {
            heed_proxy(&api, plain_http_hosts, &proxy.hop)?;
        }
        Ok(Self {
            api,
            credentials,
            network,
            limits: limits(values),
            strict_scanner_id: values.boolean("Strict Scanner ID"),
        })
    }
}

/// User name and password, or a key: the manifest has it that exactly one of the two is given.
fn credentials(values: &SettingValues) -> Result<Credentials, SettingsError> {
    if let Some(key) = values.secret(API_KEY) {
        let key = key.expose_secret().trim();
        if key.chars().any(|c| c.is_control() || !c.is_ascii()) {
            return Err(SettingsError::of(API_KEY, "It holds characters that no key has. Paste it anew."));
        }
        return Ok(Credentials::ApiKey(SecretString::from(key)));
    }
    match (values.text(USER_NAME), values.secret(PASSWORD)) {
        (Some(name), Some(password)) => Ok(Credentials::User { name: name.to_owned(), password: password.clone() }),
        (None, _) => Err(SettingsError::of(USER_NAME, "It is missing.")),
        (_, None) => Err(SettingsError::of(PASSWORD, "It is missing.")),
    }
}

fn network(values: &SettingValues) -> Result<Network, SettingsError> {
    let seconds = |name, default| Duration::from_secs(values.integer(name).unwrap_or(default));
    Ok(Network {
        proxy: proxy(values)?,
        authorities: values.text(CA_FILE).map(authorities).transpose()?.unwrap_or_default(),
        only_tls_1_3: values.text("Minimum TLS Version") == Some("1.3"),
        skip_certificate_checks: values.boolean("Skip Certificate Checks"),
        connect_timeout: seconds("Connect Timeout", 10),
        read_timeout: seconds("Read Timeout", 60),
    })
}

fn limits(values: &SettingValues) -> Limits {
    let number = |name, default| values.integer(name).unwrap_or(default);
    let size = |name, default| usize::try_from(number(name, default)).unwrap_or(usize::MAX);
    Limits {
        requests_per_second: u32::try_from(number("Requests per Second", 50)).unwrap_or(u32::MAX),
        requests_in_flight: size("Requests in Flight", 8),
        time_limit: Duration::from_secs(number("Time Limit", 120)),
        largest_reply: size("Largest Reply", 64).saturating_mul(1024 * 1024),
        most_pages: number("Most Pages", 10_000),
    }
}
