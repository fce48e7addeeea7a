//! What an instance is set to, as far as the terminal needs to know it.

use std::fs;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::Folder;
use crate::exit::WrongUse;

/// The environment variable that says where the store is, in place of the settings.
pub(crate) const STORE_VARIABLE: &str = "FOOTPRINT_STORE";

/// What `host.toml` says of the instance.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Settings {
    /// The user that acts at the terminal unless another is named.
    pub(crate) operator: String,
    /// Where the store is, if not in the folder.
    pub(crate) store: Option<String>,
}

impl Settings {
    /// The settings in the folder.
    ///
    /// # Errors
    /// [`WrongUse`] with the line that is wrong; never with what it says.
    pub(crate) fn read(folder: &Folder) -> Result<Self> {
        let file = folder.settings_file();
        let shown = file.display();
        let text = fs::read_to_string(&file).with_context(|| format!("The file {shown} cannot be read"))?;
        toml::from_str(&text).map_err(|error: toml::de::Error| {
            let start = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
            WrongUse(format!("The file {shown} cannot be used: line {line}: {}.", error.message())).into()
        })
    }

    /// The store's address: as the environment, the settings or else the folder say.
    pub(crate) fn store_address(&self, folder: &Folder) -> String {
        std::env::var(STORE_VARIABLE)
            .ok()
            .filter(|address| !address.trim().is_empty())
            .or_else(|| self.store.clone())
            .unwrap_or_else(|| folder.store_file().display().to_string())
    }
}
