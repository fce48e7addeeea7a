//! The connection that a command runs over: its settings from flags, environment, profile and prompt.

pub(crate) mod flags;
mod profile;
mod resolve;
pub(crate) mod secret;

pub(crate) use profile::names as profile_names;
pub(crate) use resolve::{build, connect, settings};

use std::path::PathBuf;

use soar_connector::manifest::Setting;
use soar_connector::name::flag_of;

/// Where the value of a setting is.
#[derive(Debug)]
pub(crate) enum Source {
    /// Here.
    Text(secrecy::SecretString),
    /// In a file that holds nothing else.
    File(PathBuf),
    /// In standard input, to its end.
    StandardInput,
}

/// The setting's name as flags and profile keys write it, such as `server-url`.
fn key(setting: &Setting) -> String {
    flag_of(&setting.name)
}

/// Every way to give a setting, as a clause that ends a sentence.
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
