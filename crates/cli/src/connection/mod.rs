//! The connection of a command: its settings from flags, environment, profile and prompt.

pub(crate) mod flags;
mod profile;
mod resolve;
pub(crate) mod secret;

pub(crate) use profile::names as profile_names;
pub(crate) use resolve::{build, connect, settings, settings_in};

use std::path::PathBuf;

use soar_connector::manifest::Setting;
use soar_connector::name::flag_of;

/// The source of a setting's value.
#[derive(Debug)]
pub(crate) enum ValueSource {
    /// The value itself.
    Text(secrecy::SecretString),
    /// A file that contains nothing else.
    File(PathBuf),
    /// Standard input, to its end.
    StandardInput,
}

/// The setting's name as flags and profile keys write it, such as `server-url`.
fn key(setting: &Setting) -> String {
    flag_of(&setting.name)
}

/// The ways to give a setting, as a clause at the end of a sentence.
fn ways(setting: &Setting) -> String {
    let (key, environment) = (key(setting), &setting.environment);
    if setting.secret {
        format!(
            "the environment variable {environment}, --{key}-file PATH, --{key}-stdin, or {key}-file or {key} in a profile"
        )
    } else {
        format!("--{key}, the environment variable {environment}, or {key} in a profile")
    }
}
