//! What the host's settings say of places for secrets.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

/// Which places may hold secrets.
///
/// Whoever manages a connection chooses the server that its secrets are sent to. So a reference to any place of the
/// host would let that user read it: places are allowed one by one, and unless `managers-may-refer` is set, only an
/// administrator says where a secret lives.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct VaultSettings {
    /// `env:NAME` is allowed for variables whose names start with one of these.
    pub environment_prefixes: Vec<String>,
    /// `file:PATH` is allowed for files in these folders and those below.
    pub folders: Vec<PathBuf>,
    /// `command:NAME` is allowed for these.
    pub commands: BTreeMap<String, VaultCommand>,
    /// Whether users who manage connections, without being administrators, may say where a secret lives.
    pub managers_may_refer: bool,
}

impl Default for VaultSettings {
    /// Variables that start with `FOOTPRINT_SECRET_`, no files, no commands, administrators only.
    fn default() -> Self {
        Self {
            environment_prefixes: vec!["FOOTPRINT_SECRET_".to_owned()],
            folders: Vec::new(),
            commands: BTreeMap::new(),
            managers_may_refer: false,
        }
    }
}

/// A program that prints a secret. It is started without a shell and with nothing in its environment but what is
/// declared here.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct VaultCommand {
    /// The program's absolute path.
    pub program: PathBuf,
    /// Its arguments, each as it stands.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Variables of its environment.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Variables that it gets from the host's own environment, by name, such as `VAULT_TOKEN`.
    #[serde(default)]
    pub inherit: Vec<String>,
    /// How long it may take, in seconds.
    #[serde(default = "ten")]
    pub time_limit_seconds: u64,
}

fn ten() -> u64 {
    10
}

impl fmt::Debug for VaultCommand {
    /// Without the values of arguments and variables, which may be secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VaultCommand")
            .field("program", &self.program)
            .field("arguments", &self.arguments.len())
            .field("environment", &self.environment.keys())
            .field("inherit", &self.inherit)
            .field("time_limit_seconds", &self.time_limit_seconds)
            .finish()
    }
}
