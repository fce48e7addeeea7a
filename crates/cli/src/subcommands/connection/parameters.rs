//! A connection's parameters from flags, files, standard input, references and prompts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use soar_connector::manifest::{ConnectorManifest, Setting, SettingType};
use soar_connector::name::{is_same, quoted, suggestion};
use soar_connector::{certificates_in, is_pem};
use soar_host::connections::GivenValue;

use crate::connection::{ValueSource, secret};
use crate::exit::WrongUse;

/// The largest file of certificates in bytes, which is the most that a connection keeps.
const LARGEST_CERTIFICATES: u64 = 512 * 1024;

// The parameters of a connection.
#[derive(Debug, Args)]
#[command(next_help_heading = "Parameters")]
pub(super) struct ConnectionParameterFlags {
    /// A parameter that is not a secret, by its name; an empty value removes it. For certificates, the value is the
    /// path of a PEM file, which is read now. Repeatable
    #[arg(long = "param", short, value_name = "NAME=VALUE")]
    plain: Vec<String>,

    /// Read a secret from a file that contains nothing else. Repeatable
    #[arg(long = "secret-file", value_name = "NAME=PATH")]
    from_files: Vec<String>,

    /// Read a secret from standard input
    #[arg(long = "secret-stdin", value_name = "NAME")]
    from_input: Option<String>,

    /// Use a reference to a secret: env:NAME, file:PATH or command:NAME, as host.toml permits. Repeatable
    #[arg(long = "secret-ref", value_name = "NAME=PLACE")]
    references: Vec<String>,

    /// Prompt for a secret. Repeatable
    #[arg(long = "ask", value_name = "NAME")]
    asked: Vec<String>,
}

impl ConnectionParameterFlags {
    pub(super) fn is_empty(&self) -> bool {
        let Self { plain, from_files, from_input, references, asked } = self;
        plain.is_empty() && from_files.is_empty() && from_input.is_none() && references.is_empty() && asked.is_empty()
    }

    /// The given values, each once. With `asks_for_missing`, prompts for required secrets that are missing.
    ///
    /// # Errors
    /// [`WrongUse`] for unknown names, secrets on the command line, and values that cannot be read, without any value.
    pub(super) fn read(
        &self,
        connector: &ConnectorManifest,
        asks_for_missing: bool,
    ) -> Result<BTreeMap<String, GivenValue>> {
        let mut given = GivenParameters { connector, values: BTreeMap::new() };
        for pair in &self.plain {
            let (name, value) = split(pair, "--param", "\"Server URL=https://footprint.example.com\"")?;
            let setting = given.setting(name)?;
            if setting.secret {
                return Err(on_the_command_line(setting).into());
            }
            let value =
                if setting.kind == SettingType::Certificates { certificates(setting, value)? } else { value.into() };
            given.add(setting, GivenValue::text(&value))?;
        }
        for pair in &self.references {
            let (name, place) = split(pair, "--secret-ref", "Password=env:FOOTPRINT_SECRET_PASSWORD")?;
            let setting = given.secret(name, "--secret-ref")?;
            let reference = place.parse().map_err(|problem| WrongUse(format!("--secret-ref {name}: {problem}.")))?;
            given.add(setting, GivenValue::Reference(reference))?;
        }
        for pair in &self.from_files {
            let (name, path) = split(pair, "--secret-file", "Password=/run/secrets/footprint")?;
            let setting = given.secret(name, "--secret-file")?;
            let value = ValueSource::File(PathBuf::from(path)).value().map_err(WrongUse)?;
            given.add(setting, GivenValue::Value(value))?;
        }
        if let Some(name) = &self.from_input {
            let setting = given.secret(name, "--secret-stdin")?;
            let value = ValueSource::StandardInput.value().map_err(WrongUse)?;
            given.add(setting, GivenValue::Value(value))?;
        }
        // Prompts come last: a user should not type a password before learning of a wrong name.
        let mut asked = Vec::new();
        for name in &self.asked {
            asked.push(given.secret(name, "--ask")?);
        }
        if asks_for_missing && secret::can_ask() {
            asked.extend(given.missing_secrets());
        }
        for setting in asked {
            given.add(setting, GivenValue::Value(secret::ask(&setting.name)?))?;
        }
        Ok(given.values)
    }
}

