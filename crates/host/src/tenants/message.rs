//! What masters and tenants say to each other inside the envelope.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use soar_store::model::{ConnectionId, HealthCheck, MessageNumber, SyncChange, SyncFailure};

/// What a master offers when it registers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Introduction {
    /// The master's name.
    pub(super) name: String,
    /// The master's region.
    pub(super) region: String,
    /// What it calls the tenant.
    pub(super) tenant_name: String,
    /// In which region it has the tenant.
    pub(super) tenant_region: String,
}

/// A master's registration, on its way.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RegistrationRequest {
    pub(super) version: u32,
    /// The name of the one-time key.
    pub(super) key: String,
    /// In base64.
    pub(super) handshake: String,
}

/// A tenant's answer to it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RegistrationAnswer {
    pub(super) version: u32,
    /// In base64.
    pub(super) handshake: String,
}

/// What a tenant answers that has no key to seal it with, or will not.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PlainRefusal {
    #[serde(rename = "Error")]
    pub(super) error: String,
    pub(super) code: String,
    #[serde(default)]
    pub(super) version: u32,
}

/// What a master wants of a tenant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Request {
    /// To know that both hold the same secret.
    Initiate,
    /// A connection of the master is to be there as it is sent.
    Apply {
        /// The Tenant Site.
        site: String,
        /// Whether only to say what would become of it.
        plan: bool,
        connection: Box<SentConnection>,
    },
    /// Connections of the master on this site, all but these, are to be deleted.
    Withdraw {
        /// The Tenant Site.
        site: String,
        /// Whether only to say what would become of them.
        plan: bool,
        /// By their numbers on the master.
        keep: Vec<ConnectionId>,
    },
    /// A site is to be active or inactive.
    SetSiteStatus {
        /// The Tenant Site.
        site: String,
        active: bool,
    },
}

/// What a tenant answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Answer {
    Initiated,
    Applied {
        change: SyncChange,
    },
    Withdrawn {
        connections: Vec<NamedConnection>,
    },
    SiteStatus {
        active: bool,
    },
    /// It was understood, and cannot be done.
    Refused(SyncFailure),
    /// A message of this number or a higher one was taken before.
    Overtaken {
        last: MessageNumber,
    },
}

/// A connection that was withdrawn.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct NamedConnection {
    /// Its number on the master.
    pub(super) id: ConnectionId,
    pub(super) name: String,
    pub(super) integration: String,
}

/// A connection with everything that it takes to run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SentConnection {
    /// Its number on the master.
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

/// How often a connection is tested, and when somebody hears of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SentHealthCheck {
    pub(super) every_minutes: i64,
    pub(super) email: Option<String>,
    /// By name: each host has its own under them.
    pub(super) webhooks: Vec<String>,
    /// After how many failures in a row.
    pub(super) alert_after: i64,
    /// After how many passed tests in a row; a master of an earlier version does not say.
    #[serde(default)]
    pub(super) recover_after: Option<i64>,
    /// From how many milliseconds on a test is slow.
    pub(super) slow_ms: i64,
}

impl From<HealthCheck> for SentHealthCheck {
    fn from(check: HealthCheck) -> Self {
        let HealthCheck { every_minutes, email, webhooks, alert_after, recover_after, slow_ms } = check;
        Self { every_minutes, email, webhooks, alert_after, recover_after: Some(recover_after), slow_ms }
    }
}

/// A parameter's value; `Debug` shows none.
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
