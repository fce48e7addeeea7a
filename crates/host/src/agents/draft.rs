//! The bodies with which callers create and change agents.

use serde::Deserialize;
use soar_store::model::{Version, shapes};
use utoipa::ToSchema;

use crate::connections::{GivenValue, given};

/// A new agent.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AgentDraft {
    /// The agent's name.
    #[schema(schema_with = shapes::name)]
    pub name: String,
    /// The only site whose connections may use the agent. Null, or left out, for all sites.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub site: Option<String>,
    /// The address of the proxy: an http, https, socks5 or socks5h address, without user name and password.
    #[schema(pattern = r"^[^\u0000]*$", example = "http://proxy.example.com:3128")]
    pub address: String,
    /// The user name for the proxy.
    #[serde(default)]
    #[schema(max_length = 255, pattern = r"^[^\u0000]*$")]
    pub user_name: Option<String>,
    /// The password for the proxy. The host sends it to this address only.
    #[serde(default = "blank")]
    pub secret: GivenValue,
    /// The purpose of the agent.
    #[serde(default)]
    #[schema(max_length = 2000, pattern = r"^[^\u0000]*$")]
    pub description: String,
}

fn blank() -> GivenValue {
    GivenValue::Blank
}

/// A change of an agent. Fields that are left out stay unchanged.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AgentChange {
    /// The version that the caller read. The host refuses the change if the agent has changed since.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub version: Option<Version>,
    /// A new name. No connection may use the agent.
    #[serde(default)]
    #[schema(schema_with = shapes::optional_name)]
    pub name: Option<String>,
    /// The only site whose connections may use the agent; null for all sites.
    #[serde(default, deserialize_with = "given")]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub site: Option<Option<String>>,
    /// The address of the proxy. A new address needs the secret again.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub address: Option<String>,
    /// The user name for the proxy; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 255, pattern = r"^[^\u0000]*$")]
    pub user_name: Option<Option<String>>,
    /// The password for the proxy. Null removes it, and an empty text leaves it unchanged.
    #[serde(default = "blank")]
    pub secret: GivenValue,
    /// The purpose of the agent.
    #[serde(default)]
    #[schema(max_length = 2000, pattern = r"^[^\u0000]*$")]
    pub description: Option<String>,
}

impl Default for AgentChange {
    fn default() -> Self {
        Self {
            version: None,
            name: None,
            site: None,
            address: None,
            user_name: None,
            secret: GivenValue::Blank,
            description: None,
        }
    }
}
