//! Rights: what a role on a site allows, and who calls.

use std::collections::BTreeMap;

use super::{Allowed, Site, SiteId, User};

/// An enum whose variants are texts in the store, in JSON and in messages.
#[macro_export]
macro_rules! text_enum {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$what:meta])* $variant:ident $(= $text:literal)?,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$what])* $(#[serde(rename = $text)])? $variant,)+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As the store, JSON and messages spell it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $crate::text_enum!(@text $variant $($text)?),)+ }
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                let texts = Self::ALL.iter().map(|value| value.as_str());
                utoipa::openapi::schema::Object::builder()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some(texts))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            /// Matches without regard to case; the error says what was expected.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let wanted = text.trim();
                Self::ALL.iter().copied().find(|value| value.as_str().eq_ignore_ascii_case(wanted)).ok_or_else(|| {
                    let valid: Vec<_> = Self::ALL.iter().map(|value| value.as_str()).collect();
                    format!("expected one of {}, got {}", valid.join(", "), soar_connector::name::quoted(text))
                })
            }
        }
    };
    (@text $variant:ident) => { stringify!($variant) };
    (@text $variant:ident $text:literal) => { $text };
}
pub(crate) use crate::text_enum;

text_enum! {
    /// What a user is on a site.
    pub enum Role {
        /// Sees.
        Viewer,
        /// Works on incidents and runs commands.
        Analyst,
        /// Does everything on the site.
        Manager,
    }
}

text_enum! {
    /// Something that a user may or may not do on a site.
    pub enum Right {
        /// See incidents and cases.
        SeeIncidents = "see incidents",
        /// Create, change, close and link incidents.
        ChangeIncidents = "change incidents",
        /// Record another user as the one who did it.
        ActForOthers = "act for others",
        /// See connections, and run commands on them.
        UseConnections = "use connections",
        /// Create, change, test and delete connections.
        ManageConnections = "manage connections",
        /// See who ran what, with which outcome.
        SeeRuns = "see runs",
    }
}

impl Role {
    /// Whether the role has `right`.
    #[must_use]
    pub fn allows(self, right: Right) -> bool {
        let least = match right {
            Right::SeeIncidents => Self::Viewer,
            Right::ChangeIncidents | Right::UseConnections | Right::SeeRuns => Self::Analyst,
            Right::ActForOthers | Right::ManageConnections => Self::Manager,
        };
        self >= least
    }
}

/// Who calls: a user, known by a key or by being at the host's terminal, on a site.
#[derive(Debug, Clone)]
pub struct Caller {
    /// In whose name the call is made.
    pub user: User,
    /// The site on which it runs.
    pub site: Site,
    /// The user's roles by the number of the site.
    pub roles: BTreeMap<SiteId, Role>,
    /// The sites that the call reaches: those of the key; all at the terminal.
    pub reach: Allowed<SiteId>,
    /// The key that was shown; none at the terminal.
    pub key: Option<String>,
    /// Identifies the call in answers, logs, runs and the audit log.
    pub request_id: String,
}

impl Caller {
    /// Whether the caller has `right` on the site of that number. Beyond the reach of the key nobody has any, whatever
    /// the user's roles are.
    #[must_use]
    pub fn may(&self, right: Right, site: SiteId) -> bool {
        self.user.active
            && self.reach.allows(&site)
            && (self.user.is_administrator || self.roles.get(&site).is_some_and(|role| role.allows(right)))
    }

    /// Whether there is a site on which the caller may have `right`.
    #[must_use]
    pub fn may_somewhere(&self, right: Right) -> bool {
        self.user.active && (self.user.is_administrator || self.roles.keys().any(|site| self.may(right, *site)))
    }

    /// Whether the caller has all rights on all sites, and on what belongs to no site.
    #[must_use]
    pub fn administers(&self) -> bool {
        self.user.active && self.user.is_administrator && self.reach == Allowed::All
    }
}
