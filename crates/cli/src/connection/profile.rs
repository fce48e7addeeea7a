//! Profiles: named connections in a TOML file. Only its owner may read the file if it contains a secret.

use std::fs;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use soar_connector::manifest::{ConnectorManifest, Setting};
use soar_connector::name::{quoted, suggestion};
use toml::{Table, Value};

use super::{ValueSource, key};
use crate::exit::WrongUse;

/// The settings of profile `name` in `file`.
///
/// # Errors
/// [`WrongUse`] with the fault of the file and the cure, without any value.
pub(super) fn read(
    connector: &ConnectorManifest,
    file: &Path,
    name: &str,
) -> Result<Vec<(String, ValueSource)>, WrongUse> {
    let shown = file.display();
    let text = fs::read_to_string(file).map_err(|error| {
        WrongUse(format!("The profile file {shown} cannot be read: {error}.\n{}", sample(connector)))
    })?;
    // The parser's own text shows the line, which may contain a password.
    let parsed: Table = text.parse().map_err(|error: toml::de::Error| {
        let line =
            error.span().and_then(|span| text.get(..span.start)).map_or(1, |before| before.matches('\n').count() + 1);
        WrongUse(format!("The profile file {shown} is not valid TOML: line {line}: {}.", error.message()))
    })?;
    let profiles = parsed.get("profiles").and_then(Value::as_table).ok_or_else(|| {
        WrongUse(format!("The profile file {shown} has no table [profiles.NAME].\n{}", sample(connector)))
    })?;
    if holds_secret(connector, profiles) {
        must_be_private(file)?;
    }
    let Some(profile) = profiles.get(name) else {
        let near = suggestion(name, profiles.keys().map(String::as_str));
        let valid = profiles.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(WrongUse(format!("There is no profile {} in {shown}.{near} It has: {valid}.", quoted(name))));
    };
    let profile = profile
        .as_table()
        .ok_or_else(|| WrongUse(format!("profiles.{name} in {shown} is not a table: write [profiles.{name}].")))?;
    let folder = file.parent().unwrap_or_else(|| Path::new("."));
    profile
        .iter()
        .map(|(written, value)| {
            setting(connector, written, value, folder)
                .map_err(|problem| WrongUse(format!("The profile {name} in {shown}: {problem}")))
        })
        .collect()
}

/// The names of the profiles in `file`, or in the default file. None if it cannot be read.
pub(crate) fn names(file: Option<PathBuf>) -> Vec<String> {
    let kept = || std::env::var_os("FOOTPRINT_PROFILE_FILE").map(PathBuf::from).or_else(default_file);
    let text = file.or_else(kept).and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default();
    let parsed: Table = text.parse().unwrap_or_default();
    let profiles = parsed.get("profiles").and_then(Value::as_table);
    profiles.into_iter().flat_map(Table::keys).cloned().collect()
}

/// The default file of profiles: `footprint/profiles.toml` in the user's configuration folder.
pub(super) fn default_file() -> Option<PathBuf> {
    let configured = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = configured.or_else(|| std::env::home_dir().map(|home| home.join(".config")))?;
    Some(folder.join("footprint").join("profiles.toml"))
}

fn setting(
    connector: &ConnectorManifest,
    written: &str,
    value: &Value,
    folder: &Path,
) -> Result<(String, ValueSource), String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        _ => return Err(format!("{written} must be text, a whole number, true or false.")),
    };
    let secret_file = |setting: &&Setting| setting.secret && file_key(setting) == written;
    if let Some(setting) = connector.settings.iter().find(|setting| key(setting) == written) {
        Ok((setting.name.clone(), ValueSource::Text(SecretString::from(text))))
    } else if let Some(setting) = connector.settings.iter().find(secret_file) {
        let path = match text.strip_prefix("~/").zip(std::env::home_dir()) {
            Some((rest, home)) => home.join(rest),
            None => folder.join(text),
        };
        Ok((setting.name.clone(), ValueSource::File(path)))
    } else {
        let valid = valid_keys(connector);
        let near = suggestion(written, valid.iter().map(String::as_str));
        Err(format!("there is no key {}.{near} Valid: {}.", quoted(written), valid.join(", ")))
    }
}

fn file_key(setting: &Setting) -> String {
    format!("{}-file", key(setting))
}

fn valid_keys(connector: &ConnectorManifest) -> Vec<String> {
    let of = |setting: &Setting| {
        if setting.secret { vec![file_key(setting), key(setting)] } else { vec![key(setting)] }
    };
    connector.settings.iter().flat_map(of).collect()
}

fn holds_secret(connector: &ConnectorManifest, profiles: &Table) -> bool {
    let secrets: Vec<_> = connector.settings.iter().filter(|setting| setting.secret).map(key).collect();
    profiles.values().filter_map(Value::as_table).any(|profile| secrets.iter().any(|key| profile.contains_key(key)))
}

#[cfg(unix)]
fn must_be_private(file: &Path) -> Result<(), WrongUse> {
    use std::os::unix::fs::PermissionsExt as _;
    let shown = file.display();
    let mode = fs::metadata(file)
        .map_err(|error| WrongUse(format!("The profile file {shown} cannot be read: {error}.")))?
        .permissions()
        .mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(WrongUse(format!(
        "The profile file {shown} contains a secret, and other users may read it (mode {:03o}).\nRun: chmod 600 {}",
        mode & 0o777,
        crate::shell::quoted(&shown.to_string())
    )))
}

#[cfg(not(unix))]
fn must_be_private(_: &Path) -> Result<(), WrongUse> {
    Ok(())
}

/// An example of a profile.
fn sample(connector: &ConnectorManifest) -> String {
    let mut lines = vec!["Example of a profile:".to_owned(), "  [profiles.production]".to_owned()];
    let credentials = connector.begun_group(|_| false).unwrap_or_default();
    let needed = |setting: &&Setting| setting.required || credentials.contains(&setting.name);
    lines.extend(connector.settings.iter().filter(needed).map(|setting| {
        if setting.secret {
            format!("  {} = \"~/.config/footprint/{}\"", file_key(setting), key(setting))
        } else {
            format!("  {} = \"{}\"", key(setting), setting.example)
        }
    }));
    lines.join("\n")
}
