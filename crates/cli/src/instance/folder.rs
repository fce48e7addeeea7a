//! The folder of an instance: settings, the SQLite store, the sealing key. Only its owner may open it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::FolderFlag;
use crate::exit::WrongUse;
use crate::shell;

/// The folder of an instance.
#[derive(Debug, Clone)]
pub(crate) struct InstanceFolder {
    path: PathBuf,
}

impl InstanceFolder {
    /// The folder at `path`, which need not exist.
    pub(crate) fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The folder of an instance.
    ///
    /// # Errors
    /// [`WrongUse`] when there is no instance, with the way to create one or to name another folder.
    pub(crate) fn of_instance(path: &Path) -> Result<Self> {
        let folder = Self::at(path);
        let shown = path.display();
        match fs::metadata(folder.settings_file()) {
            Ok(file) if file.is_file() => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                anyhow::bail!(
                    "You may not open the instance in {shown}: only its owner may. Run footprint as its owner."
                )
            }
            _ => {}
        }
        let problem = if folder.draft_file().is_file() {
            format!("The creation of the instance in {shown} was interrupted.\nRun `footprint init` again to finish it")
        } else {
            format!(
                "There is no instance in {shown}: it has no {}.\nCreate one with `footprint init`",
                Self::SETTINGS_FILE_NAME
            )
        };
        let problem = format!("{problem}, or name another folder with --instance FOLDER or FOOTPRINT_INSTANCE.");
        Err(WrongUse(problem).into())
    }

    const SETTINGS_FILE_NAME: &str = "host.toml";

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The settings of the instance. This file is written last, so an instance with it is complete.
    pub(crate) fn settings_file(&self) -> PathBuf {
        self.path.join(Self::SETTINGS_FILE_NAME)
    }

    /// The settings of an instance that is being created.
    pub(crate) fn draft_file(&self) -> PathBuf {
        self.path.join("host.toml.unfinished")
    }

    /// The instance's own SQLite store.
    pub(crate) fn store_file(&self) -> PathBuf {
        self.path.join("host.db")
    }

    /// The keys that seal secrets.
    pub(crate) fn sealing_key_file(&self) -> PathBuf {
        self.path.join("sealing.key")
    }

    /// `--instance …` for a command line. Empty for the default folder.
    pub(crate) fn flag(&self) -> String {
        if self.path == Path::new(FolderFlag::DEFAULT) {
            return String::new();
        }
        format!(" --instance {}", shell::quoted(&self.path.display().to_string()))
    }

    /// Creates the folder, for its owner alone. An existing empty folder becomes the owner's alone.
    ///
    /// # Errors
    /// [`WrongUse`] when the folder contains something.
    pub(crate) fn create(&self) -> Result<()> {
        let shown = self.path.display();
        fs::create_dir_all(&self.path).with_context(|| format!("The folder {shown} cannot be created"))?;
        let entries = fs::read_dir(&self.path).with_context(|| format!("The folder {shown} cannot be read"))?;
        let own = [self.draft_file(), self.store_file(), self.sealing_key_file()];
        for entry in entries {
            let path = entry.with_context(|| format!("The folder {shown} cannot be read"))?.path();
            let name = path.to_string_lossy().into_owned();
            if !own.iter().any(|own| name.starts_with(&*own.to_string_lossy())) {
                return Err(WrongUse(format!(
                    "The folder {shown} contains something else: {}.\nAn instance has a folder of its own: name \
                     an empty or a new one with --instance FOLDER.",
                    path.file_name().unwrap_or_default().display()
                ))
                .into());
            }
        }
        only_for_owner(&self.path).with_context(|| format!("The permissions of the folder {shown} cannot be set"))
    }

    /// Writes a file of this folder in one step, for its owner alone, so that it survives a loss of power.
    pub(crate) fn write(&self, file: &Path, text: &str) -> Result<()> {
        let written = || -> io::Result<()> {
            let mut name = file.file_name().unwrap_or_default().to_owned();
            name.push(".new");
            let new = file.with_file_name(name);
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut opened = options.open(&new)?;
            opened.write_all(text.as_bytes())?;
            opened.sync_all()?;
            fs::rename(&new, file)?;
            self.settle()
        };
        written().with_context(|| format!("The file {} cannot be written", file.display()))
    }

    /// Renames the draft to its final name, which completes the instance.
    pub(crate) fn finish(&self) -> Result<()> {
        fs::rename(self.draft_file(), self.settings_file())
            .and_then(|()| self.settle())
            .with_context(|| format!("The file {} cannot be written", self.settings_file().display()))
    }

    /// Makes the folder's entries durable.
    fn settle(&self) -> io::Result<()> {
        if cfg!(unix) { File::open(&self.path)?.sync_all() } else { Ok(()) }
    }
}

#[cfg(unix)]
fn only_for_owner(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn only_for_owner(_: &Path) -> io::Result<()> {
    Ok(())
}
