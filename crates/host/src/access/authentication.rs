//! Authenticates a call by its API key or token.

use std::sync::Arc;

use soar_store::model::name::same_name;
use soar_store::model::{Allowed, Moment};

use super::error::AuthenticationError;
use super::{KnownKey, KnownUser, SecretSeal, Snapshot, secret, token};

/// The credentials of a call.
#[derive(Debug, Clone, Copy)]
pub enum CallCredentials<'a> {
    /// An API key.
    ApiKey(&'a str),
    /// A JSON web token.
    Token(&'a str),
}

/// A valid key, and the user that the caller's token claims.
#[derive(Debug, Clone)]
pub struct AuthenticatedKey {
    /// The key.
    pub known: Arc<KnownKey>,
    /// The user that a token claims; `None` for an API key.
    pub claimed: Option<String>,
}

impl AuthenticatedKey {
    /// Authenticates the caller by its credentials.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    pub fn check(
        snapshot: &Snapshot,
        seal: &dyn SecretSeal,
        credentials: CallCredentials<'_>,
        tokens_are_on: bool,
        now: Moment,
    ) -> Result<Self, AuthenticationError> {
        let shown = match credentials {
            CallCredentials::ApiKey(key) => Self { known: api_key(snapshot, key)?, claimed: None },
            CallCredentials::Token(_) if !tokens_are_on => return Err(AuthenticationError::TokensOff),
            CallCredentials::Token(token) => {
                let (known, claimed) = token::verify(snapshot, seal, token, now)?;
                Self { known, claimed: Some(claimed) }
            }
        };
        shown.good(now)
    }

    /// Authenticates the caller by an API key that did not come in the header `d3key`.
    ///
    /// # Errors
    /// [`AuthenticationError`].
    pub fn check_api_key(snapshot: &Snapshot, key: &str, now: Moment) -> Result<Self, AuthenticationError> {
        Self { known: api_key(snapshot, key)?, claimed: None }.good(now)
    }

    fn good(self, now: Moment) -> Result<Self, AuthenticationError> {
        match self.known.key.refused(now) {
            None => Ok(self),
            Some(state) => Err(AuthenticationError::Ended { key: self.known.key.name.clone(), state }),
        }
    }

    /// The key's owner, if the key may use the management API.
    ///
    /// # Errors
    /// [`AuthenticationError::User`].
    pub fn administrator<'a>(&self, snapshot: &'a Snapshot) -> Result<&'a KnownUser, AuthenticationError> {
        let key = &self.known.key;
        let owner = snapshot.user_numbered(key.owner);
        // In the management API a limited key could create an unlimited key.
        let opens = key.may_manage && key.sites == Allowed::All && key.commands == Allowed::All;
        owner.filter(|known| opens && known.user.active && known.user.is_administrator).ok_or_else(|| {
            AuthenticationError::User {
                key: key.name.clone(),
                reason: "The key may not manage, the key is limited to sites or commands, or the key's owner is no \
                         active administrator."
                    .to_owned(),
            }
        })
    }

    /// The key's owner, if the key may read what its owner may see on the key's sites.
    ///
    /// # Errors
    /// [`AuthenticationError::User`].
    pub fn reader<'a>(&self, snapshot: &'a Snapshot) -> Result<&'a KnownUser, AuthenticationError> {
        let key = &self.known.key;
        let owner = snapshot.user_numbered(key.owner);
        let opens = self.claimed.is_none() && key.commands == Allowed::All;
        owner.filter(|known| opens && known.user.active).ok_or_else(|| {
            let reason = "The key is a JWT key or limited to commands, or the key's owner is not active.".to_owned();
            AuthenticationError::User { key: key.name.clone(), reason }
        })
    }

    /// The user of that name, if it may call with this key.
    ///
    /// # Errors
    /// [`AuthenticationError::User`].
    pub fn user<'a>(&self, snapshot: &'a Snapshot, username: &str) -> Result<&'a KnownUser, AuthenticationError> {
        let refuse =
            |reason: &str| AuthenticationError::User { key: self.known.key.name.clone(), reason: reason.to_owned() };
        let found = snapshot.user(username);
        let is_claimed = |claimed: &String| match (snapshot.user(claimed), found) {
            (Some(claimed), Some(found)) => claimed.user.id == found.user.id,
            _ => same_name(claimed, username),
        };
        if !self.claimed.as_ref().is_none_or(is_claimed) {
            return Err(refuse("The token's Username differs from the body's Username."));
        }
        let known = found.ok_or_else(|| refuse("There is no such user."))?;
        if !self.known.key.is_for(known.user.id) {
            return Err(refuse("The user may not use the key."));
        }
        if !known.user.active {
            return Err(refuse("The user is not active."));
        }
        Ok(known)
    }
}

fn api_key(snapshot: &Snapshot, shown: &str) -> Result<Arc<KnownKey>, AuthenticationError> {
    let (public_part, secret) = secret::split(shown).ok_or(AuthenticationError::Malformed(
        "the key does not have the \
                                                                                           form of an API key",
    ))?;
    let found = snapshot.api_key(public_part);
    // An unknown key costs the same time: its secret is compared with a hash that no secret has.
    let kept = found.map_or([0; 32], |known| known.hash);
    let matches = secret::matches(secret, &kept);
    found.filter(|_| matches).cloned().ok_or(AuthenticationError::Unknown)
}
