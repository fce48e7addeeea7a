//! The session of a signed-in user.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use soar_store::model::{Role, SiteId, User};

/// The colours of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Theme {
    /// As the operating system says.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The text in forms and in the markup.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text)
    }
}

/// The session of a signed-in user.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// The token in the cookie.
    pub(crate) token: SecretString,
    pub(crate) user: User,
    /// The user's roles by site.
    pub(crate) roles: BTreeMap<SiteId, Role>,
    /// The time zone of the user's profile.
    pub(crate) time_zone: Option<String>,
    pub(crate) theme: Theme,
}

impl Session {
    /// The value of the hidden field `csrf` in each form of the session. Another site cannot know it.
    pub(crate) fn csrf(&self) -> String {
        let key = blake3::derive_key("footprint console 2026 forms", self.token.expose_secret().as_bytes());
        blake3::Hash::from_bytes(key).to_hex().to_string()
    }
}
