//! What a caller gives to make or change an agent.

use serde::Deserialize;
use soar_store::model::{Version, shapes};
use utoipa::ToSchema;

use crate::connections::{GivenValue, given};

/// An agent to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AgentDraft {
    /// Its name.
    #[schema(schema_with = shapes::name)]
    pub name: String,
    /// The only site whose connections may go through it; null or nothing for the connections of all sites.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub site: Option<String>,
    /// The address of the proxy: an http, https, socks5 or socks5h address, without user name and password.
    #[schema(pattern = r"^[^\u0000]*$", example = "http://proxy.example.com:3128")]
    pub address: String,
    /// The user name that the proxy wants.
    #[serde(default)]
    #[schema(max_length = 255, pattern = r"^[^\u0000]*$")]
    pub user_name: Option<String>,
    /// The password that the proxy wants. It is sent to this address only.
    #[serde(default = "blank")]
    pub secret: GivenValue,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 2000, pattern = r"^[^\u0000]*$")]
    pub description: String,
}

fn blank() -> GivenValue {
    GivenValue::Blank
}

/// What is to be changed of an agent; what is not given stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AgentChange {
    /// The version that the caller saw; the change is refused if the agent has been changed since.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub version: Option<Version>,
    /// A new name. The agent must not be in use.
    #[serde(default)]
    #[schema(schema_with = shapes::optional_name)]
    pub name: Option<String>,
    /// The only site whose connections may go through it; null for the connections of all sites.
    #[serde(default, deserialize_with = "given")]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub site: Option<Option<String>>,
    /// The address of the proxy. The secret must be given again.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub address: Option<String>,
    /// The user name that the proxy wants; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 255, pattern = r"^[^\u0000]*$")]
    pub user_name: Option<Option<String>>,
    /// The password that the proxy wants; null takes it away, and an empty text leaves it.
    #[serde(default = "blank")]
    pub secret: GivenValue,
    /// What it is for.
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
