//! The messages between masters and tenants inside the envelope.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use soar_store::model::{ConnectionId, HealthCheck, MessageNumber, SyncChange, SyncFailure};

/// The content of a master's registration.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Introduction {
    /// The master's name.
    pub(super) name: String,
    /// The master's region.
    pub(super) region: String,
    /// The tenant's name on the master.
    pub(super) tenant_name: String,
    /// The tenant's region on the master.
    pub(super) tenant_region: String,
}

/// A master's registration message.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RegistrationRequest {
    pub(super) version: u32,
    /// The name of the one-time key.
    pub(super) key: String,
    /// The handshake message in base64.
    pub(super) handshake: String,
}

/// A tenant's answer to a registration.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RegistrationAnswer {
    pub(super) version: u32,
    /// The handshake message in base64.
    pub(super) handshake: String,
}

/// A tenant's answer that is not sealed.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PlainRefusal {
    #[serde(rename = "Error")]
    pub(super) error: String,
    pub(super) code: String,
    #[serde(default)]
    pub(super) version: u32,
}

/// A master's request to a tenant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum TenantRequest {
    /// Confirms that both sides have the same secret.
    Initiate,
    /// Creates or changes a connection.
    Apply {
        /// The Tenant Site.
        site: String,
        /// Whether the tenant only returns the result and changes nothing.
        plan: bool,
        connection: Box<SentConnection>,
    },
    /// Deletes the master's connections on this site, except `keep`.
    Withdraw {
        /// The Tenant Site.
        site: String,
        /// Whether the tenant only returns the result and changes nothing.
        plan: bool,
        /// The ids of these connections on the master.
        keep: Vec<ConnectionId>,
    },
    /// Activates or deactivates a site.
    SetSiteStatus {
        /// The Tenant Site.
        site: String,
        active: bool,
    },
}

/// A tenant's answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum TenantAnswer {
    Initiated,
    Applied {
        change: SyncChange,
    },
    Withdrawn {
        connections: Vec<WithdrawnConnection>,
    },
    SiteStatus {
        active: bool,
    },
    /// The tenant refuses the request.
    Refused(SyncFailure),
    /// The tenant has already taken a message with this or a higher number.
    Overtaken {
        last: MessageNumber,
    },
}

/// A connection that was withdrawn.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WithdrawnConnection {
    /// The connection's id on the master.
    pub(super) id: ConnectionId,
    pub(super) name: String,
    pub(super) integration: String,
}

/// A connection with all settings and secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SentConnection {
    /// The connection's id on the master.
    pub(super) id: ConnectionId,
    pub(super) integration: String,
    pub(super) name: String,
    /// Whether it is shared to internal sites.
    pub(super) shared: bool,
    pub(super) agent_name: Option<String>,
    pub(super) description: String,
    pub(super) active: bool,
    /// The names of the users who may use it.
    pub(super) users: Vec<String>,
    pub(super) health_check: Option<SentHealthCheck>,
    pub(super) parameters: BTreeMap<String, SentValue>,
}

/// The settings of a connection's health check and its alerts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SentHealthCheck {
    pub(super) every_minutes: i64,
    pub(super) email: Option<String>,
    /// The names of webhooks. Each host has its own webhooks under these names.
    pub(super) webhooks: Vec<String>,
    /// The number of failures in a row after which an alert is sent.
    pub(super) alert_after: i64,
    /// The number of passed checks in a row after which the connection counts as recovered. A master of an earlier
    /// version does not send it.
    #[serde(default)]
    pub(super) recover_after: Option<i64>,
    /// The latency in milliseconds from which a check counts as slow.
    pub(super) slow_ms: i64,
}

impl From<HealthCheck> for SentHealthCheck {
    fn from(check: HealthCheck) -> Self {
        let HealthCheck { every_minutes, email, webhooks, alert_after, recover_after, slow_ms } = check;
        Self { every_minutes, email, webhooks, alert_after, recover_after: Some(recover_after), slow_ms }
    }
}

/// A parameter's value. `Debug` does not show it.
#[derive(Debug, Clone)]
pub(super) struct SentValue(pub(super) SecretString);

impl Serialize for SentValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl<'de> Deserialize<'de> for SentValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(SecretString::from(text)))
    }
}
