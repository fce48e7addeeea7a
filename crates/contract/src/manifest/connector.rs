//! The connector's manifest file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::command::{ErrorEntry, Input};
use super::findings::FindingsSource;
use super::replies::Replies;
use crate::name::is_same;

/// The manifest of a connector: the settings of its connections, and the errors that any of its commands can end in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "Connector manifest")]
pub struct ConnectorManifest {
    /// Stable and kebab-case, such as "coda-footprint".
    pub id: String,
    /// The product's name as users know it.
    pub name: String,
    /// The maker of the product.
    pub vendor: String,
    /// The kind of product, such as "Threat Intelligence".
    pub category: String,
    /// A description of the product and of the connector's purpose.
    pub description: String,
    /// The command that a connection's health check runs.
    pub health_check: String,
    /// How the product's replies look, where that is the same for all commands.
    #[serde(default)]
    pub replies: Replies,
    /// The settings of a connection, in the order in which a form shows them.
    pub settings: Vec<Setting>,
    /// Groups of settings of which exactly one must be given, and whole: `[["User Name", "Password"], ["API Key"]]`.
    #[serde(default)]
    pub one_of: Vec<Vec<String>>,
    /// The settings that say through which proxy the product is reached. Without them a connection cannot go through a
    /// host's proxy agent.
    #[serde(default)]
    pub proxy: Option<ProxySettings>,
    /// How the findings of a tenant are listed. Without this table the connector has no findings.
    #[serde(default)]
    pub findings: Option<FindingsSource>,
    /// The shared input that names the product's tenant in which a command acts.
    #[serde(default)]
    pub tenant_input: Option<String>,
    /// Parameters that several commands take; a command's file names them in `takes`.
    #[serde(default)]
    pub shared_inputs: Vec<Input>,
    /// Errors that any command can end in. The contract's own errors need no entry.
    #[serde(default)]
    pub errors: Vec<ErrorEntry>,
    /// Errors of several commands, but not of all; a command's file names them in `ends-in`.
    #[serde(default)]
    pub shared_errors: Vec<ErrorEntry>,
}

impl ConnectorManifest {
    /// The group of `one-of` that was begun, or else the first; none where the connector has no such groups.
    #[must_use]
    pub fn begun_group(&self, is_given: impl Fn(&str) -> bool) -> Option<&[String]> {
        let begun = self.one_of.iter().find(|group| group.iter().any(|name| is_given(name)));
        begun.or(self.one_of.first()).map(Vec::as_slice)
    }

    /// The setting of that name, in any of the forms people type.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| is_same(&setting.name, name))
    }
}

/// The names of the settings that say through which proxy the product is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProxySettings {
    /// The proxy's address: an http, https, socks5 or socks5h address.
    pub address: String,
    /// The user name that the proxy wants.
    pub user_name: String,
    /// The password that the proxy wants; a secret.
    pub password: String,
}

impl ProxySettings {
    /// All of them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [self.address.as_str(), self.user_name.as_str(), self.password.as_str()].into_iter()
    }
}

/// One setting of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Setting {
    /// The setting's name as users know it, such as "Server URL".
    pub name: String,
    /// The kind of value that the setting takes.
    #[serde(rename = "type")]
    pub kind: SettingType,
    /// Whether no connection works without it.
    #[serde(default)]
    pub required: bool,
    /// Whether it must never be shown, logged or handed out.
    #[serde(default)]
    pub secret: bool,
    /// Whether the setting decides where secrets are sent, or who can read them on the way. Changing it requires the
    /// secrets again. An address always decides this.
    #[serde(default)]
    pub directs_secrets: bool,
    /// The setting's purpose.
    pub description: String,
    /// The valid values of a choice.
    #[serde(default)]
    pub choices: Vec<String>,
    /// The smallest valid integer.
    #[serde(default)]
    pub minimum: Option<i64>,
    /// The largest valid integer.
    #[serde(default)]
    pub maximum: Option<i64>,
    /// A valid value; for a secret, a placeholder.
    pub example: String,
    /// The environment variable that a command line reads it from.
    pub environment: String,
}

/// The kind of value that a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SettingType {
    /// Any text.
    Text,
    /// An http or https address.
    Url,
    /// true or false, Yes or No, in any case.
    Boolean,
    /// A whole number.
    Integer,
    /// One of the setting's choices.
    Choice,
    /// Certificates in PEM form; at a command line, the path of a file that holds them. A host keeps the certificates.
    Certificates,
}
