//! Signing in to the console: passwords, authenticator apps, OpenID Connect, sessions, and links to set a password.

mod account;
mod attempts;
mod code;
mod csrf;
mod error;
mod hasher;
mod links;
mod openid;
mod password;
mod provider;
mod rules;
mod service;
mod sessions;
mod totp;

pub use csrf::CsrfKey;
pub use error::SignInError;
pub use links::LinkToRedeem;
pub use openid::{OPENID_PATH, OpenIdReturn, OpenIdStart};
pub use password::SignInRequest;
pub(crate) use provider::discover;
pub use rules::PasswordProblem;
pub(crate) use service::SignInParts;
pub use service::{BrowserCall, SignIn};
pub use sessions::{ConsoleSession, NewConsoleSession};
pub use totp::{RecoveryCodes, TotpEnrolment};
