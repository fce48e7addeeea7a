//! The endpoint of the Model Context Protocol: the part `[mcp]` of the settings.

use serde::{Deserialize, Serialize};

/// The endpoint `/mcp`, at which clients of the Model Context Protocol call the connectors' commands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct McpSettings {
    /// The values of the header Host that `/mcp` accepts, such as `soar.example.com` or `soar.example.com:8443`. The
    /// names of this machine (`localhost`, `127.0.0.1`, `::1`) unless given.
    pub allowed_hosts: Vec<String>,
    /// The web pages that may call `/mcp`, such as `https://assistant.example.com:443`. A call with the header Origin
    /// gets 403 unless its value is here. None unless given.
    pub allowed_origins: Vec<String>,
    /// Whether commands that change something are tools. Each of them answers with a plan first, which a second call
    /// carries out. No unless given.
    pub writes: bool,
}

impl McpSettings {
    /// The accepted values of the header Host.
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        if self.allowed_hosts.is_empty() {
            ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec()
        } else {
            self.allowed_hosts.clone()
        }
    }
}
