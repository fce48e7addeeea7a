//! The API's base address, from what users paste, and whether it may be plain http.

use std::net::Ipv6Addr;

use soar_connector::SettingsError;
use url::{Host, Url};

use super::SERVER_URL;
use crate::hop::Hop;

/// The API's base address from what users paste: the host, with or without `/api` and slashes.
pub(super) fn api_address(given: &str, plain_http_hosts: &str) -> Result<Url, SettingsError> {
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
    // Slashes come doubled where addresses are put together from parts.
    let names: Vec<_> = url.path().split('/').filter(|name| !name.is_empty()).collect();
    let path = match names.last() {
        None => "/api".to_owned(),
        Some(&"api") => format!("/{}", names.join("/")),
        Some(_) => {
            return refuse("Its path does not end in /api: paste the instance's address without the page's path.");
        }
    };
    url.set_path(&path);
    if is_localhost(&url) {
        // With a dot at its end, DNS would be asked for what every machine knows itself, and could answer anything.
        url.set_host(Some("localhost")).map_err(|_| SettingsError::of(SERVER_URL, "It has no host."))?;
    }
    if url.scheme() == "http" && !may_be_plain(&url, plain_http_hosts) {
        return Err(SettingsError::of(
            SERVER_URL,
            "Over http the password can be read on the way. Use https, or name the host in Allow Plain HTTP To.",
        ));
    }
    Ok(url)
}

fn is_localhost(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Domain(name)) if without_dot(name) == "localhost")
}

/// Refuses plain http that leaves this machine on its way through `proxy`, to a host that is not allowed by name.
pub(super) fn heed_proxy(url: &Url, plain_http_hosts: &str, proxy: &Hop) -> Result<(), SettingsError> {
    let is_here = proxy.address().map_or_else(|| without_dot(&proxy.host) == "localhost", |proxy| proxy.is_loopback());
    if url.scheme() != "http" || is_here || is_any_named(url, plain_http_hosts) {
        return Ok(());
    }
    Err(SettingsError::of(
        SERVER_URL,
        "Over http the password can be read on the way through the proxy, which is another machine. Leave Proxy out, use https, or name the host in Allow Plain HTTP To.",
    ))
}

fn may_be_plain(url: &Url, allowed: &str) -> bool {
    let is_loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => is_localhost(url),
    };
    is_loopback || is_any_named(url, allowed)
}

fn is_any_named(url: &Url, allowed: &str) -> bool {
    allowed.split(',').any(|name| is_named(url, name.trim()))
}

/// Whether `name` is the host of `url`; IPv6 addresses are written in many ways, with brackets and without.
fn is_named(url: &Url, name: &str) -> bool {
    match url.host() {
        Some(Host::Ipv6(address)) => {
            let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
            bare.parse::<Ipv6Addr>() == Ok(address)
        }
        Some(Host::Domain(host)) => without_dot(host).eq_ignore_ascii_case(without_dot(name)),
        Some(Host::Ipv4(address)) => name == address.to_string(),
        None => false,
    }
}

/// The dot at the end of a name says that it is whole; the name is the same without.
fn without_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pasted_form_leads_to_the_same_api() {
        for pasted in [
            "https://fp.example.com",
            "https://fp.example.com/",
            "https://fp.example.com/api",
            "https://fp.example.com/api/",
            "https://fp.example.com//api",
            "https://fp.example.com//",
            "https://fp.example.com/api//",
        ] {
            assert_eq!(api_address(pasted, "").unwrap().as_str(), "https://fp.example.com/api", "{pasted}");
        }
        let below = api_address("https://example.com//footprint//api/", "").unwrap();
        assert_eq!(below.as_str(), "https://example.com/footprint/api");
    }

    #[test]
    fn what_cannot_be_the_api_is_refused_with_the_setting_and_an_example() {
        for (pasted, problem) in [
            ("fp.example.com", "no scheme"),
            ("fp.example.com:8443", "no scheme"),
            ("ftp://fp.example.com", "neither https nor http"),
            ("https://fp.example.com/login", "does not end in /api"),
            ("https://fp.example.com/myapi", "does not end in /api"),
            ("https://fp.example.com//api//login", "does not end in /api"),
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
        for plain in ["http://127.0.0.1:8080", "http://[::1]:80", "http://localhost", "http://LocalHost.:81"] {
            assert!(api_address(plain, "").is_ok(), "{plain}");
        }
        for other in ["http://localhost.example.com", "http://localhost..", "http://.localhost", "http://[::2]"] {
            assert!(api_address(other, "").is_err(), "{other}");
        }
        assert!(api_address("http://fp.example.com", "").is_err());
        assert!(api_address("http://fp.example.com", "other, FP.example.com").is_ok());
        assert!(api_address("http://fp.example.com.", "fp.example.com").is_ok());
        assert!(api_address("http://192.0.2.7", "192.0.2.7").is_ok());
    }

    #[test]
    fn plain_http_to_this_machine_is_none_through_a_proxy_on_another() {
        let hop = |address: &str| Hop::of(&Url::parse(address).unwrap(), 1080);
        let near = ["http://127.0.0.1:3128", "http://[::1]:3128", "https://localhost:3128", "socks5://127.0.0.1"];
        let far = ["http://proxy.example.com:3128", "http://192.0.2.7:3128", "socks5h://proxy.example.com"];
        for url in ["http://127.0.0.1/api", "http://[::1]/api", "http://localhost/api"] {
            let url = Url::parse(url).unwrap();
            for proxy in near {
                assert!(heed_proxy(&url, "", &hop(proxy)).is_ok(), "{url} {proxy}");
            }
            for proxy in far {
                let refused = heed_proxy(&url, "other", &hop(proxy)).unwrap_err().to_string();
                assert!(refused.starts_with("Server URL: ") && refused.contains("Leave Proxy out"), "{refused}");
                assert!(heed_proxy(&url, "127.0.0.1,::1,localhost", &hop(proxy)).is_ok(), "{url} is allowed by name");
            }
        }
        assert!(heed_proxy(&Url::parse("https://fp.example.com/api").unwrap(), "", &hop(far[0])).is_ok());
    }

    #[test]
    fn this_machine_is_never_looked_up_in_dns() {
        assert_eq!(api_address("http://localhost.:81", "").unwrap().as_str(), "http://localhost:81/api");
    }

    #[test]
    fn an_ipv6_address_may_be_named_as_it_is_written() {
        for name in ["2001:db8::7", "[2001:db8::7]", "other, 2001:DB8:0:0:0:0:0:7 ", "[2001:0db8::0007]"] {
            assert!(api_address("http://[2001:db8::7]:8080", name).is_ok(), "{name}");
        }
        for name in ["2001:db8::8", "[2001:db8::7", "2001:db8::7]", "::", ""] {
            assert!(api_address("http://[2001:db8::7]:8080", name).is_err(), "{name}");
        }
    }
}
