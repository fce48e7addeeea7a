//! The settings of this instance as a master of tenants: the part `[tenants]`.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The settings of this instance as a master of tenants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TenantSettings {
    /// The name with which this instance registers with tenants. Tenants show it as the owner of received connections.
    /// `Master` unless given.
    pub name: String,
    /// The region with which this instance registers. Empty unless given.
    pub region: String,
    /// The number of tenants synced at once. 16 unless given.
    pub at_once: usize,
    /// The timeout in seconds for a tenant's answer to one message. 30 unless given.
    pub answer_seconds: u64,
    /// The timeout in seconds for the whole sync of one tenant. 300 unless given.
    pub tenant_seconds: u64,
    /// The names or addresses of tenants, as in their URLs, that may be called by plain HTTP although they are on other
    /// machines. The messages are still encrypted. None unless given.
    pub plain_http_to: Vec<String>,
    /// A PEM file with further certificate authorities for tenants' certificates.
    pub authorities: Option<PathBuf>,
    /// The proxy for calls to tenants, such as `http://proxy.example.com:3128`. None unless given.
    pub proxy: Option<String>,
    /// The retention time of the history of syncs in days. 90 unless given.
    pub history_days: u32,
}

impl Default for TenantSettings {
    fn default() -> Self {
        Self {
            name: "Master".to_owned(),
            region: String::new(),
            at_once: 16,
            answer_seconds: 30,
            tenant_seconds: 300,
            plain_http_to: Vec::new(),
            authorities: None,
            proxy: None,
            history_days: 90,
        }
    }
}

impl TenantSettings {
    /// The first invalid setting, if there is one.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let is_name = |text: &str| text.chars().count() <= 100 && !text.chars().any(soar_connector::name::steers);
        if self.name.trim().is_empty() || !is_name(&self.name) || !is_name(&self.region) {
            return Some("tenants.name and tenants.region: expected at most 100 visible characters, and a name.");
        }
        if self.at_once == 0 || self.at_once > 1000 || self.answer_seconds == 0 || self.tenant_seconds == 0 {
            return Some(
                "tenants: expected at-once from 1 to 1000, and answer-seconds and tenant-seconds of more than 0.",
            );
        }
        None
    }

    pub(super) fn answer_time(&self) -> Duration {
        Duration::from_secs(self.answer_seconds)
    }

    pub(super) fn tenant_time(&self) -> Duration {
        Duration::from_secs(self.tenant_seconds)
    }
}
