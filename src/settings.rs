//! What a connection is configured with, checked before any request.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use reqwest::Proxy;
use reqwest::tls::{Certificate, Version};
use secrecy::{ExposeSecret, SecretString};
use soar_connector::name::quoted;
use soar_connector::{SettingValues, SettingsError};
use url::{Host, Url};

const SERVER_URL: &str = "Server URL";
const USER_NAME: &str = "User Name";
const PASSWORD: &str = "Password";
const API_KEY: &str = "API Key";
const PROXY: &str = "Proxy";
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
    pub(crate) authorities: Vec<Certificate>,
    pub(crate) minimum_tls: Version,
    pub(crate) skip_certificate_checks: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) read_timeout: Duration,
}

/// A proxy, and the password in its address; its `Debug` shows neither, as reqwest's own would.
pub(crate) struct ProxyServer {
    pub(crate) proxy: Proxy,
    pub(crate) password: Option<SecretString>,
}

impl std::fmt::Debug for ProxyServer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ProxyServer")
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
        Ok(Self {
            api: api_address(values.text(SERVER_URL).unwrap_or_default(), plain_http_hosts)?,
            credentials: credentials(values)?,
            network: network(values)?,
            limits: limits(values),
            strict_scanner_id: values.boolean("Strict Scanner ID"),
        })
    }
}

fn credentials(values: &SettingValues) -> Result<Credentials, SettingsError> {
    const EITHER: &str = "Give either User Name and Password, or API Key.";
    let missing = |setting| Err(SettingsError::of(setting, format!("It is missing. {EITHER}")));
    match (values.text(USER_NAME), values.secret(PASSWORD), values.secret(API_KEY)) {
        (Some(name), Some(password), None) => {
            Ok(Credentials::User { name: name.to_owned(), password: password.clone() })
        }
        (None, None, Some(key)) => {
            let key = key.expose_secret().trim();
            if key.chars().any(|c| c.is_control() || !c.is_ascii()) {
                return Err(SettingsError::of(API_KEY, "It holds characters that no key has. Paste it anew."));
            }
            Ok(Credentials::ApiKey(SecretString::from(key)))
        }
        (None, Some(_), None) | (None, None, None) => missing(USER_NAME),
        (Some(_), None, None) => missing(PASSWORD),
        (_, _, Some(_)) => {
            Err(SettingsError::of(API_KEY, format!("It is given beside User Name or Password. {EITHER}")))
        }
    }
}

fn network(values: &SettingValues) -> Result<Network, SettingsError> {
    let seconds = |name, default| Duration::from_secs(values.integer(name).unwrap_or(default));
    Ok(Network {
        proxy: values.text(PROXY).map(proxy).transpose()?,
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

fn proxy(address: &str) -> Result<ProxyServer, SettingsError> {
    const FORM: &str = "Write it like http://proxy.example.com:3128 or socks5h://proxy.example.com:1080.";
    // The address may hold the proxy's password, so no message repeats it.
    let valid = |url: &Url| matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") && url.has_host();
    let Some(url) = Url::parse(address).ok().filter(valid) else {
        return Err(SettingsError::of(PROXY, format!("It is no http, https, socks5 or socks5h address. {FORM}")));
    };
    let proxy = Proxy::all(address).map_err(|_| SettingsError::of(PROXY, format!("It cannot be used. {FORM}")))?;
    let password = url.password().map(|text| percent_decode_str(text).decode_utf8_lossy().as_ref().into());
    Ok(ProxyServer { proxy, password })
}

fn authorities(file: &str) -> Result<Vec<Certificate>, SettingsError> {
    let refuse = |problem: String| SettingsError::of(CA_FILE, problem);
    let pem = read_bounded(file).map_err(|error| {
        refuse(format!("{} cannot be read ({error}). Check the path and its permissions.", quoted(file)))
    })?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(refuse(format!("{} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).", quoted(file)))),
    }
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

/// The API's base address from what users paste: the host, with or without `/api` and a slash at its end.
fn api_address(given: &str, plain_http_hosts: &str) -> Result<Url, SettingsError> {
    let refuse = |problem: &str| {
        Err(SettingsError::of(SERVER_URL, format!("{problem} Write it like https://footprint.example.com.")))
    };
    let mut url = match Url::parse(given) {
        Ok(url) if url.has_host() => url,
        Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase) => return refuse("It has no scheme and host."),
        Err(error) => return refuse(&format!("It is no address ({error}).")),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return refuse("Its scheme is neither https nor http.");
    }
    if !url.username().is_empty() || url.password().is_some() {
        // Never repeated in the message: it is a secret in the wrong field.
        return refuse("It holds a user name or password; they have settings of their own.");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("It has a query or fragment (after ? or #).");
    }
    let path = url.path().trim_end_matches('/').to_owned();
    if path.is_empty() {
        url.set_path("/api");
    } else if path.ends_with("/api") {
        url.set_path(&path);
    } else {
        return refuse("Its path does not end in /api: paste the instance's address without the page's path.");
    }
    if url.scheme() == "http" && !may_be_plain(&url, plain_http_hosts) {
        return Err(SettingsError::of(
            SERVER_URL,
            "Over http the password can be read on the way. Use https, or name the host in Allow Plain HTTP To.",
        ));
    }
    Ok(url)
}

fn may_be_plain(url: &Url, allowed: &str) -> bool {
    let loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    loopback || allowed.split(',').any(|name| url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(name.trim())))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_four_pasted_forms_lead_to_the_same_api() {
        for pasted in [
            "https://fp.example.com",
            "https://fp.example.com/",
            "https://fp.example.com/api",
            "https://fp.example.com/api/",
        ] {
            assert_eq!(api_address(pasted, "").unwrap().as_str(), "https://fp.example.com/api");
        }
    }

    #[test]
    fn what_cannot_be_the_api_is_refused_with_the_setting_and_an_example() {
        for (pasted, problem) in [
            ("fp.example.com", "no scheme"),
            ("fp.example.com:8443", "no scheme"),
            ("ftp://fp.example.com", "neither https nor http"),
            ("https://fp.example.com/login", "does not end in /api"),
            ("https://fp.example.com/?next=1", "query"),
            ("https://user:hunter2@fp.example.com", "user name or password"),
            ("https://", "no address"),
        ] {
            let error = api_address(pasted, "").unwrap_err().to_string();
            assert!(error.starts_with("Server URL: ") && error.contains(problem), "{pasted}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_and_for_named_hosts_only() {
        for plain in ["http://127.0.0.1:8080", "http://[::1]:80", "http://localhost"] {
            assert!(api_address(plain, "").is_ok(), "{plain}");
        }
        assert!(api_address("http://fp.example.com", "").is_err());
        assert!(api_address("http://fp.example.com", "other, FP.example.com").is_ok());
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_refused_without_its_password() {
        for address in ["ftp://u:hunter2@proxy", "proxy:3128", "http://"] {
            let error = proxy(address).unwrap_err().to_string();
            assert!(error.starts_with("Proxy: ") && !error.contains("hunter2"), "{error}");
        }
        for address in ["http://proxy:3128", "socks5h://u:p@proxy:1080"] {
            assert!(proxy(address).is_ok(), "{address}");
        }
    }
}
