//! The OpenID Connect provider: its addresses and its keys, which are read from it and kept for a while.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::Jwk;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use soar_connector::Clock;
use tokio::sync::{Mutex, OnceCell, Semaphore};

use crate::settings::{OpenIdSettings, is_safe};
use crate::vault::Vault;

/// The timeout for an answer of the provider.
const ANSWER: Duration = Duration::from_secs(10);

/// The longest answer of the provider in bytes.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// The time for which the provider's addresses and keys are kept.
const KEPT_FOR: Duration = Duration::from_secs(3_600);

/// The time between two readings of the keys. A token with an unknown key makes the host read them again.
const BETWEEN_READINGS: Duration = Duration::from_secs(30);

/// The time for which a failed reading of the provider's addresses is kept. Otherwise each waiting sign-in would wait for
/// the provider's timeout after the others.
const FAILED: Duration = Duration::from_secs(5);

/// The most keys of a provider.
const MOST_KEYS: usize = 100;

/// The sign-ins by the provider that are carried out at once.
const AT_ONCE: usize = 8;

/// The provider's addresses (OpenID Connect Discovery 1.0).
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Metadata {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    #[serde(default)]
    pub(super) userinfo_endpoint: Option<String>,
    #[serde(default)]
    pub(super) token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// A reading of the provider's addresses.
type MetadataResult = Result<Arc<Metadata>, OpenIdProblem>;

/// The provider.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(super) settings: OpenIdSettings,
    pub(super) vault: Option<Vault>,
    clock: Arc<dyn Clock>,
    client: OnceCell<Client>,
    /// The last reading of the provider's addresses, and its time.
    metadata: Mutex<Option<(Duration, MetadataResult)>>,
    keys: Mutex<Option<(Duration, Arc<Vec<Jwk>>)>>,
    pub(super) places: Semaphore,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl Provider {
    pub(crate) fn new(settings: OpenIdSettings, vault: Option<Vault>, clock: Arc<dyn Clock>) -> Self {
        Self {
            settings,
            vault,
            clock,
            client: OnceCell::new(),
            metadata: Mutex::default(),
            keys: Mutex::default(),
            places: Semaphore::new(AT_ONCE),
        }
    }

    /// The client for calls of the provider.
    pub(super) async fn client(&self) -> Result<&Client, OpenIdProblem> {
        self.client
            .get_or_try_init(async || {
                // Only settings decide about proxies, never the environment.
                let builder = Client::builder().redirect(Policy::none()).timeout(ANSWER).no_proxy();
                let builder = match &self.settings.certificate_authority {
                    None => builder,
                    Some(file) => {
                        let unusable = |error: &dyn std::fmt::Display| {
                            let file = file.display();
                            OpenIdProblem(format!("The certificate authority {file} cannot be used: {error}"))
                        };
                        let pem = tokio::fs::read(file).await.map_err(|error| unusable(&error))?;
                        let found = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| unusable(&error))?;
                        if found.is_empty() {
                            return Err(unusable(&"the file contains no certificate."));
                        }
                        builder.tls_certs_merge(found)
                    }
                };
                builder.build().map_err(|error| OpenIdProblem(format!("The client cannot be set up: {error}")))
            })
            .await
    }

    /// The provider's addresses.
    pub(crate) async fn metadata(&self) -> Result<Arc<Metadata>, OpenIdProblem> {
        let mut kept = self.metadata.lock().await;
        let now = self.clock.elapsed();
        if let Some((read, metadata)) = &*kept {
            let lasts = if metadata.is_ok() { KEPT_FOR } else { FAILED };
            if now.saturating_sub(*read) < lasts {
                return metadata.clone();
            }
        }
        let metadata = self.read_metadata().await.map(Arc::new);
        if let Err(problem) = &metadata {
            tracing::warn!(%problem, "the OpenID Connect provider cannot be used");
        }
        *kept = Some((self.clock.elapsed(), metadata.clone()));
        metadata
    }

    async fn read_metadata(&self) -> Result<Metadata, OpenIdProblem> {
        let issuer = &self.settings.issuer;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let request = self.client().await?.get(&address);
        let metadata: Metadata = answer("The provider's configuration", request).await?;
        if metadata.issuer != *issuer {
            return Err(OpenIdProblem::new(format!(
                "The provider's configuration is of another issuer. Expected issuer = {} in the settings, exactly.",
                soar_connector::name::quoted(&metadata.issuer)
            )));
        }
        let addresses = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
        let addresses = addresses.into_iter().chain(&metadata.userinfo_endpoint);
        if let Some(unsafe_one) = addresses.into_iter().find(|address| !is_safe(address)) {
            return Err(OpenIdProblem::new(format!(
                "The provider's configuration has the address {}. Expected https.",
                soar_connector::name::quoted(unsafe_one)
            )));
        }
        Ok(metadata)
    }

    /// The provider's keys with this id, or all keys for a token without one. Keys that rotated in are read once.
    pub(super) async fn keys(&self, metadata: &Metadata, id: Option<&str>) -> Result<Vec<Jwk>, OpenIdProblem> {
        let mut kept = self.keys.lock().await;
        let now = self.clock.elapsed();
        let chosen = |keys: &[Jwk]| -> Vec<Jwk> {
            let is_chosen = |key: &&Jwk| id.is_none() || key.common.key_id.as_deref() == id;
            keys.iter().filter(is_chosen).cloned().collect()
        };
        if let Some((read, keys)) = &*kept {
            let (found, age) = (chosen(keys), now.saturating_sub(*read));
            if (!found.is_empty() && age < KEPT_FOR) || age < BETWEEN_READINGS {
                return Ok(found);
            }
        }
        let request = self.client().await?.get(&metadata.jwks_uri);
        let KeySet { keys } = answer("The provider's keys", request).await?;
        // A key of an unknown kind is no reason to refuse the others.
        let keys = keys.into_iter().take(MOST_KEYS).filter_map(|key| serde_json::from_value(key).ok());
        let keys: Arc<Vec<Jwk>> = Arc::new(keys.collect());
        *kept = Some((now, Arc::clone(&keys)));
        Ok(chosen(&keys))
    }
}

