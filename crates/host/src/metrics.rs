//! The metrics for Prometheus. No label names a user, a site, a key or a tenant.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use prometheus::{GaugeVec, Histogram, HistogramVec, IntCounter, IntCounterVec, Registry, Result, TextEncoder};
use soar_store::model::Surface;

use crate::metric_families::Families;
use crate::scheduler::SchedulerMetrics;

/// The labels of a call: the surface, the command and the status.
type CallLabels = (Surface, Arc<str>, u16);

/// The metrics of one host. A process can run several hosts.
pub struct HostMetrics {
    registry: Registry,
    calls: IntCounterVec,
    seconds: HistogramVec,
    /// The metrics of calls, by labels.
    known: RwLock<HashMap<CallLabels, (IntCounter, Histogram)>>,
    queue: GaugeVec,
    in_flight: GaugeVec,
    scheduler: Arc<SchedulerMetrics>,
}

impl std::fmt::Debug for HostMetrics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("HostMetrics").finish_non_exhaustive()
    }
}

impl HostMetrics {
    /// New metrics, all zero.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "each host makes its own registry on purpose")]
    pub fn new() -> Self {
        let registry = Registry::new();
        let families = Families(&registry);
        Self {
            calls: families.counters(
                "soar_host_calls_total",
                "Calls, by surface, command and status.",
                &["surface", "command", "status"],
            ),
            seconds: families.durations(
                "soar_host_call_duration_seconds",
                "How long calls took, by command.",
                &["surface", "command"],
            ),
            known: RwLock::default(),
            queue: families.gauges("soar_host_audit_queue", "Entries that wait to be written to the audit log.", &[]),
            in_flight: families.gauges("soar_host_calls_in_flight", "Calls that run.", &[]),
            scheduler: Arc::new(SchedulerMetrics::new(&families)),
            registry,
        }
    }

    /// The metrics of the host's scheduler.
    #[must_use]
    pub fn scheduler(&self) -> Arc<SchedulerMetrics> {
        Arc::clone(&self.scheduler)
    }

    /// Counts a call. `label` is the command's name in the host, never text from the caller.
    pub fn count_call(&self, surface: Surface, label: &Arc<str>, status: u16, took: Duration) {
        let labels = (surface, Arc::clone(label), status);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((calls, seconds)) = known.get(&labels) {
            calls.inc();
            seconds.observe(took.as_secs_f64());
            return;
        }
        drop(known);
        // The library takes values of labels for equal whose texts are equal when they are joined. These are not: no surface
        // is the beginning of another, and a status has three digits.
        let surface = surface.as_str();
        let calls = self.calls.with_label_values(&[surface, label, &status.to_string()]);
        let seconds = self.seconds.with_label_values(&[surface, &**label]);
        calls.inc();
        seconds.observe(took.as_secs_f64());
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(labels, (calls, seconds));
    }

    /// The text that Prometheus reads, with how many entries are queued and how many calls run.
    ///
    /// # Errors
    /// [`prometheus::Error`] if the library cannot write a metric.
    #[allow(clippy::cast_precision_loss, reason = "a queue is never longer than a float counts")]
    pub fn render(&self, queue: usize, in_flight: usize) -> Result<String> {
        self.queue.with_label_values::<&str>(&[]).set(queue as f64);
        self.in_flight.with_label_values::<&str>(&[]).set(in_flight as f64);
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}
