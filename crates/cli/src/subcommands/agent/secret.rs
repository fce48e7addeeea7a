//! An agent's secret from a file, standard input, a prompt or a reference.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use soar_host::connections::GivenValue;

use crate::connection::{ValueSource, secret};
use crate::exit::WrongUse;

// The source of the secret: one of these, or none.
#[derive(Debug, Args)]
#[command(next_help_heading = "Secret")]
#[group(multiple = false)]
pub(super) struct SecretFlags {
    /// Read the secret from a file that contains nothing else
    #[arg(long, value_name = "PATH")]
    secret_file: Option<PathBuf>,

    /// Read the secret from standard input
    #[arg(long)]
    secret_stdin: bool,

    /// Use a reference to the secret: env:NAME, file:PATH or command:NAME, as host.toml permits
    #[arg(long, value_name = "PLACE")]
    secret_ref: Option<String>,

    /// Prompt for the secret
    #[arg(long)]
    ask: bool,
}

impl SecretFlags {
    pub(super) fn is_empty(&self) -> bool {
        let Self { secret_file, secret_stdin, secret_ref, ask } = self;
        secret_file.is_none() && !secret_stdin && secret_ref.is_none() && !ask
    }

    /// The given value.
    ///
    /// # Errors
    /// [`WrongUse`] when it cannot be read, without the secret.
    pub(super) fn read(&self) -> Result<GivenValue> {
        if let Some(path) = &self.secret_file {
            return Ok(GivenValue::Value(ValueSource::File(path.clone()).value().map_err(WrongUse)?));
        }
        if self.secret_stdin {
            return Ok(GivenValue::Value(ValueSource::StandardInput.value().map_err(WrongUse)?));
        }
        if let Some(place) = &self.secret_ref {
            let reference = place.parse().map_err(|problem| WrongUse(format!("--secret-ref: {problem}.")))?;
            return Ok(GivenValue::Reference(reference));
        }
        if self.ask {
            return Ok(GivenValue::Value(secret::ask("The proxy's password")?));
        }
        Ok(GivenValue::Blank)
    }
}
