//! The proxy that the instance is reached through.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use soar_connector::{SettingValues, SettingsError};
use url::Url;

use crate::hop::Hop;

const PROXY: &str = "Proxy";
const USER_NAME: &str = "Proxy User Name";
const PASSWORD: &str = "Proxy Password";

/// The most bytes of a user name or password that SOCKS5 carries.
const LONGEST_OF_SOCKS: usize = 255;

/// The protocol of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ProxyKind {
    Http,
    /// HTTP over TLS.
    Https,
    Socks {
        /// Whether names of servers are looked up by this machine (socks5) and not by the proxy (socks5h).
        looks_up_here: bool,
    },
}

impl ProxyKind {
    pub(crate) fn speaks_http(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }
}

/// A proxy: its address and the user of its login.
#[derive(Clone)]
pub(crate) struct ProxyServer {
    pub(crate) kind: ProxyKind,
    pub(crate) hop: Hop,
    pub(crate) user_name: Option<String>,
    pub(crate) password: Option<SecretString>,
    /// The login as HTTP carries it.
    pub(crate) authorization: Option<HeaderValue>,
}

impl fmt::Debug for ProxyServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ProxyServer({})", self.hop)
    }
}

/// The proxy of the settings, if they name one.
pub(super) fn proxy(values: &SettingValues) -> Result<Option<ProxyServer>, SettingsError> {
    let (user_name, password) = (values.text(USER_NAME), values.secret(PASSWORD));
    let refuse = |problem: &str| {
        let form = "Write it like http://proxy.example.com:3128 or socks5h://proxy.example.com:1080.";
        Err(SettingsError::of(PROXY, format!("{problem} {form}")))
    };
    let Some(address) = values.text(PROXY) else {
        return match (user_name, password) {
            (None, None) => Ok(None),
            _ => refuse("It is missing, although a user name or password for it is given."),
        };
    };
    let Some((url, kind)) = Url::parse(address).ok().filter(Url::has_host).and_then(|url| {
        let kind = match url.scheme() {
            "http" => ProxyKind::Http,
            "https" => ProxyKind::Https,
            "socks5" => ProxyKind::Socks { looks_up_here: true },
            "socks5h" => ProxyKind::Socks { looks_up_here: false },
            _ => return None,
        };
        Some((url, kind))
    }) else {
        return refuse("It is no http, https, socks5 or socks5h address.");
    };
    if !url.username().is_empty() || url.password().is_some() {
        // Never repeated in the message: it is a secret in the wrong field.
        return refuse("It holds a user name or password; they have settings of their own.");
    }
    if user_name.is_none() && password.is_some() {
        return Err(SettingsError::of(USER_NAME, "It is missing, although Proxy Password is given."));
    }
    let exposed = password.map_or("", ExposeSecret::expose_secret);
    for (setting, value) in [(USER_NAME, user_name.unwrap_or_default()), (PASSWORD, exposed)] {
        if !kind.speaks_http() && value.len() > LONGEST_OF_SOCKS {
            let problem = format!("It is longer than {LONGEST_OF_SOCKS} bytes, which SOCKS5 does not carry.");
            return Err(SettingsError::of(setting, problem));
        }
    }
    if kind.speaks_http() && user_name.is_some_and(|name| name.contains(':')) {
        return Err(SettingsError::of(USER_NAME, "It holds a colon, which HTTP takes for the end of the user name."));
    }
    Ok(Some(ProxyServer {
        kind,
        hop: Hop::of(&url, 1080),
        user_name: user_name.map(str::to_owned),
        password: password.cloned(),
        authorization: user_name.map(|name| basic(name, exposed)).transpose()?,
    }))
}

/// The login as HTTP carries it (RFC 7617): as it was given, with nothing decoded.
fn basic(user_name: &str, password: &str) -> Result<HeaderValue, SettingsError> {
    let encoded = STANDARD.encode(format!("{user_name}:{password}"));
    let mut value = HeaderValue::from_str(&format!("Basic {encoded}"))
        .map_err(|_| SettingsError::of(PASSWORD, "It cannot be sent."))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use soar_connector::Plugin as _;

    use super::*;

    fn read(given: &[(&str, &str)]) -> Result<Option<ProxyServer>, SettingsError> {
        let plugin = crate::FootprintPlugin::new().unwrap();
        let server = [("Server URL", "https://fp.example.com"), ("User Name", "u"), ("Password", "p")];
        let given = server.iter().chain(given);
        let given = given.map(|(name, value)| ((*name).to_owned(), SecretString::from(*value)));
        proxy(&SettingValues::parse(&plugin.manifest().connector, given).unwrap())
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_refused_without_its_password() {
        for address in ["ftp://u:hunter2@proxy", "http://u:hunter2@proxy", "proxy:3128", "http://"] {
            let error = read(&[(PROXY, address)]).unwrap_err().to_string();
            assert!(error.starts_with("Proxy: ") && !error.contains("hunter2"), "{error}");
        }
        let login = [(USER_NAME, "u@x"), (PASSWORD, "hunter2")];
        for address in ["http://proxy:3128", "socks5h://proxy:1080"] {
            let proxy = read(&[login[0], login[1], (PROXY, address)]).unwrap().unwrap();
            assert!(!format!("{proxy:?} {:?}", proxy.authorization).contains("hunter2"), "{proxy:?}");
        }
        for given in [&[login[1]][..], &[login[1], (PROXY, "http://proxy")], &[login[0]]] {
            assert!(read(given).is_err(), "{given:?}");
        }
    }

    #[test]
    fn what_the_proxys_protocol_cannot_carry_is_refused_by_name() {
        let long = "x".repeat(256);
        for (proxy, name, password, starts) in [
            ("http://proxy", "a:b", "p", "Proxy User Name: "),
            ("socks5://proxy", long.as_str(), "p", "Proxy User Name: "),
            ("socks5h://proxy", "u", long.as_str(), "Proxy Password: "),
        ] {
            let error = read(&[(PROXY, proxy), (USER_NAME, name), (PASSWORD, password)]).unwrap_err().to_string();
            assert!(error.starts_with(starts) && !error.contains("xxx"), "{error}");
        }
        assert!(read(&[(PROXY, "socks5://proxy"), (USER_NAME, "a:b"), (PASSWORD, "p")]).is_ok());
    }
}
