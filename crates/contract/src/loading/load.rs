//! Loads a manifest from its files' texts; a broken file is refused with file, field and fix.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{check, check_findings};
use crate::manifest::{Command, ConnectorManifest, ErrorEntry, Manifest, ManifestError, ManifestFile};

/// The errors that the contract itself can end a command in.
const OWN_ERRORS: ManifestFile<'static> =
    ManifestFile { name: "the contract's manifest/errors.toml", text: include_str!("../../manifest/errors.toml") };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnErrors {
    errors: Vec<ErrorEntry>,
}

impl Manifest {
    /// Loads and checks a manifest. The contract's own errors are added where the connector's manifest has none of
    /// their codes.
    ///
    /// # Errors
    /// [`ManifestError`] for the first thing that is wrong.
    pub fn load(connector: ManifestFile<'_>, commands: &[ManifestFile<'_>]) -> Result<Self, ManifestError> {
        let mut parsed: ConnectorManifest = parse(connector)?;
        check::connector(connector, &parsed)?;
        let replies = Arc::new(parsed.replies.clone());
        let mut loaded = Vec::with_capacity(commands.len());
        for file in commands {
            let mut command: Command = parse(*file)?;
            command.replies = Arc::clone(&replies);
            check::share(*file, &mut command, Some(&parsed))?;
            check::command(*file, &command, Some(&parsed), &loaded)?;
            loaded.push(command);
        }
        check::health_check(connector, &parsed, &loaded)?;
        check_findings::findings(connector, &parsed, &loaded)?;
        // Those that the connector does not explain in its own words.
        let mut own = parse::<OwnErrors>(OWN_ERRORS)?.errors;
        own.retain(|entry| !parsed.errors.iter().any(|known| known.code == entry.code));
        parsed.errors.extend(own);
        Ok(Self { connector: parsed, commands: loaded.into_iter().map(Arc::new).collect() })
    }
}

impl Command {
    /// Loads and checks commands that belong to no connector, such as a host's own.
    ///
    /// # Errors
    /// [`ManifestError`] for the first thing that is wrong.
    pub fn load_all(files: &[ManifestFile<'_>]) -> Result<Vec<Self>, ManifestError> {
        let mut loaded = Vec::with_capacity(files.len());
        for file in files {
            let mut command: Self = parse(*file)?;
            check::share(*file, &mut command, None)?;
            check::command(*file, &command, None, &loaded)?;
            loaded.push(command);
        }
        Ok(loaded)
    }
}

fn parse<T: DeserializeOwned>(file: ManifestFile<'_>) -> Result<T, ManifestError> {
    toml::from_str(file.text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start.min(file.text.len()));
        let before = file.text.get(..start).unwrap_or_default();
        let line_number = before.matches('\n').count() + 1;
        let line = file.text.lines().nth(line_number - 1).unwrap_or_default();
        ManifestError {
            file: file.name.to_owned(),
            line: error.span().map(|_| line_number),
            field: missing_field(error.message()).unwrap_or_else(|| field_of(before, line)),
            problem: error.message().trim_end_matches('.').to_owned(),
            fix: "See manifest/schema for every field and its type.".to_owned(),
        }
    })
}

/// The field that the message misses.
fn missing_field(message: &str) -> Option<String> {
    Some(message.strip_prefix("missing field `")?.split('`').next()?.to_owned())
}

/// The key on `line`, under the table header that stands before it.
fn field_of(before: &str, line: &str) -> String {
    let table = before
        .lines()
        .rev()
        .chain([line])
        .map(str::trim)
        .find(|candidate| candidate.starts_with('['))
        .map(|header| header.trim_matches(['[', ']']).to_owned());
    let key = line.split_once('=').map(|(key, _)| key.trim().to_owned()).filter(|key| !key.is_empty());
    match (table, key) {
        (Some(table), Some(key)) => format!("{table}.{key}"),
        (Some(name), None) | (None, Some(name)) => name,
        (None, None) => "the file".to_owned(),
    }
}
