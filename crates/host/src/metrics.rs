//! The metrics for Prometheus. No label names a user, a site, a key or a tenant.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use metrics::{Counter, Histogram, Key, KeyName, Label, Level, Metadata, Recorder as _, SharedString, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use soar_store::model::Surface;

const CALLS: &str = "soar_host_calls_total";
const SECONDS: &str = "soar_host_call_duration_seconds";
const QUEUE: &str = "soar_host_audit_queue";
const IN_FLIGHT: &str = "soar_host_calls_in_flight";

/// Bounds of the buckets of durations, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0, 60.0];

static METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// The labels of a call: the surface, the command and the status.
type CallLabels = (Surface, Arc<str>, u16);

/// The metrics of one host. A process can run several hosts.
pub struct HostMetrics {
    recorder: Arc<PrometheusRecorder>,
    calls: RwLock<HashMap<CallLabels, (Counter, Histogram)>>,
    handle: PrometheusHandle,
}

impl std::fmt::Debug for HostMetrics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("HostMetrics").finish_non_exhaustive()
    }
}

impl HostMetrics {
    /// New metrics, all zero.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "each host makes its own recorder on purpose")]
    pub fn new() -> Self {
        let builder = PrometheusBuilder::new();
        // The library refuses only an empty list of buckets.
        let recorder = match builder.set_buckets(&BUCKETS) {
            Ok(builder) => builder.build_recorder(),
            Err(_) => PrometheusBuilder::new().build_recorder(),
        };
        let name = |name: &'static str| KeyName::from_const_str(name);
        let text = |text: &'static str| SharedString::const_str(text);
        recorder.describe_counter(name(CALLS), None, text("Calls, by surface, command and status."));
        recorder.describe_histogram(name(SECONDS), Some(Unit::Seconds), text("How long calls took, by command."));
        recorder.describe_gauge(name(QUEUE), None, text("Entries that wait to be written to the audit log."));
        recorder.describe_gauge(name(IN_FLIGHT), None, text("Calls that run."));
        crate::scheduler::describe(&recorder);
        let handle = recorder.handle();
        Self { recorder: Arc::new(recorder), calls: RwLock::default(), handle }
    }

    /// Records the metrics of other parts of the host.
    #[must_use]
    pub fn recorder(&self) -> Arc<dyn metrics::Recorder + Send + Sync> {
        Arc::clone(&self.recorder) as Arc<dyn metrics::Recorder + Send + Sync>
    }

    /// Counts a call. `label` is the command's name in the host, never text from the caller.
    pub fn count_call(&self, surface: Surface, label: &Arc<str>, status: u16, took: Duration) {
        let kind = (surface, Arc::clone(label), status);
        let known = self.calls.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((calls, seconds)) = known.get(&kind) {
            calls.increment(1);
            seconds.record(took.as_secs_f64());
            return;
        }
        drop(known);
        let (calls, seconds) = self.register(surface, label, status);
        calls.increment(1);
        seconds.record(took.as_secs_f64());
        self.calls.write().unwrap_or_else(PoisonError::into_inner).insert(kind, (calls, seconds));
    }

    fn register(&self, surface: Surface, label: &Arc<str>, status: u16) -> (Counter, Histogram) {
        let command = Label::new("command", SharedString::from_shared(Arc::clone(label)));
        let status = Label::new("status", status.to_string());
        let surface = Label::from_static_parts("surface", surface.as_str());
        let calls = Key::from_parts(CALLS, vec![surface.clone(), command.clone(), status]);
        let seconds = Key::from_parts(SECONDS, vec![surface, command]);
        let calls = self.recorder.register_counter(&calls, &METADATA);
        (calls, self.recorder.register_histogram(&seconds, &METADATA))
    }

    /// The text that Prometheus reads, with how many entries are queued and how many calls run.
    #[allow(clippy::cast_precision_loss, reason = "a queue is never longer than a float counts")]
    pub fn render(&self, queue: usize, in_flight: usize) -> String {
        for (name, value) in [(QUEUE, queue), (IN_FLIGHT, in_flight)] {
            self.recorder.register_gauge(&Key::from_static_name(name), &METADATA).set(value as f64);
        }
        self.handle.render()
    }

    /// Frees the memory of observations that no scrape has collected.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}
