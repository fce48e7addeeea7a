//! Keys: the credentials with which a caller authenticates.

use serde::Serialize;
use utoipa::ToSchema;

use super::access::text_enum;
use super::{AccessKeyId, Moment, SiteId, UserId};

text_enum! {
    /// The kind of a key.
    pub enum KeyKind {
        /// An API key. The caller sends the key itself in the header `d3key`.
        Api = "api",
        /// A JWT key. The caller sends a JSON web token, signed with the key's secret, in the header `d3jwt`.
        Jwt = "jwt",
    }
}

/// A limit of a key: these only, or all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed<T> {
    /// All, including later ones.
    All,
    /// Only these. None if empty.
    Only(Vec<T>),
}

impl<T: PartialEq> Allowed<T> {
    /// Whether `item` is allowed.
    #[must_use]
    pub fn allows(&self, item: &T) -> bool {
        match self {
            Self::All => true,
            Self::Only(items) => items.contains(item),
        }
    }
}

/// A key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its id in this instance.
    pub id: AccessKeyId,
    /// Its name. Case makes no difference.
    pub name: String,
    /// Its kind.
    pub kind: KeyKind,
    /// The readable part of an API key, by which the host finds it.
    pub public_part: String,
    /// Its owner.
    pub owner: UserId,
    /// The users besides its owner who may use it.
    pub users: Vec<UserId>,
    /// The sites on which it works.
    pub sites: Allowed<SiteId>,
    /// The commands that it may run, as endpoints in lower case, such as `getincidents`.
    pub commands: Allowed<String>,
    /// Whether it opens the management API. Its owner must be an administrator, and it must have no limit of sites or
    /// commands.
    pub may_manage: bool,
    /// Whether a token must have `exp`. Only JWT keys have this.
    pub requires_expiry: bool,
    /// When it expires.
    pub expires_at: Option<Moment>,
    /// When it was revoked.
    pub revoked_at: Option<Moment>,
    /// The time of its last use, to within a minute.
    pub last_used_at: Option<Moment>,
    /// When it was created.
    pub created_at: Moment,
}

impl AccessKey {
    /// Whether this user may use it.
    #[must_use]
    pub fn is_for(&self, user: UserId) -> bool {
        self.owner == user || self.users.contains(&user)
    }

    /// Why it is refused at `now`, if it is.
    #[must_use]
    pub fn refused(&self, now: Moment) -> Option<KeyState> {
        if self.revoked_at.is_some() {
            Some(KeyState::Revoked)
        } else if self.expires_at.is_some_and(|end| now >= end) {
            Some(KeyState::Expired)
        } else {
            None
        }
    }

    /// Its state at `now`.
    #[must_use]
    pub fn state(&self, now: Moment) -> KeyState {
        self.refused(now).unwrap_or(KeyState::Active)
    }
}

/// The state of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// It can be used.
    Active,
    /// It has expired.
    Expired,
    /// It was revoked.
    Revoked,
}

/// The context that the secrets of JWT keys are sealed with.
pub const JWT_SECRET_CONTEXT: &str = "jwt key";
