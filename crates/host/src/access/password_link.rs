//! Makes one-time links to set a password.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use soar_store::model::{Moment, UserId};
use soar_store::{NewPasswordLink, Records, StoreError};

use super::opaque_token::{Purpose, new_token};

/// The path of a link after the host's public address. The token follows.
pub const PASSWORD_LINK_PATH: &str = "/console/password/";

/// A new link.
#[derive(Debug)]
pub struct IssuedLink {
    /// The token at the end of the link. The host stores only a hash of it.
    pub token: SecretString,
    /// When the link expires.
    pub expires_at: Moment,
}

/// Makes a link in the caller's transaction, in place of the user's earlier one.
///
/// # Errors
/// [`StoreError`].
pub async fn issue_link(
    records: &mut Records<'_>,
    user: UserId,
    works_for: Duration,
) -> Result<IssuedLink, StoreError> {
    let token = new_token().map_err(|error| StoreError::Unreadable(error.to_string()))?;
    let now = records.now().await?;
    let expires_at = now + works_for;
    let hash = Purpose::PasswordLink.hash(token.expose_secret());
    records.keep_password_link(&NewPasswordLink { user, hash, expires_at }, now).await?;
    Ok(IssuedLink { token, expires_at })
}