struct GivenParameters<'a> {
    connector: &'a ConnectorManifest,
    values: BTreeMap<String, GivenValue>,
}

impl<'a> GivenParameters<'a> {
    fn setting(&self, name: &str) -> Result<&'a Setting, WrongUse> {
        self.connector.setting(name).ok_or_else(|| {
            let names = || self.connector.settings.iter().map(|setting| setting.name.as_str());
            let valid = names().collect::<Vec<_>>().join(", ");
            let near = suggestion(name, names());
            WrongUse(format!("{} has no parameter {}.{near}\nValid: {valid}.", self.connector.name, quoted(name)))
        })
    }

    fn secret(&self, name: &str, flag: &str) -> Result<&'a Setting, WrongUse> {
        let setting = self.setting(name)?;
        if setting.secret {
            return Ok(setting);
        }
        let name = &setting.name;
        Err(WrongUse(format!("{flag} is for secrets, and {name} is not a secret: give it with --param \"{name}=…\".")))
    }

    fn add(&mut self, setting: &Setting, value: GivenValue) -> Result<(), WrongUse> {
        match self.values.insert(setting.name.clone(), value) {
            None => Ok(()),
            Some(_) => Err(WrongUse(format!("{} is given twice; keep one of them.", setting.name))),
        }
    }

    /// The required secrets that are not given.
    fn missing_secrets(&self) -> Vec<&'a Setting> {
        let is_given = |name: &str| self.values.keys().any(|given| is_same(given, name));
        let group = self.connector.begun_group(is_given).unwrap_or_default();
        let is_missing = |setting: &&Setting| {
            setting.secret && (setting.required || group.contains(&setting.name)) && !is_given(&setting.name)
        };
        self.connector.settings.iter().filter(is_missing).collect()
    }
}

/// The certificates of a file. A path is valid only on the machine where it is typed, so the file is read here.
fn certificates<'a>(setting: &Setting, value: &'a str) -> Result<Cow<'a, str>, WrongUse> {
    let path = value.trim();
    if path.is_empty() || is_pem(value) {
        return Ok(value.into());
    }
    let unread = |problem: String| WrongUse(format!("{}: The file {path} {problem}.", setting.name));
    let metadata = std::fs::metadata(path).map_err(|error| unread(format!("cannot be read: {error}")))?;
    // A device or a pipe may never end.
    if !metadata.is_file() || metadata.len() > LARGEST_CERTIFICATES {
        return Err(unread(format!("is not a file, or is larger than {} KiB", LARGEST_CERTIFICATES / 1024)));
    }
    let text = std::fs::read(path).map_err(|error| unread(format!("cannot be read: {error}")))?;
    let pem = certificates_in(&text).map_err(|problem| unread(problem.trim_end_matches('.').to_owned()))?;
    Ok(pem.into())
}

/// A text without `=` is not shown: it may be a secret without its name.
fn split<'a>(pair: &'a str, flag: &str, example: &str) -> Result<(&'a str, &'a str), WrongUse> {
    pair.split_once('=').ok_or_else(|| WrongUse(format!("{flag} takes a name and a value: {flag} {example}.")))
}

fn on_the_command_line(setting: &Setting) -> WrongUse {
    let name = &setting.name;
    WrongUse(format!(
        "{name} is a secret: other users of this machine can read command lines, and shells keep them in their \
         history.\nGive it with --secret-file \"{name}=PATH\", --secret-stdin \"{name}\" or --secret-ref \
         \"{name}=env:VARIABLE\", or with --ask \"{name}\" for a prompt."
    ))
}
