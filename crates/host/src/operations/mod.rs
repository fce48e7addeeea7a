//! The operations that callers can perform: one typed function each. HTTP and the terminal are adapters over them.

mod agents;
mod audit_log;
mod cases;
mod changes;
mod connection_lists;
mod connections;
mod context;
mod error;
mod external;
mod findings;
mod health;
mod incidents;
mod integrations;
mod kept_runs;
mod keys;
mod masters;
mod roles;
mod runs;
mod schedules;
mod sign_in;
mod sites;
mod sync_runs;
mod tenant_keys;
mod tenants;
mod transfer;
mod users;
mod utility;

use std::sync::Arc;
use std::time::Duration;

/// Boxes the future of an operation. Otherwise each crate that calls operations compiles their futures again, and proves
/// for each caller again that they are `Send`, which takes longer than the rest of the crate.
use async_recursion::async_recursion as boxed;
use soar_connector::Clock;
use soar_store::{Reader, Store, StoreError};

pub use agents::AgentToTest;
pub use audit_log::{AuditPage, NumberedEntry};
pub use cases::CasePage;
pub use changes::{Change, Changes, Done, Required, Working};
pub use connection_lists::{ConnectionPage, ConnectionQuery};
pub use connections::{ConnectionTested, UnsavedTested};
pub use context::{IdempotencyKey, RequestContext};
pub use error::OperationError;
pub use external::{EffectWithoutAnswer, ExternalCall, ExternalError};
pub use findings::{
    ChangesSince, CollectionShown, DeliveryShown, DeliveryToMake, FindingChangePage, FindingDifference,
    FindingDifferences, FindingPage, FindingShown, KnownFindingShown, RuleShown, RuleToPlan, Span, TenantRemoved,
};
pub use incidents::{
    IncidentPage, IncidentSearch, IncidentToChange, IncidentToMake, IncidentsLinked, IncidentsToLink, TaskToChange,
};
pub use integrations::{Integration, IntegrationParameter};
pub use keys::{KeyShown, KeyToMake};
pub use roles::{RoleOnSite, RoleTaken, RoleToGive};
pub use runs::{RunCancelled, RunPage};
pub use schedules::ScheduleLog;
pub use sign_in::{PasswordLinkMade, SessionsEnded, TotpReset};
pub use sites::{SiteToChange, SiteToMake};
pub use sync_runs::{SyncResultPage, SyncRunPage, SyncToRun};
pub use tenant_keys::{TenantKeyMade, TenantKeyToMake};
pub use tenants::{TenantMove, TenantPage, TenantRegistration};
pub use transfer::Exported;
pub use users::{UserShown, UserToChange, UserToMake};
pub use utility::{CommandEnd, UtilityCall};

use crate::Refusal;
use crate::access::SecretSeal;
use crate::commands::KnownCommands;
use crate::connections::Connections;
use crate::executor::Executor;
use crate::findings::Findings;
use crate::results::Results;
use crate::settings::{PublicAddress, SignInSettings};
use crate::tenants::Tenants;
use soar_store::model::{AuditEntry, Moment, Surface};

/// The operations and the services that they use. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Operations {
    /// Makes changes.
    pub changes: Changes,
    /// The store.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The timeout of a utility command.
    pub command_timeout: Duration,
    /// The address under which browsers reach the host.
    pub public_address: PublicAddress,
    /// The settings of signing in to the console.
    pub sign_in: SignInSettings,
    /// Seals and opens the secrets of keys; `None` where no operation needs it.
    pub seal: Option<Arc<dyn SecretSeal>>,
    /// The commands that a new key can be limited to; none where no operation needs them.
    pub known_commands: KnownCommands,
    /// The connections; `None` in a host that has no connectors.
    pub connections: Option<Connections>,
    /// Runs connectors' commands; `None` in a host that has no connectors.
    pub executor: Option<Executor>,
    /// The runs that users started from pages, with their results.
    pub results: Results,
    /// Sends connections to tenants and receives them from masters; `None` in a host that has no connectors.
    pub tenants: Option<Arc<Tenants>>,
    /// The settings of findings, and the values about CVEs.
    pub findings: Arc<Findings>,
}

/// The result of an operation that calls a vendor, another instance or a file. It does not run within a transaction.
/// Its audit entry is written afterwards.
#[derive(Debug)]
pub struct Tried<T> {
    /// The result.
    pub value: T,
    /// The reason of the audit entry.
    pub about: String,
    /// The site of the audit entry. Empty where the caller's entry names it.
    pub site: String,
}

impl<T> Tried<T> {
    /// The result, and the caller's audit entry as that of a call that was accepted. The vendor's own failure is part of
    /// the result and of the reason.
    #[must_use]
    pub fn accepted(self, entry: AuditEntry) -> (T, AuditEntry) {
        let Self { value, about, site } = self;
        let site = if site.is_empty() { entry.site.clone() } else { AuditEntry::kept(&site) };
        (value, AuditEntry { site, accepted: true, reason: AuditEntry::kept(&about), ..entry })
    }
}

impl Operations {
    /// A reader of the store. One API key, or one user of the console, gets only its share of the readers.
    async fn reader(&self, context: &RequestContext) -> Result<Reader, OperationError> {
        Ok(match &context.key {
            Some(key) => self.store.reader_of(key).await?,
            None if context.entry.surface == Surface::Console => {
                self.store.reader_of(&format!("console {}", context.user.id)).await?
            }
            None => self.store.reader().await?,
        })
    }

    fn now(&self) -> Moment {
        Moment::from(self.clock.now())
    }

    fn seal(&self) -> Result<&dyn SecretSeal, OperationError> {
        let missing = || StoreError::Unreadable("the sealing key is missing".to_owned());
        self.seal.as_deref().ok_or_else(|| Refusal::Store(missing()).into())
    }

    fn connections(&self) -> Result<&Connections, OperationError> {
        self.connections.as_ref().ok_or(OperationError::NoConnectors)
    }

    fn executor(&self) -> Result<&Executor, OperationError> {
        self.executor.as_ref().ok_or(OperationError::NoConnectors)
    }

    fn tenants(&self) -> Result<&Tenants, OperationError> {
        self.tenants.as_deref().ok_or(OperationError::NoConnectors)
    }
}

/// The last item of a full page, after which there may be more.
fn full_page<T>(items: &[T], limit: i64) -> Option<&T> {
    items.last().filter(|_| i64::try_from(items.len()).is_ok_and(|found| found == limit))
}
