//! Makes the users of the simulated instance, one for every role and login peculiarity.

use serde::Serialize;

use crate::{
    data::random::{Topic, dice},
    data::words,
};

/// The kind of account that a user shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserKind {
    /// May read and write everything.
    Administrator,
    /// May read and write everything.
    Management,
    /// May read and write everything.
    Operations,
    /// May read and write, in tenant 1 only.
    Reporting,
    /// May read.
    AssignedOperations,
    /// May read.
    BusinessOwner,
    /// Can log in and may nothing else.
    NoRights,
    /// Needs a one-time password: gets no token.
    OneTimePassword,
    /// Logs in through single sign-on only: gets no token.
    SsoOnly,
}

/// A user of the simulated instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SimulatedUser {
    /// The kind of account that the user shows.
    #[serde(skip)]
    pub kind: UserKind,
    /// The vendor's numeric user id.
    #[serde(skip)]
    pub id: u32,
    /// The name to log in with, an e-mail address.
    pub user_name: String,
    /// The password to log in with, drawn from the seed.
    pub password: String,
    /// The vendor's word for the role (`admin`, `business`, `technical`, `clientAccess`, …), or `none`.
    pub role: String,
    /// The integration documentation's word for it, such as `Administrator`.
    pub permission: &'static str,
    /// The user's peculiarity, in a few words; may be empty.
    pub note: &'static str,
    /// The key for the header `FootprintApiKey`, drawn from the seed; the vendor has such keys since 2022-11, on
    /// legacy instances too. Empty for users who get no token.
    pub api_key: String,
}

/// Kind, name, vendor's role, permission, note.
const LIST: [(UserKind, &str, &str, &str, &str); 9] = [
    (UserKind::Administrator, "administrator", "admin", "Administrator", ""),
    (UserKind::Management, "management", "business", "Management", ""),
    (UserKind::Operations, "operations", "technical", "Operations", ""),
    (UserKind::Reporting, "reporting", "clientAccess", "Reporting", "sees tenant 1 only"),
    (UserKind::AssignedOperations, "assigned", "assignedOperations", "Assigned Operations", "may read, not write"),
    (UserKind::BusinessOwner, "owner", "businessOwner", "Business Owner", "may read, not write"),
    (UserKind::NoRights, "nobody", "none", "None", "can log in, everything else is refused"),
    (UserKind::OneTimePassword, "otp", "technical", "Operations", "needs a one-time password, gets no token"),
    (UserKind::SsoOnly, "sso", "technical", "Operations", "single sign-on only, gets no token"),
];

impl UserKind {
    /// Whether a correct password brings a token.
    pub(crate) fn gets_token(self) -> bool {
        !matches!(self, Self::OneTimePassword | Self::SsoOnly)
    }

    /// Whether the user may read elements, scanners and tenants.
    pub(crate) fn may_read(self) -> bool {
        self.gets_token() && self != Self::NoRights
    }

    /// Whether the user may start scans and change scopes.
    pub(crate) fn may_write(self) -> bool {
        matches!(self, Self::Administrator | Self::Management | Self::Operations | Self::Reporting)
    }

    /// Whether the user may use this tenant, given that it exists.
    pub(crate) fn may_see(self, tenant: u32) -> bool {
        self != Self::Reporting || tenant == 1
    }
}

/// All users, in the order of [`UserKind`].
pub(crate) fn users(seed: u64) -> Vec<SimulatedUser> {
    LIST.iter()
        .zip(1_u32..)
        .map(|(&(kind, name, role, permission, note), id)| {
            let mut dice = dice(seed, 0, Topic::User, u64::from(id));
            let password = format!(
                "{}-{}-{:04}",
                words::pick(words::COLOURS, dice.usize(..)),
                words::pick(words::ANIMALS, dice.usize(..)),
                dice.u32(0..10_000)
            );
            let key = format!("fpk_{:016x}{:016x}", dice.u64(..), dice.u64(..));
            SimulatedUser {
                kind,
                id,
                user_name: format!("{name}@footprint.example"),
                password,
                role: role.to_owned(),
                permission,
                note,
                api_key: if kind.gets_token() { key } else { String::new() },
            }
        })
        .collect()
}