/// The provider's answer as JSON.
pub(super) async fn answer<T: DeserializeOwned>(what: &str, request: RequestBuilder) -> Result<T, OpenIdProblem> {
    let problem = |text: String| OpenIdProblem(format!("{what} could not be read: {text}."));
    let unsent = |error: reqwest::Error| {
        let why = if error.is_timeout() {
            "the provider did not answer in time"
        } else if error.is_connect() {
            "no connection to the provider could be made"
        } else {
            "the connection broke"
        };
        problem(why.to_owned())
    };
    let mut response = request.header("accept", "application/json").send().await.map_err(unsent)?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unsent)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(problem(format!("the answer has more than {LONGEST_ANSWER} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    if !status.is_success() {
        let cause = serde_json::from_slice::<Value>(&body).ok();
        let cause = cause.as_ref().and_then(|body| body["error"].as_str()).unwrap_or("without a cause");
        let cause = soar_connector::name::quoted(cause);
        return Err(problem(format!("the provider answered with status {}, {cause}", status.as_u16())));
    }
    serde_json::from_slice(&body).map_err(|error| problem(format!("the answer is not as expected: {error}")))
}

/// The reason for which a sign-in by the provider failed. The audit log gets it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct OpenIdProblem(pub(crate) String);

impl OpenIdProblem {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// The provider, for checks of the settings.
///
/// # Errors
/// A sentence with the problem.
pub(crate) async fn discover(settings: &OpenIdSettings, clock: Arc<dyn Clock>) -> Result<(), String> {
    let provider = Provider::new(settings.clone(), None, clock);
    provider.metadata().await.map(|_| ()).map_err(|problem| problem.0)
}
