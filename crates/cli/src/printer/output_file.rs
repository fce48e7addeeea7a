//! A file that is written under another name, and replaces its target once it is complete.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tempfile::NamedTempFile;

use crate::wrong_use::WrongUse;

/// A file that is being written. Dropping it before its end removes it.
#[derive(Debug)]
pub(crate) struct OutputFile {
    path: PathBuf,
    beside: NamedTempFile,
}

impl OutputFile {
    /// A temporary file beside `path`, for its owner alone or with the permissions of the existing file.
    ///
    /// # Errors
    /// [`WrongUse`] when the file cannot be written.
    pub(crate) fn beside(path: &Path) -> Result<Self> {
        let refuse = |problem: String| WrongUse(format!("The file {} cannot be written: {problem}.", path.display()));
        if path.is_dir() {
            return Err(refuse("it is a folder".to_owned()).into());
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let named = tempfile::Builder::new().prefix(".footprint-").suffix(".part").tempfile_in(folder);
        let beside = named.map_err(|error| {
            // The system's text ends with the name of the temporary file, which the user does not know.
            let text = error.to_string();
            refuse(text.split(" at path ").next().unwrap_or(&text).to_owned())
        })?;
        if let Ok(there) = fs::metadata(path) {
            // If the permissions cannot be kept, only the owner may read it.
            let _ = beside.as_file().set_permissions(there.permissions());
        }
        Ok(Self { path: path.to_owned(), beside })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A writer of the temporary file.
    pub(crate) fn writer(&self) -> Result<Box<dyn Write + Send>> {
        Ok(Box::new(self.beside.as_file().try_clone().with_context(|| self.unwritten())?))
    }

    /// Replaces the target, so that a loss of power leaves the old or the new file.
    pub(crate) fn put_in_place(self) -> Result<()> {
        let problem = self.unwritten();
        self.beside.as_file().sync_all().with_context(|| problem.clone())?;
        self.beside.persist(&self.path).map_err(|error| error.error).context(problem)?;
        Ok(())
    }

    fn unwritten(&self) -> String {
        format!("The file {} cannot be written", self.path.display())
    }
}
