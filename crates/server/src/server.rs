//! The state of the server: the host, and the limits of its callers.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use soar_host::Host;
use soar_host::limits::RateLimits;
use tokio::sync::{Semaphore, watch};

use crate::limits::{ShareLimits, Shares, Visitor};
use crate::once_per_minute::{EachOncePerMinute, OncePerMinute};
use soar_store::model::{AccessKeyId, UserId};

/// The number of files to import that may arrive at once.
const UPLOADS: usize = 4;

/// The number of masters' messages under way at once, and from one address. Masters have no API key: a message is
/// authenticated only after it has arrived.
const MASTERS: (usize, usize) = (32, 16);

/// The limit in bytes for masters' messages that arrive at once. One address may send as many bytes as the longest body
/// has.
const MASTERS_BYTES: usize = 8 * 1024 * 1024;

/// The most streams of events of one user, and of all users. A browser opens one per visible tab.
const STREAMS: (usize, usize) = (16, 1_000);

/// A host, and the limits of its callers.
#[derive(Debug)]
pub struct Server {
    /// The host.
    pub host: Arc<Host>,
    /// The rate limit of each key.
    pub(crate) limits: RateLimits<AccessKeyId>,
    /// One permit per call that may run at once.
    pub(crate) in_flight: Arc<Semaphore>,
    /// One permit per file to import that may arrive at once.
    pub(crate) uploads: Semaphore,
    /// The calls and bytes under way of each key.
    pub(crate) shares: Arc<Shares<AccessKeyId>>,
    /// The calls and bytes under way of masters, by address.
    pub(crate) masters: Arc<Shares<Option<IpAddr>>>,
    /// The rate limit of each visitor of the pages.
    pub(crate) visits: RateLimits<Visitor>,
    /// The calls and bytes under way of each visitor of the pages.
    pub(crate) visitors: Arc<Shares<Visitor>>,
    /// The streams of events of each user.
    pub(crate) streams: Arc<Shares<UserId>>,
    /// Whether the server shuts down. Streams of events end then.
    pub(crate) ending: watch::Sender<bool>,
    /// Limits the warning about each limit of all callers.
    pub(crate) limit_warnings: EachOncePerMinute,
    /// Limits the warning about a proxy that sends no valid address of its callers.
    pub(crate) no_address_warning: OncePerMinute,
    /// The name of an unknown command in the metrics.
    pub(crate) unknown: Arc<str>,
}

impl Server {
    /// The host with the limits that its settings give.
    #[must_use]
    pub fn new(host: Arc<Host>) -> Arc<Self> {
        Arc::new(Self {
            limits: RateLimits::new(host.settings.requests_per_second, Arc::clone(&host.clock)),
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
            visits: RateLimits::new(host.settings.requests_per_second, Arc::clone(&host.clock)),
            visitors: Shares::new(ShareLimits {
                calls_each: host.settings.calls_per_key,
                calls: usize::MAX,
                bytes_each: host.settings.received_bytes_per_key(),
                bytes: host.settings.received_bytes,
            }),
            streams: Shares::new(ShareLimits {
                calls_each: STREAMS.0,
                calls: STREAMS.1,
                bytes_each: usize::MAX,
                bytes: usize::MAX,
            }),
            ending: watch::Sender::new(false),
            limit_warnings: EachOncePerMinute::default(),
            no_address_warning: OncePerMinute::default(),
            unknown: "unknown".into(),
            host,
        })
    }

    /// Waits until the server shuts down.
    pub async fn shuts_down(&self) {
        // The sender lives as long as the server.
        let _ = self.ending.subscribe().wait_for(|is_ending| *is_ending).await;
    }
}

/// The server gives access to its host.
impl Deref for Server {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.host
    }
}
