//! Exchanges the code of a returning browser for the identity of its user.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value};
use soar_store::model::Moment;
use zeroize::Zeroizing;

use super::flow::OpenIdReturn;
use crate::sign_in::provider::OpenIdProblem;
use crate::sign_in::provider::{Metadata, Provider, answer};
use crate::sign_in::service::SignIn;

/// The most groups of a user.
const MOST_GROUPS: usize = 10_000;

/// A user of the provider.
#[derive(Debug)]
pub(super) struct ProviderUser {
    pub(super) subject: String,
    /// The name, if the provider tells it.
    pub(super) name: Option<String>,
    /// The groups. `None` if the settings map none.
    pub(super) groups: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct TokenResponse {
    id_token: String,
    #[serde(default)]
    access_token: Option<String>,
}

impl SignIn {
    /// The identity of the user of a returning browser.
    pub(super) async fn identity(
        &self,
        provider: &Provider,
        returned: &OpenIdReturn,
        now: Moment,
    ) -> Result<ProviderUser, OpenIdProblem> {
        let flow = self.flow_of(provider.issuer(), returned, now)?;
        let code = returned.code()?;
        let metadata = provider.metadata().await?;
        let secret = provider.secret().await?;
        let client_id = provider.settings.client_id.as_str();
        let redirect = self.redirect_address();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect),
            ("code_verifier", &flow.verifier),
            ("client_id", client_id),
        ];
        let mut request = provider.client().await?.post(&metadata.token_endpoint);
        match &secret {
            Some(secret) if takes_secret_in_body(&metadata) => form.push(("client_secret", secret.expose_secret())),
            Some(secret) => request = request.header("authorization", basic(client_id, secret)),
            None => {}
        }
        let tokens: TokenResponse = answer("The provider's tokens", request.form(&form)).await?;
        let token = provider.verify(&metadata, &tokens.id_token, &flow.nonce, self.now()).await?;
        let mut claims = token.claims;
        if !provider.has_all(&claims)
            && let (Some(address), Some(access)) = (&metadata.userinfo_endpoint, &tokens.access_token)
        {
            let request = provider.client().await?.get(address).bearer_auth(access);
            let more: Map<String, Value> = answer("The provider's user information", request).await?;
            if more.get("sub").and_then(Value::as_str) != Some(token.subject.as_str()) {
                return Err(OpenIdProblem::new("The provider's user information is of another subject."));
            }
            for (name, value) in more {
                claims.entry(name).or_insert(value);
            }
        }
        provider.identity_of(token.subject, &claims)
    }
}

impl Provider {
    /// The client secret, which is fetched each time: a secret that was rotated needs no restart.
    async fn secret(&self) -> Result<Option<SecretString>, OpenIdProblem> {
        let Some(reference) = &self.settings.client_secret else { return Ok(None) };
        let vault = self.vault.as_ref().ok_or_else(|| OpenIdProblem::new("This host has no password vault."))?;
        vault.fetch(reference).await.map(Some).map_err(|error| OpenIdProblem(error.to_string()))
    }

    fn has_all(&self, claims: &Map<String, Value>) -> bool {
        let needs_groups = !self.settings.groups.is_empty();
        claims.contains_key(&self.settings.name_claim)
            && (!needs_groups || claims.contains_key(&self.settings.groups_claim))
    }

    fn identity_of(&self, subject: String, claims: &Map<String, Value>) -> Result<ProviderUser, OpenIdProblem> {
        let name = claims.get(&self.settings.name_claim).and_then(Value::as_str).map(str::to_owned);
        let groups = if self.settings.groups.is_empty() {
            None
        } else {
            let claim = &self.settings.groups_claim;
            // Unknown groups are not no groups: the user would lose its roles.
            let missing = || {
                OpenIdProblem(format!(
                    "The provider sent no list of groups in the claim {}. Make it send one, or correct groups-claim.",
                    soar_connector::name::quoted(claim)
                ))
            };
            let list = claims.get(claim).and_then(Value::as_array).ok_or_else(missing)?;
            if list.len() > MOST_GROUPS {
                return Err(OpenIdProblem(format!("The user has more than {MOST_GROUPS} groups.")));
            }
            let groups: Option<Vec<_>> = list.iter().map(|group| group.as_str().map(str::to_owned)).collect();
            Some(groups.ok_or_else(missing)?)
        };
        Ok(ProviderUser { subject, name, groups })
    }
}

/// Whether the provider takes the secret in the body only. `client_secret_basic` is the default of the standard.
fn takes_secret_in_body(metadata: &Metadata) -> bool {
    let Some(methods) = &metadata.token_endpoint_auth_methods_supported else { return false };
    let has = |method: &str| methods.iter().any(|one| one == method);
    !has("client_secret_basic") && has("client_secret_post")
}

/// The header of a client with a secret. Both are encoded as in forms first (RFC 6749, section 2.3.1).
fn basic(client_id: &str, secret: &SecretString) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let both = Zeroizing::new(format!("{}:{}", encoded(client_id), encoded(secret.expose_secret())));
    format!("Basic {}", STANDARD.encode(both.as_bytes()))
}
