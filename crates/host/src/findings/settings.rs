//! The settings of collections of findings.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::enrichment::EnrichmentFiles;

/// Collections of findings on one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct FindingSettings {
    /// The number of tenants that this host reads at once. 4 unless given.
    pub at_once: u32,
    /// The timeout in hours for reading one tenant. 24 unless given.
    pub tenant_hours: u32,
    /// The time in days for which changes of findings, and findings that are gone, are kept. 400 unless given.
    pub kept_days: u32,
    /// Files with values about CVEs. None unless given.
    pub enrichment: EnrichmentFiles,
}

impl Default for FindingSettings {
    fn default() -> Self {
        Self { at_once: 4, tenant_hours: 24, kept_days: 400, enrichment: EnrichmentFiles::default() }
    }
}

impl FindingSettings {
    /// What is wrong with the settings, if anything.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        if !(1..=64).contains(&self.at_once) {
            return Some("findings.at-once: expected 1 to 64.");
        }
        if !(1..=168).contains(&self.tenant_hours) {
            return Some("findings.tenant-hours: expected 1 to 168.");
        }
        if !(1..=3_650).contains(&self.kept_days) {
            return Some("findings.kept-days: expected 1 to 3650.");
        }
        None
    }

    /// The timeout for reading one tenant.
    pub(crate) fn tenant_limit(&self) -> Duration {
        Duration::from_secs(u64::from(self.tenant_hours) * 3_600)
    }

    /// The time for which changes are kept.
    pub(crate) fn kept(&self) -> Duration {
        Duration::from_secs(u64::from(self.kept_days) * 86_400)
    }
}
