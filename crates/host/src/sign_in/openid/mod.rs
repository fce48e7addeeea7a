//! Signing in by an OpenID Connect provider: the authorization code flow with PKCE.

mod account;
mod exchange;
mod flow;
mod groups;
mod id_token;

pub use flow::{OPENID_PATH, OpenIdReturn, OpenIdStart};
