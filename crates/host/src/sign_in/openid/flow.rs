//! One sign-in by the provider: the address to which the browser goes, and its return.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use soar_store::model::Moment;
use subtle::ConstantTimeEq as _;
use url::Url;

use crate::access::new_token;
use crate::sign_in::provider::OpenIdProblem;
use crate::sign_in::provider::Provider;
use crate::sign_in::service::{BrowserCall, SignIn};
use crate::sign_in::sessions::NewConsoleSession;
use crate::sign_in::{SignInError, password::SIGN_IN};

/// The path to which the provider sends the browser, after the host's public address.
pub const OPENID_PATH: &str = "/console/sign-in/openid";

/// The context that a flow is sealed with.
const FLOW: &str = "sign-in/openid";

/// The time within which a browser must come back from the provider.
const WITHIN: std::time::Duration = std::time::Duration::from_secs(600);

/// The most that a flow may be from the future.
const AHEAD: std::time::Duration = std::time::Duration::from_secs(60);

/// The longest code of a provider in bytes.
const LONGEST_CODE: usize = 8 * 1024;

/// The name under which attempts at the provider are counted. No user has it, since names contain no NUL.
const ATTEMPT: &str = "\0openid";

/// A sign-in that has begun.
#[derive(Debug)]
pub struct OpenIdStart {
    /// The provider's address to which the browser goes.
    pub address: String,
    /// The state of the sign-in, sealed. The browser keeps it in a cookie that other sites and scripts cannot read
    /// (`HttpOnly`, `SameSite=Lax`), and sends it with its return.
    pub flow: SecretString,
}

/// A browser that comes back from the provider.
#[derive(Debug)]
pub struct OpenIdReturn {
    /// The cookie of [`OpenIdStart::flow`].
    pub flow: Option<SecretString>,
    /// The query parameter `state`.
    pub state: Option<String>,
    /// The query parameter `code`.
    pub code: Option<SecretString>,
    /// The query parameter `error`.
    pub error: Option<String>,
    /// The query parameter `iss` (RFC 9207).
    pub issuer: Option<String>,
    /// The browser.
    pub browser: BrowserCall,
}

/// The state of a sign-in. The host seals it and does not store it, so any number of sign-ins may be begun.
#[derive(Serialize, Deserialize)]
pub(super) struct Flow {
    state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    begun_at: Moment,
}

impl SignIn {
    /// Whether the settings have a provider.
    #[must_use]
    pub fn has_openid(&self) -> bool {
        self.openid.is_some()
    }

    /// The address to which the provider sends browsers. It must be registered there.
    pub(super) fn redirect_address(&self) -> String {
        format!("{}{OPENID_PATH}", self.public_address)
    }

    /// Begins a sign-in by the provider.
    ///
    /// # Errors
    /// [`SignInError::NoProvider`] and [`SignInError::Provider`].
    pub async fn begin_openid(&self) -> Result<OpenIdStart, SignInError> {
        let provider = self.openid.as_ref().ok_or(SignInError::NoProvider)?;
        let metadata = provider.metadata().await.map_err(|_| SignInError::Provider)?;
        let text = || Ok::<_, SignInError>(new_token()?.expose_secret().to_owned());
        let flow = Flow { state: text()?, nonce: text()?, verifier: text()?, begun_at: self.store_now().await? };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(flow.verifier.as_bytes()));
        let mut address: Url =
            metadata.authorization_endpoint.parse().map_err(|error: url::ParseError| SignInError::failed(&error))?;
        let scopes = provider.settings.scopes.iter().map(String::as_str);
        let scope = std::iter::once("openid").chain(scopes).collect::<Vec<_>>().join(" ");
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.settings.client_id)
            .append_pair("redirect_uri", &self.redirect_address())
            .append_pair("scope", &scope)
            .append_pair("state", &flow.state)
            .append_pair("nonce", &flow.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        let flow = serde_json::to_vec(&flow).map_err(|error| SignInError::failed(&error))?;
        let sealed = self.seal.seal(FLOW, &flow).map_err(|error| SignInError::failed(&error))?;
        Ok(OpenIdStart { address: address.into(), flow: URL_SAFE_NO_PAD.encode(sealed).into() })
    }

    /// Signs the user of a returning browser in.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn finish_openid(&self, returned: OpenIdReturn) -> Result<NewConsoleSession, SignInError> {
        let provider = self.openid.as_ref().ok_or(SignInError::NoProvider)?;
        let browser = &returned.browser;
        let attempt = match self.attempts.take(ATTEMPT, browser.address) {
            Ok(attempt) => attempt,
            Err(retry_after) => {
                let reason = "Too many failed sign-ins by the provider from the address.";
                let error = SignInError::TooMany { retry_after };
                return Err(self.refuse(browser, SIGN_IN, None, reason, error).await);
            }
        };
        let _place = provider.places.try_acquire().map_err(|_| {
            self.attempts.give_back(attempt);
            SignInError::Busy
        })?;
        let now = match self.store_now().await {
            Ok(now) => now,
            Err(error) => {
                self.attempts.give_back(attempt);
                return Err(error.into());
            }
        };
        let identity = match self.identity(provider, &returned, now).await {
            Ok(identity) => identity,
            Err(OpenIdProblem(reason)) => {
                return Err(self.refuse(browser, SIGN_IN, None, &reason, SignInError::Provider).await);
            }
        };
        let session = self.enter(provider, &identity, browser).await?;
        self.attempts.succeeded(attempt);
        Ok(session)
    }

    /// The flow of a browser that returns at `now`, if the return belongs to it.
    pub(super) fn flow_of(&self, issuer: &str, returned: &OpenIdReturn, now: Moment) -> Result<Flow, OpenIdProblem> {
        let foreign = || OpenIdProblem::new("The browser did not begin this sign-in, or more than 10 minutes ago.");
        let sealed = returned.flow.as_ref().ok_or_else(foreign)?;
        let sealed = URL_SAFE_NO_PAD.decode(sealed.expose_secret()).map_err(|_| foreign())?;
        let opened = self.seal.open(FLOW, &sealed).map_err(|_| foreign())?;
        let flow: Flow = serde_json::from_slice(&opened).map_err(|_| foreign())?;
        if now.since(flow.begun_at) >= WITHIN || flow.begun_at > now + AHEAD {
            return Err(foreign());
        }
        let state = returned.state.as_deref().unwrap_or_default();
        if !bool::from(flow.state.as_bytes().ct_eq(state.as_bytes())) {
            return Err(OpenIdProblem::new("The state is not that of this browser's sign-in."));
        }
        if returned.issuer.as_deref().is_some_and(|returned| returned != issuer) {
            return Err(OpenIdProblem::new("The answer is of another issuer."));
        }
        if let Some(error) = &returned.error {
            let error = soar_connector::name::quoted(error);
            return Err(OpenIdProblem(format!("The provider refused the sign-in: {error}.")));
        }
        Ok(flow)
    }
}

impl OpenIdReturn {
    pub(super) fn code(&self) -> Result<&str, OpenIdProblem> {
        let code = self.code.as_ref().map(|code| code.expose_secret()).unwrap_or_default();
        if code.is_empty() || code.len() > LONGEST_CODE {
            return Err(OpenIdProblem::new("The return has no usable code."));
        }
        Ok(code)
    }
}

impl Provider {
    pub(super) fn issuer(&self) -> &str {
        &self.settings.issuer
    }
}
