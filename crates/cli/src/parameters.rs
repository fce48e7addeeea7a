//! A command's parameters from flags.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::Value;
use soar_connector::RawParameters;
use soar_connector::name::is_same;

use crate::exit::WrongUse;
use crate::shell;

// The flags for the parameters of a command.
#[derive(Debug, Default, Args)]
pub(crate) struct ParameterFlags {
    /// A parameter. The text after the first = is its value. Repeatable
    #[arg(long = "param", short, value_name = "NAME=VALUE")]
    pub(crate) pairs: Vec<String>,

    /// Parameters as one JSON object, in addition to --param. @FILE reads it from a file, and @- from standard input
    #[arg(long = "params-json", value_name = "JSON")]
    pub(crate) json: Option<String>,
}

/// The parameters in a file, or for `-` in standard input.
///
/// # Errors
/// [`WrongUse`] when it cannot be read, or is not a JSON object.
pub(crate) fn read_file(path: &Path) -> Result<RawParameters> {
    let shown = path.display();
    let mut text = String::new();
    if path.as_os_str() == "-" {
        io::stdin().read_to_string(&mut text).context("Standard input cannot be read")?;
    } else {
        text =
            fs::read_to_string(path).map_err(|error| WrongUse(format!("The file {shown} cannot be read: {error}.")))?;
    }
    let parsed = serde_json::from_str(text.trim_start_matches('\u{feff}'));
    Ok(parsed.map_err(|error| WrongUse(format!("{shown} is not a JSON object of names and values: {error}.")))?)
}

/// The parameters of both flags, each once.
///
/// # Errors
/// [`WrongUse`] with the flag that cannot be read.
pub(crate) fn read(flags: &ParameterFlags) -> Result<RawParameters> {
    let mut raw = match &flags.json {
        None => RawParameters::new(),
        Some(text) => match text.strip_prefix('@') {
            Some(path) => read_file(Path::new(path))?,
            None => serde_json::from_str(text).map_err(|error| {
                WrongUse(format!("--params-json takes a JSON object of names and values, or @FILE: {error}."))
            })?,
        },
    };
    for pair in &flags.pairs {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            WrongUse(format!(
                "--param {} has no value: write it as {}.",
                shell::quoted(pair),
                shell::quoted(&format!("{pair}=VALUE"))
            ))
        })?;
        if raw.keys().any(|given| is_same(given, name)) {
            return Err(WrongUse(format!("The parameter {name} is given twice; keep one of them.")).into());
        }
        raw.insert(name.to_owned(), Value::String(value.to_owned()));
    }
    Ok(raw)
}
