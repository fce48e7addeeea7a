//! Sessions of the console, and how the console looks for a user.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::text_enum;
use super::health::CLOCK_TOLERANCE;
use super::{Moment, SessionId, UserId};
use crate::columns::from_row;

text_enum! {
    /// How a user signed in.
    pub enum SignInMethod {
        /// By a password, and by a code if the user has an authenticator app.
        Password,
        /// By an OpenID Connect provider.
        OpenIdConnect = "OpenID Connect",
    }
}

text_enum! {
    /// The colours of the console.
    pub enum Theme {
        /// As the browser prefers.
        System = "system",
        /// Light.
        Light = "light",
        /// Dark.
        Dark = "dark",
    }
}

/// A session of the console, without its token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its id in this instance.
    #[schema(value_type = i64)]
    pub id: SessionId,
    /// The id of its user.
    #[serde(skip)]
    pub user_id: UserId,
    /// How the user signed in.
    pub method: SignInMethod,
    /// The address of the browser at sign-in.
    pub address: String,
    /// When the user signed in.
    #[schema(value_type = i64)]
    pub created_at: Moment,
    /// The time of the last request, to within a minute.
    #[schema(value_type = i64)]
    pub seen_at: Moment,
    /// When the session ends even if it is in use.
    #[schema(value_type = i64)]
    pub ends_at: Moment,
}

from_row! { Session: id, user_id, method, address, created_at, seen_at, ends_at }

impl Session {
    /// Whether the session is valid at `now`, with this idle timeout. A session with a time in the future was stored by
    /// a clock that was ahead, so its end is unknown and it is not valid.
    #[must_use]
    pub fn is_valid(&self, now: Moment, idle: std::time::Duration) -> bool {
        let latest = now + CLOCK_TOLERANCE;
        self.created_at <= latest && self.seen_at <= latest && now < self.ends_at && now < self.seen_at + idle
    }
}

/// How the console looks for a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Profile {
    /// The IANA time zone of times. The site's time zone if `None`.
    pub time_zone: Option<String>,
    /// The colours.
    pub theme: Theme,
}

from_row! { Profile: time_zone, theme }

impl Default for Profile {
    fn default() -> Self {
        Self { time_zone: None, theme: Theme::System }
    }
}
