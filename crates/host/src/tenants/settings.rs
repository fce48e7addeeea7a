//! How this instance is a master of tenants: the part `[tenants]` of its settings.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How this instance is a master of tenants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TenantSettings {
    /// What this instance calls itself when it registers with a tenant; tenants show it as the owner of what they
    /// received. `Master` unless given.
    pub name: String,
    /// The region that it says it is in. None unless given.
    pub region: String,
    /// How many tenants are synced at once. 16 unless given.
    pub at_once: usize,
    /// How long a tenant may take to answer one message, in seconds. 30 unless given.
    pub answer_seconds: u64,
    /// How long the whole sync of one tenant may take, in seconds. 300 unless given.
    pub tenant_seconds: u64,
    /// Tenants that may be called by plain HTTP although they are not on this machine, by the name or address in their
    /// URL. What is sent is sealed all the same. None unless given.
    pub plain_http_to: Vec<String>,
    /// A file with further certificate authorities (PEM) that tenants' certificates may be from.
    pub authorities: Option<PathBuf>,
    /// The proxy that tenants are called through, such as `http://proxy.example.com:3128`. None unless given.
    pub proxy: Option<String>,
    /// Days that the history of syncs goes back. 90 unless given.
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
    /// What cannot be used, if there is something.
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
