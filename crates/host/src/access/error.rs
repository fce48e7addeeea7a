//! The reasons for which a call is not authenticated.

use soar_store::model::KeyState;

/// Why a call is not let in: for the audit log. The caller learns only that it is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticationError {
    /// Nothing was shown.
    #[error("No key was shown.")]
    Missing,
    /// More than one thing was shown.
    #[error("More than one key was shown.")]
    Ambiguous,
    /// What was shown is no key.
    #[error("What was shown is no key: {0}.")]
    Malformed(&'static str),
    /// No key is like that.
    #[error("The key is unknown, or its secret or signature is wrong.")]
    Unknown,
    /// Tokens are switched off.
    #[error("Tokens are switched off.")]
    TokensOff,
    /// The key is no longer good.
    #[error("The key is {}.", match state { KeyState::Expired => "expired", _ => "revoked" })]
    Ended {
        /// Its name.
        key: String,
        /// Expired or revoked.
        state: KeyState,
    },
    /// The token is signed with a key's secret, but not good.
    #[error("The token is refused: {reason}.")]
    Token {
        /// The key's name.
        key: String,
        /// Why.
        reason: &'static str,
    },
    /// The key is not for this user, or the user is none or inactive.
    #[error("{reason}")]
    User {
        /// The key's name.
        key: String,
        /// Why.
        reason: String,
    },
}

impl AuthenticationError {
    /// The name of the key that was shown, where it is known.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Ended { key, .. } | Self::Token { key, .. } | Self::User { key, .. } => key,
            _ => "",
        }
    }
}
