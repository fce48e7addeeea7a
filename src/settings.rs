//! What a connection is configured with, checked before any request.

use secrecy::SecretString;
use soar_connector::{SettingValues, SettingsError};
use url::{Host, Url};

const SERVER_URL: &str = "Server URL";

/// A connection's settings in their types.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The API's base address, ending in `/api`.
    pub(crate) api: Url,
    pub(crate) user_name: String,
    pub(crate) password: SecretString,
    /// Whether an unusable Scanner ID is refused instead of ignored.
    pub(crate) strict_scanner_id: bool,
}

impl Settings {
    /// Reads settings that the manifest found complete.
    ///
    /// # Errors
    /// [`SettingsError`] names the setting that cannot work and what to write instead.
    pub(crate) fn new(values: &SettingValues) -> Result<Self, SettingsError> {
        let required = |name: &str| values.secret(name).ok_or_else(|| SettingsError::of(name, "It is required."));
        required(SERVER_URL)?;
        Ok(Self {
            api: api_address(
                values.text(SERVER_URL).unwrap_or_default(),
                values.text("Allow Plain HTTP To").unwrap_or_default(),
            )?,
            user_name: required("User Name").map(|_| values.text("User Name").unwrap_or_default().to_owned())?,
            password: required("Password")?.clone(),
            strict_scanner_id: values.boolean("Strict Scanner ID"),
        })
    }
}

/// The API's base address from what users paste: the host, with or without `/api` and a slash at its end.
fn api_address(given: &str, plain_http_hosts: &str) -> Result<Url, SettingsError> {
    let refuse = |problem: &str| {
        Err(SettingsError::of(SERVER_URL, format!("{problem} Write it like https://footprint.example.com.")))
    };
    let mut url = match Url::parse(given) {
        Ok(url) if url.has_host() => url,
        Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase) => {
            return refuse("It has no scheme and host.");
        }
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
}
