//! What callers can do: one typed function for each operation. HTTP and the terminal are adapters over these.

mod changes;
mod context;
mod error;
mod roles;
mod sites;
mod users;

use std::sync::Arc;

use soar_connector::Clock;
use soar_store::{Reader, Store};

pub use changes::{Changes, Done, Required};
pub use context::{IdempotencyKey, RequestContext};
pub use error::OperationError;
pub use roles::{RoleOnSite, RoleTaken, RoleToGive};
pub use sites::{SiteToChange, SiteToMake};
pub use users::{UserToChange, UserToMake};

use crate::access::SecretSeal;
use crate::executor::Executor;
use crate::tenants::Tenants;
use soar_store::model::Moment;

/// The operations, and what they have at hand. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Operations {
    /// Makes changes.
    pub changes: Changes,
    /// The store.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Seals and opens the secrets of keys; `None` where no operation needs it.
    pub seal: Option<Arc<dyn SecretSeal>>,
    /// Runs connectors' commands; `None` in a host that has no connectors.
    pub executor: Option<Executor>,
    /// Sends connections to tenants, and takes them from masters; `None` in a host that has no connectors.
    pub tenants: Option<Arc<Tenants>>,
}

impl Operations {
    async fn reader(&self) -> Result<Reader, OperationError> {
        Ok(self.store.reader().await?)
    }

    fn now(&self) -> Moment {
        Moment::from(self.clock.now())
    }
}
