//! Reads a one-time key from a file, standard input, or a prompt, never from the command line.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueHint};
use secrecy::SecretString;

use crate::connection::{ValueSource, secret};
use crate::exit::WrongUse;

// The source of the tenant's one-time key.
#[derive(Debug, Args)]
pub(super) struct KeySource {
    /// Read the tenant's one-time key from a file that contains nothing else
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, conflicts_with = "key_stdin")]
    key_file: Option<PathBuf>,

    /// Read the tenant's one-time key from standard input
    #[arg(long)]
    key_stdin: bool,
}

impl KeySource {
    /// The key, if a flag gives it.
    pub(super) fn read(&self) -> Result<Option<SecretString>> {
        let source = match (&self.key_file, self.key_stdin) {
            (Some(path), _) => ValueSource::File(path.clone()),
            (None, true) => ValueSource::StandardInput,
            (None, false) => return Ok(None),
        };
        Ok(Some(source.value().map_err(WrongUse)?))
    }

    /// The key. Prompts for it without a flag.
    pub(super) fn read_or_ask(&self) -> Result<SecretString> {
        match self.read()? {
            Some(key) => Ok(key),
            None if secret::can_ask() => secret::ask("The tenant's one-time key"),
            None => Err(WrongUse(
                "The tenant's one-time key is missing: give it with --key-file PATH or --key-stdin.\n`footprint tenant \
                 key create` on the tenant creates one."
                    .to_owned(),
            )
            .into()),
        }
    }
}
