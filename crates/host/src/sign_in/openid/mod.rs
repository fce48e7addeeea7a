//! Signing in by an OpenID Connect provider: the authorization code flow with PKCE.

mod account;
mod exchange;
mod flow;
mod groups;
mod id_token;
mod provider;

pub use flow::{OPENID_PATH, OpenIdReturn, OpenIdStart};
pub(super) use provider::Provider;

use crate::settings::OpenIdSettings;

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
pub(crate) async fn discover(
    settings: &OpenIdSettings,
    clock: std::sync::Arc<dyn soar_connector::Clock>,
) -> Result<(), String> {
    let provider = Provider::new(settings.clone(), None, clock);
    provider.metadata().await.map(|_| ()).map_err(|problem| problem.0)
}
