//! Alerts by webhook: a signed POST.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;
use soar_store::model::{Message, Moment};

/// The header with the id of the message. It is the same for each attempt.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the time of sending, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with the signature, in the form of [`WebhookSignature`].
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// A secret with this prefix is base64 of the key's bytes.
const ENCODED: &str = "whsec_";

/// The least number of bytes of a key.
const SHORTEST: usize = 16;

/// The form of the signature of messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WebhookSignature {
    /// The Standard Webhooks scheme, <https://www.standardwebhooks.com>: `v1,` and the HMAC-SHA256, in base64, of id,
    /// timestamp and body with full stops between them. A secret that begins with `whsec_` is base64 of the key's
    /// bytes. Any other secret is used as bytes.
    #[default]
    Standard,
    /// The form of version 0.1: `sha256=` and the HMAC-SHA256, in hex, of timestamp, full stop and body. The secret is
    /// used as bytes.
    Old,
}

/// A webhook.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// The address: https, or http to this machine.
    pub address: String,
    /// The secret that signs messages.
    pub secret: SecretString,
    /// The form of the signature.
    pub signature: WebhookSignature,
}

/// Sends alerts to one webhook.
#[derive(Debug)]
pub struct WebhookCourier {
    client: Client,
    address: Url,
    key: SecretSlice<u8>,
    signature: WebhookSignature,
}

impl WebhookCourier {
    /// Checks the settings and sends nothing.
    ///
    /// # Errors
    /// A sentence with the problem and the cure, without the secret.
    pub fn new(settings: &WebhookSettings) -> Result<Self, String> {
        let expected = "Expected https://…, or http:// to this machine.";
        let address: Url =
            settings.address.parse().map_err(|_| format!("The webhook's address is not valid. {expected}"))?;
        let is_local = match address.host_str() {
            Some("localhost" | "[::1]") => true,
            Some(host) => host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
            None => false,
        };
        if address.scheme() != "https" && !(address.scheme() == "http" && is_local) {
            return Err(format!("The webhook's address would send alerts unencrypted over the network. {expected}"));
        }
        let key = key(settings)?;
        let client = Client::builder()
            .redirect(Policy::none())
            // Only settings decide about proxies, never the environment.
            .no_proxy()
            .build()
            .map_err(|error| {
                format!("The webhook cannot be set up: {}", soar_connector::sentence(&error.to_string()))
            })?;
        Ok(Self { client, address, key, signature: settings.signature })
    }

    /// Sends `message`. Returns once the receiver has accepted it.
    ///
    /// # Errors
    /// A sentence with the reason for which the receiver did not accept it, without the address, which may be secret.
    pub async fn deliver(&self, message: &Message, now: Moment) -> Result<(), String> {
        let body = json!({ "id": message.id, "alert": message.content }).to_string();
        self.post(&message.id, "application/json", body.into_bytes(), now).await
    }

    /// Sends a signed body under an id. Returns once the receiver has accepted it.
    ///
    /// # Errors
    /// As [`WebhookCourier::deliver`].
    pub async fn post(&self, id: &str, media_type: &str, body: Vec<u8>, now: Moment) -> Result<(), String> {
        let timestamp = now.0.div_euclid(1000).to_string();
        let key = self.key.expose_secret();
        let signature = match self.signature {
            WebhookSignature::Standard => {
                let mac = mac(key, &[id.as_bytes(), timestamp.as_bytes(), &body]);
                format!("v1,{}", STANDARD.encode(mac))
            }
            WebhookSignature::Old => {
                mac(key, &[timestamp.as_bytes(), &body]).iter().fold("sha256=".to_owned(), |mut text, byte| {
                    let _ = write!(text, "{byte:02x}");
                    text
                })
            }
        };
        let request = self
            .client
            .post(self.address.clone())
            .header("content-type", media_type)
            .header(ID_HEADER, id)
            .header(TIMESTAMP_HEADER, &timestamp)
            .header(SIGNATURE_HEADER, signature)
            .body(body);
        let answer = request.send().await.map_err(|error| {
            let why = if error.is_connect() { "no connection could be made" } else { "the connection broke" };
            format!("The webhook did not accept the message: {why}.")
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let hint = if status.is_redirection() { " The host follows no redirects: use the final address." } else { "" };
        Err(format!("The webhook did not accept the message: it answered with status {}.{hint}", status.as_u16()))
    }
}

/// The key of the secret in the settings.
fn key(settings: &WebhookSettings) -> Result<SecretSlice<u8>, String> {
    let secret = settings.secret.expose_secret();
    let encoded = secret.strip_prefix(ENCODED).filter(|_| settings.signature == WebhookSignature::Standard);
    let key = match encoded {
        None => secret.as_bytes().to_vec(),
        Some(encoded) => STANDARD.decode(encoded).map_err(|_| {
            "The webhook's secret begins with whsec_, but the rest is no base64. Copy the whole secret.".to_owned()
        })?,
    };
    if key.len() < SHORTEST {
        return Err(format!(
            "The webhook's secret is shorter than {SHORTEST} characters. Make a longer random secret."
        ));
    }
    Ok(key.into())
}

/// The HMAC-SHA256 of `parts` with full stops between them.
fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        // HMAC takes keys of any length.
        return Vec::new();
    };
    mac.update(&parts.join(&b'.'));
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(address: &str, secret: &str, signature: WebhookSignature) -> WebhookSettings {
        WebhookSettings { address: address.to_owned(), secret: SecretString::from(secret), signature }
    }

    #[test]
    fn a_secret_is_its_bytes_or_what_it_encodes() {
        let key = |secret: &str, signature| {
            key(&settings("", secret, signature)).map(|key| key.expose_secret().to_vec()).map_err(|error| {
                assert!(!error.contains("canary"), "{error}");
                error
            })
        };
        let encoded = "whsec_MDEyMzQ1Njc4OWFiY2RlZg==";
        assert_eq!(key(encoded, WebhookSignature::Standard).unwrap(), b"0123456789abcdef");
        assert_eq!(key(encoded, WebhookSignature::Old).unwrap(), encoded.as_bytes());
        assert_eq!(key("0123456789abcdef", WebhookSignature::Standard).unwrap(), b"0123456789abcdef");
        assert!(key("whsec_canary-canary-canary", WebhookSignature::Standard).unwrap_err().contains("no base64"));
        assert!(key("whsec_MDEyMw==", WebhookSignature::Standard).unwrap_err().contains("16 characters"));
    }

    #[test]
    fn an_address_that_is_not_safe_is_refused() {
        let made =
            |address: &str| WebhookCourier::new(&settings(address, "0123456789abcdef", WebhookSignature::Standard));
        for good in ["https://hooks.example.com/a", "http://localhost:80/a", "http://127.0.0.1/a", "http://[::1]/a"] {
            assert!(made(good).is_ok(), "{good}");
        }
        for bad in ["http://hooks.example.com/a", "ftp://localhost/a", "hooks", "", "http://127.0.0.1.example.com/"] {
            assert!(made(bad).unwrap_err().contains("Expected https"), "{bad}");
        }
        let short = settings("https://a.example.com", "short", WebhookSignature::Standard);
        assert!(WebhookCourier::new(&short).unwrap_err().contains("16 characters"));
    }
}
