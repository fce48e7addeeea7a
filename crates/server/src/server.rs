//! A host as it is served: the host, and the limits of its callers.

use std::ops::Deref;
use std::sync::Arc;

use soar_host::Host;
use tokio::sync::Semaphore;

use crate::gate::{RateLimits, Refusals};
use soar_store::model::AccessKeyId;

/// A host, and the limits of its callers.
#[derive(Debug)]
pub struct Server {
    /// The host.
    pub host: Arc<Host>,
    /// How often each key may call.
    pub(crate) limits: RateLimits<AccessKeyId>,
    /// Limits and counts refused calls.
    pub(crate) refusals: Refusals,
    /// One permit per call that may run at once.
    pub(crate) in_flight: Arc<Semaphore>,
    /// The name of an unknown command in the metrics.
    pub(crate) unknown: Arc<str>,
}

impl Server {
    /// The host with the limits that its settings give.
    #[must_use]
    pub fn new(host: Arc<Host>) -> Arc<Self> {
        Arc::new(Self {
            limits: RateLimits::new(host.settings.requests_per_second, Arc::clone(&host.clock)),
            refusals: Refusals::new(host.settings.refused_per_second, Arc::clone(&host.clock)),
            in_flight: Arc::new(Semaphore::new(host.settings.calls_in_flight())),
            unknown: "unknown".into(),
            host,
        })
    }
}

/// A server has all that its host has.
impl Deref for Server {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.host
    }
}
