//! A host as it is served: the host, and the limits of its callers.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use soar_host::Host;
use tokio::sync::Semaphore;

use crate::limits::{RateLimits, Refusals, ShareLimits, Shares};
use crate::once_per_minute::OncePerMinute;
use soar_store::model::AccessKeyId;

/// How many files to import may arrive at once.
const UPLOADS: usize = 4;

/// How many messages of masters may be under way at once, and how many from one address. Masters show no key: a message is
/// checked once it has arrived.
const MASTERS: (usize, usize) = (32, 16);

/// How many bytes of masters' messages may arrive at once. One address may send as much as the longest body.
const MASTERS_BYTES: usize = 8 * 1024 * 1024;

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
    /// One permit per file to import that may arrive at once.
    pub(crate) uploads: Semaphore,
    /// What each key has under way.
    pub(crate) shares: Arc<Shares<AccessKeyId>>,
    /// What masters have under way, by their addresses.
    pub(crate) masters: Arc<Shares<Option<IpAddr>>>,
    /// When the log was last told that all places are taken.
    pub(crate) told_full: OncePerMinute,
    /// When the log was last told of a proxy that does not say where its callers are.
    pub(crate) told_no_address: OncePerMinute,
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
            uploads: Semaphore::new(UPLOADS),
            shares: Shares::new(ShareLimits {
                calls_each: host.settings.calls_per_key,
                calls: usize::MAX,
                bytes_each: host.settings.received_bytes_per_key(),
                bytes: host.settings.received_bytes,
            }),
            masters: Shares::new(ShareLimits {
                calls: MASTERS.0,
                calls_each: MASTERS.1,
                bytes: MASTERS_BYTES.max(host.settings.body_bytes),
                bytes_each: host.settings.body_bytes,
            }),
            told_full: OncePerMinute::default(),
            told_no_address: OncePerMinute::default(),
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
