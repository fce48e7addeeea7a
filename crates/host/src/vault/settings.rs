//! The settings of the vault.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

/// The allowed places of secrets.
///
/// A user who manages a connection chooses the server that gets its secrets. With a reference to any place on the host
/// this user could read that place. Therefore places are allowed one by one, and only administrators may give
/// references unless `managers-may-refer` is set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct VaultSettings {
    /// `env:NAME` is allowed for variables whose names start with one of these.
    pub environment_prefixes: Vec<String>,
    /// `file:PATH` is allowed for files in these folders and those below.
    pub folders: Vec<PathBuf>,
    /// `command:NAME` is allowed for these commands.
    pub commands: BTreeMap<String, VaultCommand>,
    /// Whether users who manage connections and are no administrators may give references.
    pub managers_may_refer: bool,
}

impl Default for VaultSettings {
    /// By default variables that start with `FOOTPRINT_SECRET_` are allowed, no files and no commands, for
    /// administrators only.
    fn default() -> Self {
        Self {
            environment_prefixes: vec!["FOOTPRINT_SECRET_".to_owned()],
            folders: Vec::new(),
            commands: BTreeMap::new(),
            managers_may_refer: false,
        }
    }
}

/// A program that prints a secret. It is started without a shell. Its environment has only the variables that are
/// declared here.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct VaultCommand {
    /// The program's absolute path.
    pub program: PathBuf,
    /// The program's arguments, passed unchanged.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// The variables of the program's environment.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// The names of variables to pass from the host's environment, such as `VAULT_TOKEN`.
    #[serde(default)]
    pub inherit: Vec<String>,
    /// The timeout in seconds.
    #[serde(default = "ten")]
    pub time_limit_seconds: u64,
}

fn ten() -> u64 {
    10
}

impl fmt::Debug for VaultCommand {
    /// Shows no values of arguments and variables, since they may be secrets.
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
