//! Families of metrics: metrics of one name, with a value for each set of labels.

use prometheus::core::Collector;
use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, Result};

/// Bounds of the buckets of durations, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0, 60.0];

/// The families of metrics of one host. A family without labels is a family too: `/metrics` shows no value before the
/// first one is known.
pub(crate) struct Families<'a>(pub(crate) &'a Registry);

impl Families<'_> {
    pub(crate) fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.registered(IntCounterVec::new(Opts::new(name, help), labels))
    }

    pub(crate) fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> GaugeVec {
        self.registered(GaugeVec::new(Opts::new(name, help), labels))
    }

    /// Histograms of durations in seconds.
    pub(crate) fn durations(&self, name: &str, help: &str, labels: &[&str]) -> HistogramVec {
        self.registered(HistogramVec::new(HistogramOpts::new(name, help).buckets(BUCKETS.to_vec()), labels))
    }

    #[allow(clippy::expect_used, reason = "the names are part of the program, and each host of a test registers them")]
    fn registered<M: Collector + Clone + 'static>(&self, family: Result<M>) -> M {
        let family = family.expect("the names are valid");
        self.0.register(Box::new(family.clone())).expect("no two families have the same name");
        family
    }
}
