//! The navigation: the pages of the console, and the rights that each needs.

use soar_host::sign_in::ConsoleSession;
use soar_store::model::Right;

/// The condition for a user to see a page in the navigation.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Needs {
    /// A session.
    Session,
    /// This right on at least one site.
    Somewhere(Right),
    /// The rights of an administrator.
    Administrator,
}

impl Needs {
    fn are_met(self, session: &ConsoleSession) -> bool {
        match self {
            _ if session.user.is_administrator => true,
            Self::Session => true,
            Self::Somewhere(right) => session.roles.values().any(|role| role.allows(right)),
            Self::Administrator => false,
        }
    }
}

/// A page of the navigation: its title, its address below the console, and what a user needs.
type NavigationEntry = (&'static str, &'static str, Needs);

/// The groups of pages: the title of each, and its pages.
const GROUPS: &[(&str, &[NavigationEntry])] = &[
    ("Overview", &[("Home", "/", Needs::Session), ("Health", "/health", Needs::Somewhere(Right::UseConnections))]),
    (
        "Connections",
        &[
            ("Integrations", "/integrations", Needs::Somewhere(Right::UseConnections)),
            ("Test Command", "/test-command", Needs::Somewhere(Right::UseConnections)),
        ],
    ),
    ("Findings", &[("Findings", "/findings", Needs::Somewhere(Right::UseConnections))]),
    (
        "Incidents",
        &[
            ("Incidents", "/incidents", Needs::Somewhere(Right::SeeIncidents)),
            ("Cases", "/cases", Needs::Somewhere(Right::SeeIncidents)),
        ],
    ),
    (
        "Operation",
        &[
            ("Runs", "/runs", Needs::Somewhere(Right::SeeRuns)),
            ("Schedules", "/schedules", Needs::Somewhere(Right::UseConnections)),
        ],
    ),
    (
        "Administration",
        &[
            ("Sites", "/sites", Needs::Session),
            ("Tenants", "/tenants", Needs::Administrator),
            ("Users", "/users", Needs::Administrator),
            ("Keys", "/keys", Needs::Administrator),
            ("Audit log", "/audit", Needs::Administrator),
        ],
    ),
];

/// A group of pages in the navigation.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) items: Vec<Item>,
}

/// A page in the navigation.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) title: &'static str,
    pub(crate) href: String,
    /// Whether the current page is this page or below it.
    pub(crate) is_current: bool,
}

/// The pages that the user may see. `path` is the address of the current page below the console.
pub(crate) fn groups(session: &ConsoleSession, base: &str, path: &str) -> Vec<Group> {
    let item = |&(title, address, _): &NavigationEntry| {
        let below = path.strip_prefix(address).is_some_and(|rest| rest.starts_with('/'));
        Item { title, href: format!("{base}{address}"), is_current: path == address || (address != "/" && below) }
    };
    let groups = GROUPS.iter().map(|(title, items)| Group {
        title,
        items: items.iter().filter(|(_, _, needs)| needs.are_met(session)).map(item).collect(),
    });
    groups.filter(|group| !group.items.is_empty()).collect()
}
