//! Authentication: keys, tokens, and a cache of sites, users, roles and keys.

mod authentication;
mod directory;
mod error;
mod new_key;
mod opaque_token;
mod password_link;
mod seal;
mod secret;
mod token;
mod token_header;

pub use authentication::{AuthenticatedKey, CallCredentials};
pub use directory::{Directory, KnownKey, KnownUser, Snapshot};
pub use error::AuthenticationError;
pub use new_key::{IssuedKey, KeyRequest, issue_key};
pub(crate) use opaque_token::{Purpose, new_token};
pub use password_link::{IssuedLink, PASSWORD_LINK_PATH, issue_link};
pub use seal::{SecretSeal, SecretSealError};
pub(crate) use secret::{NoRandomness, random};
pub(crate) use token_header::check as check_token_header;
