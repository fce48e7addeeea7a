//! Keys: what a caller shows to be let in.

use serde::Serialize;
use utoipa::ToSchema;

use super::access::text_enum;
use super::{AccessKeyId, Moment, SiteId, UserId};

text_enum! {
    /// What is shown of a key.
    pub enum KeyKind {
        /// The key itself, in the header `d3key`.
        Api = "api",
        /// A JSON web token signed with its secret, in the header `d3jwt`.
        Jwt = "jwt",
    }
}

/// What a key is limited to: nothing but these, or all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed<T> {
    /// Whatever there is, now and later.
    All,
    /// Only these; none when empty.
    Only(Vec<T>),
}

impl<T: PartialEq> Allowed<T> {
    /// Whether `item` is among them.
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
    /// Its number in this instance.
    pub id: AccessKeyId,
    /// Its name; compared without regard to case.
    pub name: String,
    /// What is shown of it.
    pub kind: KeyKind,
    /// The readable part of an API key, by which it is found.
    pub public_part: String,
    /// The number of the user whose it is.
    pub owner: UserId,
    /// The numbers of the users besides its owner who may use it.
    pub users: Vec<UserId>,
    /// The numbers of the sites on which it works.
    pub sites: Allowed<SiteId>,
    /// The commands that it may run, as endpoints in lower case, such as `getincidents`.
    pub commands: Allowed<String>,
    /// Whether it opens the management API, if its owner is an administrator and it is limited to no sites or commands.
    pub may_manage: bool,
    /// Whether a token must carry `exp`; a JWT key's only.
    pub requires_expiry: bool,
    /// From when on it is refused.
    pub expires_at: Option<Moment>,
    /// Since when it is refused for good.
    pub revoked_at: Option<Moment>,
    /// When it was last used, to within a minute.
    pub last_used_at: Option<Moment>,
    /// When it was made.
    pub created_at: Moment,
}

impl AccessKey {
    /// Whether the user of that number may use it.
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

    /// What state it is in at `now`.
    #[must_use]
    pub fn state(&self, now: Moment) -> KeyState {
        self.refused(now).unwrap_or(KeyState::Active)
    }
}

/// Whether a key is still good for anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// It is.
    Active,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

/// What the secrets of JWT keys are sealed for.
pub const JWT_SECRET_CONTEXT: &str = "jwt key";
