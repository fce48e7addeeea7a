//! The settings of signing in to the console: the part `[sign-in]`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::OpenIdSettings;

/// The settings of signing in to the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SignInSettings {
    /// The address under which browsers reach the host, such as `https://soar.example.com`, with a path before
    /// `/console` if there is one. It is in links to set a password, and the OpenID Connect
    /// provider sends browsers there. The address to listen on unless given.
    pub public_address: Option<String>,
    /// The idle timeout of a session in minutes. 30 unless given.
    pub idle_minutes: u32,
    /// The time in hours after which a session ends even if it is in use. 12 unless given.
    pub session_hours: u32,
    /// The time in hours for which a link to set a password works. 72 unless given.
    pub link_hours: u32,
    /// The OpenID Connect provider. None unless given.
    pub openid: Option<OpenIdSettings>,
}

impl Default for SignInSettings {
    fn default() -> Self {
        Self { public_address: None, idle_minutes: 30, session_hours: 12, link_hours: 72, openid: None }
    }
}

impl SignInSettings {
    /// The first invalid setting, if there is one.
    pub(super) fn problem(&self) -> Option<String> {
        let within = |value: u32, most: u32| (1..=most).contains(&value);
        if !within(self.idle_minutes, 24 * 60) || !within(self.session_hours, 31 * 24) {
            return Some("sign-in: expected idle-minutes from 1 to 1440, and session-hours from 1 to 744.".to_owned());
        }
        if !within(self.link_hours, 31 * 24) {
            return Some("sign-in.link-hours: expected 1 to 744.".to_owned());
        }
        let is_address = |address: &String| {
            let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
            rest.is_some_and(|rest| {
                !rest.is_empty()
                    && !rest.ends_with('/')
                    && rest.chars().all(|c| c.is_ascii_graphic() && !"?#@\\\"<>".contains(c))
            })
        };
        if self.public_address.as_ref().is_some_and(|address| !is_address(address)) {
            return Some(
                "sign-in.public-address: expected an address without / at its end, such as https://soar.example.com."
                    .to_owned(),
            );
        }
        self.openid.as_ref().and_then(OpenIdSettings::problem)
    }

    /// The idle timeout of a session.
    #[must_use]
    pub fn idle(&self) -> Duration {
        Duration::from_secs(u64::from(self.idle_minutes) * 60)
    }

    /// The time after which a session ends even if it is in use.
    #[must_use]
    pub fn longest(&self) -> Duration {
        Duration::from_secs(u64::from(self.session_hours) * 3_600)
    }

    /// The time for which a link works.
    #[must_use]
    pub fn link_time(&self) -> Duration {
        Duration::from_secs(u64::from(self.link_hours) * 3_600)
    }
}
