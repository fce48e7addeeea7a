//! What a connection is configured with, checked before any request.

mod address;

use std::fmt;
use std::time::Duration;

use reqwest::Proxy;
use reqwest::tls::Version;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret, SecretString};
use soar_connector::name::quoted;
use soar_connector::{SettingValues, SettingsError};
use url::Url;

use crate::session::Hop;
use address::{api_address, heed_proxy};

const SERVER_URL: &str = "Server URL";
const USER_NAME: &str = "User Name";
const PASSWORD: &str = "Password";
const API_KEY: &str = "API Key";
const PROXY: &str = "Proxy";
const PROXY_USER_NAME: &str = "Proxy User Name";
const PROXY_PASSWORD: &str = "Proxy Password";
const CA_FILE: &str = "CA File";

/// In bytes; the bundle of a whole operating system has a quarter of a mebibyte.
const LARGEST_CA_FILE: u64 = 16 * 1024 * 1024;

/// A connection's settings in their types.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The API's base address, ending in `/api`.
    pub(crate) api: Url,
    pub(crate) credentials: Credentials,
    pub(crate) network: Network,
    pub(crate) limits: Limits,
    /// Whether an unusable Scanner ID is refused instead of ignored.
    pub(crate) strict_scanner_id: bool,
}

/// Who the connection is, to the server.
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
    pub(crate) minimum_tls: Version,
    pub(crate) skip_certificate_checks: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) read_timeout: Duration,
}

/// A proxy and where it is.
pub(crate) struct ProxyServer {
    pub(crate) forward: Proxy,
    pub(crate) hop: Hop,
    /// Without user name and password.
    pub(crate) address: String,
    pub(crate) user_name: Option<String>,
    pub(crate) password: Option<SecretString>,
}

impl fmt::Debug for ProxyServer {
    /// Without what it is logged in to with, which the client's own proxy shows.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ProxyServer({})", self.hop)
    }
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

impl Settings {
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
        proxy: proxy(values.text(PROXY), values.text(PROXY_USER_NAME), values.secret(PROXY_PASSWORD))?,
        authorities: values.text(CA_FILE).map(authorities).transpose()?.unwrap_or_default(),
        minimum_tls: match values.text("Minimum TLS Version") {
            Some("1.3") => Version::TLS_1_3,
            _ => Version::TLS_1_2,
        },
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

fn proxy(
    address: Option<&str>,
    user_name: Option<&str>,
    password: Option<&SecretString>,
) -> Result<Option<ProxyServer>, SettingsError> {
    let refuse = |problem: &str| {
        let form = "Write it like http://proxy.example.com:3128 or socks5h://proxy.example.com:1080.";
        Err(SettingsError::of(PROXY, format!("{problem} {form}")))
    };
    let Some(address) = address else {
        return match (user_name, password) {
            (None, None) => Ok(None),
            _ => refuse("It is missing, although a user name or password for it is given."),
        };
    };
    let mut url = match Url::parse(address) {
        Ok(url) if matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") && url.has_host() => url,
        _ => return refuse("It is no http, https, socks5 or socks5h address."),
    };
    if !url.username().is_empty() || url.password().is_some() {
        // Never repeated in the message: it is a secret in the wrong field.
        return refuse("It holds a user name or password; they have settings of their own.");
    }
    let address = url.to_string();
    if let Some(name) = user_name {
        let exposed = password.map(ExposeSecret::expose_secret);
        if url.set_username(name).and_then(|()| url.set_password(exposed)).is_err() {
            return refuse("It takes no user name.");
        }
    } else if password.is_some() {
        return Err(SettingsError::of(PROXY_USER_NAME, "It is missing, although Proxy Password is given."));
    }
    let hop = Hop::of(&url, 1080);
    match Proxy::all(url) {
        Ok(forward) => {
            let (user_name, password) = (user_name.map(str::to_owned), password.cloned());
            Ok(Some(ProxyServer { forward, hop, address, user_name, password }))
        }
        Err(_) => refuse("It cannot be used."),
    }
}

fn authorities(file: &str) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let refuse = |problem: String| SettingsError::of(CA_FILE, problem);
    let pem = read_bounded(file).map_err(|error| {
        refuse(format!("{} cannot be read ({error}). Check the path and its permissions.", quoted(file)))
    })?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| refuse(format!("{} is no whole PEM file ({error}).", quoted(file))))?;
    if certificates.is_empty() {
        return Err(refuse(format!(
            "{} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).",
            quoted(file)
        )));
    }
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store
            .add(certificate.clone())
            .map_err(|error| refuse(format!("{} holds what is no authority's certificate ({error}).", quoted(file))))?;
    }
    Ok(certificates)
}

/// A file's content; no device or pipe, which may never end, and not more than certificates need.
fn read_bounded(file: &str) -> std::io::Result<Vec<u8>> {
    let metadata = std::fs::metadata(file)?;
    if !metadata.is_file() {
        return Err(std::io::Error::other("it is no file"));
    }
    if metadata.len() > LARGEST_CA_FILE {
        return Err(std::io::Error::other(format!("it is larger than {} MiB", LARGEST_CA_FILE / (1024 * 1024))));
    }
    std::fs::read(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_that_cannot_be_used_is_refused_without_its_password() {
        for address in ["ftp://u:hunter2@proxy", "http://u:hunter2@proxy", "proxy:3128", "http://"] {
            let error = proxy(Some(address), None, None).unwrap_err().to_string();
            assert!(error.starts_with("Proxy: ") && !error.contains("hunter2"), "{error}");
        }
        let password = SecretString::from("hunter2");
        for address in ["http://proxy:3128", "socks5h://proxy:1080"] {
            let proxy = proxy(Some(address), Some("u@x"), Some(&password)).unwrap().unwrap();
            assert!(!format!("{proxy:?}").contains("hunter2"), "{proxy:?}");
        }
        assert!(proxy(None, None, Some(&password)).is_err());
        assert!(proxy(Some("http://proxy"), None, Some(&password)).is_err());
    }
}
