//! Alerts by webhook: a signed POST.

use std::fmt::Write as _;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sha2::Sha256;
use soar_store::model::{Message, Moment};

/// The header that identifies the message: the same each time that it is sent.
pub const ID_HEADER: &str = "webhook-id";
/// The header that says when it was sent, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header that proves who sent it: `sha256=` and the HMAC-SHA256, in hex, of the timestamp, a full stop and the
/// body under the webhook's secret.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// A webhook.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// Its address: https, or http on this machine.
    pub address: String,
    /// What messages are signed with.
    pub secret: SecretString,
}

/// Sends alerts to one webhook.
#[derive(Debug)]
pub struct WebhookCourier {
    client: Client,
    address: Url,
    secret: SecretString,
}

impl WebhookCourier {
    /// Checks the settings; sends nothing.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to do; it does not hold the secret.
    pub fn new(settings: &WebhookSettings) -> Result<Self, String> {
        let expected = "Expected https://…, or http:// to this machine itself.";
        let address: Url =
            settings.address.parse().map_err(|_| format!("The webhook's address is none. {expected}"))?;
        let is_local = match address.host_str() {
            Some("localhost" | "[::1]") => true,
            Some(host) => host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
            None => false,
        };
        if address.scheme() != "https" && !(address.scheme() == "http" && is_local) {
            return Err(format!("The webhook's address would send alerts unencrypted over the network. {expected}"));
        }
        if settings.secret.expose_secret().len() < 16 {
            return Err("The webhook's secret is shorter than 16 characters. Make one at random.".to_owned());
        }
        let client = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| {
                format!("The webhook cannot be set up: {}", soar_connector::sentence(&error.to_string()))
            })?;
        Ok(Self { client, address, secret: settings.secret.clone() })
    }

    /// Sends `message`; returns when the receiver has answered that it took it.
    ///
    /// # Errors
    /// A sentence that says why it did not; it does not hold the address, which may be secret itself.
    pub async fn deliver(&self, message: &Message, now: Moment) -> Result<(), String> {
        let body = json!({ "id": message.id, "alert": message.content }).to_string();
        let timestamp = now.0.div_euclid(1000).to_string();
        let signature = signature(&self.secret, &timestamp, body.as_bytes());
        let request = self
            .client
            .post(self.address.clone())
            .header("content-type", "application/json")
            .header(ID_HEADER, &message.id)
            .header(TIMESTAMP_HEADER, &timestamp)
            .header(SIGNATURE_HEADER, signature)
            .body(body);
        let answer = request.send().await.map_err(|error| {
            let why = if error.is_timeout() {
                "it did not answer in time"
            } else if error.is_connect() {
                "no connection to it could be made"
            } else {
                "the connection broke"
            };
            format!("The webhook did not take the message: {why}.")
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let hint = if status.is_redirection() { " A redirection is not followed: use the final address." } else { "" };
        Err(format!("The webhook did not take the message: it answered with status {}.{hint}", status.as_u16()))
    }
}

/// The signature of a body that is sent at `timestamp`, as its header says it.
fn signature(secret: &SecretString, timestamp: &str, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else {
        // HMAC takes keys of any length.
        return String::new();
    };
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    let mut text = String::from("sha256=");
    for byte in mac.finalize().into_bytes() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_that_openssl_makes() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef
        assert_eq!(
            signature(&SecretString::from("0123456789abcdef"), "1700000000", b"{\"a\":1}"),
            "sha256=9eb18f493f8ec135d9eb2dad817c369bb4e9cbfa818657897a7437c1cd8c3a23"
        );
    }

    #[test]
    fn an_address_that_is_not_safe_is_refused() {
        let secret = SecretString::from("0123456789abcdef");
        let made = |address: &str| {
            WebhookCourier::new(&WebhookSettings { address: address.to_owned(), secret: secret.clone() })
        };
        for good in ["https://hooks.example.com/a", "http://localhost:80/a", "http://127.0.0.1/a", "http://[::1]/a"] {
            assert!(made(good).is_ok(), "{good}");
        }
        for bad in ["http://hooks.example.com/a", "ftp://localhost/a", "hooks", "", "http://127.0.0.1.example.com/"] {
            assert!(made(bad).unwrap_err().contains("Expected https"), "{bad}");
        }
        let short = WebhookSettings { address: "https://a.example.com".into(), secret: SecretString::from("short") };
        assert!(WebhookCourier::new(&short).unwrap_err().contains("16 characters"));
    }
}
