//! Signing in to the console: passwords, authenticator apps, sessions, and links to set a password.

mod account;
mod attempts;
mod code;
mod error;
mod hasher;
mod links;
mod password;
mod rules;
mod service;
mod sessions;
mod settings;
mod token;
mod totp;

pub use error::SignInError;
pub use links::{IssuedLink, LinkToRedeem, PASSWORD_LINK_PATH, issue_link};
pub use password::SignInRequest;
pub use rules::PasswordProblem;
pub(crate) use service::SignInParts;
pub use service::{Browser, SignIn};
pub use sessions::{ConsoleSession, NewConsoleSession};
pub use settings::SignInSettings;
pub use token::CsrfKey;
pub use totp::{RecoveryCodes, TotpEnrolment};
