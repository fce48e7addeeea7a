//! Rights: the rights of each role on a site, and the caller.

use std::collections::BTreeMap;

use super::{Allowed, Site, SiteId, User};

/// An enum whose variants have texts for the store, JSON and messages.
#[macro_export]
macro_rules! text_enum {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$what:meta])* $variant:ident $(= $text:literal)?,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$what])* $(#[serde(rename = $text)])? $variant,)+ }

        impl $name {
            /// All variants, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The text of a variant in the store, JSON and messages.
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

            /// Case makes no difference. The error names the expected texts.
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
    /// A user's role on a site.
    pub enum Role {
        /// May see the site.
        Viewer,
        /// May also work on incidents and run commands.
        Analyst,
        /// May do everything on the site.
        Manager,
    }
}

text_enum! {
    /// A right of a user on a site.
    pub enum Right {
        /// See incidents and cases.
        SeeIncidents = "see incidents",
        /// Create, change, close and link incidents.
        ChangeIncidents = "change incidents",
        /// Record another user as the author of a change.
        ActForOthers = "act for others",
        /// See connections, and run commands on them.
        UseConnections = "use connections",
        /// Create, change, test and delete connections.
        ManageConnections = "manage connections",
        /// See all runs and their outcomes.
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

/// The caller: a user on a site, authenticated by a key or at the host's terminal.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user in whose name the call is made.
    pub user: User,
    /// The site on which it runs.
    pub site: Site,
    /// The user's roles, by site.
    pub roles: BTreeMap<SiteId, Role>,
    /// The sites that the call may reach: those of the key, or all at the terminal.
    pub reach: Allowed<SiteId>,
    /// The name of the key. `None` at the terminal.
    pub key: Option<String>,
    /// Identifies the call in answers, logs, runs and the audit log.
    pub request_id: String,
}

impl Caller {
    /// Whether the caller has `right` on this site. A role of the user gives no right on a site that the
    /// key does not reach.
    #[must_use]
    pub fn may(&self, right: Right, site: SiteId) -> bool {
        self.user.active
            && self.reach.allows(&site)
            && (self.user.is_administrator || self.roles.get(&site).is_some_and(|role| role.allows(right)))
    }

    /// Whether the caller may have `right` on at least one site.
    #[must_use]
    pub fn may_somewhere(&self, right: Right) -> bool {
        self.user.active && (self.user.is_administrator || self.roles.keys().any(|site| self.may(right, *site)))
    }

    /// Whether the caller has all rights on all sites, and on records without a site.
    #[must_use]
    pub fn administers(&self) -> bool {
        self.user.active && self.user.is_administrator && self.reach == Allowed::All
    }
}
