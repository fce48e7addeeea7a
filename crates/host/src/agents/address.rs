//! The normalised address of a proxy. Two spellings of one address are equal.

use reqwest::Url;

/// The longest address, in bytes.
const LONGEST: usize = 500;

/// The longest user name in SOCKS5, in bytes.
const LONGEST_OF_SOCKS: usize = 255;

/// The address and the protocol of a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProxyAddress {
    pub(super) scheme: Scheme,
    /// A name or an address; an IPv6 address has brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

/// The protocol of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
    /// SOCKS5. This host resolves names.
    Socks5,
    /// SOCKS5. The proxy resolves names.
    Socks5h,
}

impl Scheme {
    fn of(text: &str) -> Option<(Self, u16)> {
        Some(match text {
            "http" => (Self::Http, 80),
            "https" => (Self::Https, 443),
            "socks5" => (Self::Socks5, 1080),
            "socks5h" => (Self::Socks5h, 1080),
            _ => return None,
        })
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    pub(super) const fn speaks_http(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }
}

impl std::fmt::Display for ProxyAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}://{}:{}", self.scheme.as_str(), self.host, self.port)
    }
}

impl ProxyAddress {
    /// Parses an address. The error does not quote the address, which may contain a password.
    pub(super) fn parse(given: &str) -> Result<Self, String> {
        let refuse = |problem: &str| {
            let form = "Write it like http://proxy.example.com:3128 or socks5h://proxy.example.com:1080.";
            Err(format!("Address: {problem} {form}"))
        };
        let url = match Url::parse(given.trim()) {
            Ok(url) if url.has_host() && given.len() <= LONGEST => url,
            _ => return refuse("The address is no http, https, socks5 or socks5h address."),
        };
        let Some((scheme, usual_port)) = Scheme::of(url.scheme()) else {
            return refuse("The address is no http, https, socks5 or socks5h address.");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("The address contains a user name or password. Give them in their own fields.");
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return refuse("The address contains more than scheme, host and port.");
        }
        let host = url.host_str().unwrap_or_default().to_lowercase();
        if host.contains('%') {
            return refuse("The host in the address is no name and no IP address.");
        }
        Ok(Self { scheme, host, port: url.port().unwrap_or(usual_port) })
    }

    /// Refuses a user name that the proxy's protocol cannot transmit.
    pub(super) fn check_user_name(&self, user_name: &str) -> Result<(), String> {
        if self.scheme.speaks_http() && user_name.contains(':') {
            return Err("User name: It contains a colon, which ends the user name in HTTP.".to_owned());
        }
        if !self.scheme.speaks_http() && user_name.len() > LONGEST_OF_SOCKS {
            return Err(format!(
                "User name: It is longer than {LONGEST_OF_SOCKS} bytes, the most that SOCKS5 can \
                                transmit."
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_an_address_are_the_same() {
        for (given, kept) in [
            ("http://Proxy.Example.com:3128/", "http://proxy.example.com:3128"),
            (" http://proxy", "http://proxy:80"),
            ("https://proxy", "https://proxy:443"),
            ("SOCKS5://Proxy", "socks5://proxy:1080"),
            ("socks5h://[2001:DB8::7]:1081", "socks5h://[2001:db8::7]:1081"),
        ] {
            let parsed = ProxyAddress::parse(given).unwrap();
            assert_eq!(parsed.to_string(), kept, "{given}");
            assert_eq!(ProxyAddress::parse(kept).unwrap(), parsed);
        }
    }

    #[test]
    fn what_is_no_address_of_a_proxy_is_refused_and_not_repeated() {
        for given in [
            "proxy:3128",
            "ftp://proxy",
            "http://user:hunter2@proxy",
            "http://hunter2@proxy",
            "http://proxy/hunter2",
            "http://proxy?hunter2",
            "http://",
            "hunter2",
            "",
        ] {
            let refused = ProxyAddress::parse(given).unwrap_err();
            assert!(refused.starts_with("Address: ") && !refused.contains("hunter2"), "{given}: {refused}");
        }
    }
}
