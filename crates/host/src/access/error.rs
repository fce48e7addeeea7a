//! The reasons for which a call is not authenticated.

use soar_store::model::KeyState;

/// The reason for which a call is not authenticated. Only the audit log gets it, not the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticationError {
    /// The call has no key and no token.
    #[error("The call has no key.")]
    Missing,
    /// The call has more than one key or token.
    #[error("The call has more than one key.")]
    Ambiguous,
    /// The text is no key or token.
    #[error("The key is malformed: {0}.")]
    Malformed(&'static str),
    /// No key has this secret or signature.
    #[error("The key is unknown, or its secret or signature is wrong.")]
    Unknown,
    /// Tokens are switched off.
    #[error("Tokens are switched off.")]
    TokensOff,
    /// The key is expired or revoked.
    #[error("The key is {}.", match state { KeyState::Expired => "expired", _ => "revoked" })]
    Ended {
        /// The key's name.
        key: String,
        /// Expired or revoked.
        state: KeyState,
    },
    /// The token has a valid signature, but its claims are refused.
    #[error("The token is refused: {reason}.")]
    Token {
        /// The key's name.
        key: String,
        /// The reason.
        reason: &'static str,
    },
    /// The user may not use the key, or the user is unknown or inactive.
    #[error("{reason}")]
    User {
        /// The key's name.
        key: String,
        /// The reason.
        reason: String,
    },
}

impl AuthenticationError {
    /// The name of the key, where it is known.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Ended { key, .. } | Self::Token { key, .. } | Self::User { key, .. } => key,
            _ => "",
        }
    }
}
