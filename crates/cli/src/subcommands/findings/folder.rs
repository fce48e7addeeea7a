//! A folder that gets a file per batch of changes.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use soar_host::findings::formats::FindingFormat;
use soar_store::model::FindingSequence;

/// The begin of the name of a file: `findings-FIRST-LAST.ndjson`.
const PREFIX: &str = "findings-";

/// A folder for files of one format.
#[derive(Debug)]
pub(super) struct ExportFolder {
    path: PathBuf,
    ending: &'static str,
}

impl ExportFolder {
    /// The folder, which must exist.
    pub(super) fn open(path: &Path, format: FindingFormat) -> Result<Self> {
        fs::read_dir(path).with_context(|| {
            format!("The folder {} cannot be read. Create it, or choose another with --folder", path.display())
        })?;
        let ending = match format {
            FindingFormat::Ndjson => "ndjson",
            FindingFormat::Json => "json",
            FindingFormat::Ocsf => "ocsf.ndjson",
            FindingFormat::Ecs => "ecs.ndjson",
            FindingFormat::Csv => "csv",
        };
        Ok(Self { path: path.to_owned(), ending })
    }

    /// The last number in the folder's whole files of this format. A file that its reader has taken away counts through
    /// the file `.findings-ENDING-last`.
    pub(super) fn last(&self) -> Option<FindingSequence> {
        let noted = fs::read_to_string(self.note()).ok().and_then(|text| text.trim().parse::<i64>().ok());
        let files = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let numbers = files.filter_map(|file| self.number(file.file_name().to_str()?));
        numbers.chain(noted).max().map(FindingSequence)
    }

    fn note(&self) -> PathBuf {
        self.path.join(format!(".findings-{}-last", self.ending))
    }

    fn number(&self, name: &str) -> Option<i64> {
        let numbers = name.strip_prefix(PREFIX)?.strip_suffix(self.ending)?.strip_suffix('.')?;
        let (first, last) = numbers.split_once('-')?;
        first.parse::<i64>().ok()?;
        last.parse().ok()
    }

    /// Writes a batch. The file has its name only once it is whole and on the disk. After a kill the same batch is
    /// written again under the same name.
    pub(super) fn write(&self, first: FindingSequence, last: FindingSequence, bytes: &[u8]) -> Result<()> {
        let name = format!("{PREFIX}{:020}-{:020}.{}", first.0, last.0, self.ending);
        self.place(&self.path.join(&name), bytes)?;
        self.reached(last)
    }

    /// Notes that the changes up to this number are in the folder.
    pub(super) fn reached(&self, last: FindingSequence) -> Result<()> {
        self.place(&self.note(), last.to_string().as_bytes())
    }

    fn place(&self, target: &Path, bytes: &[u8]) -> Result<()> {
        // Another process may write into the same folder.
        let partial = self.path.join(format!(".partial-{}-{}", std::process::id(), self.ending));
        let written = || -> std::io::Result<()> {
            let mut file = File::create(&partial)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&partial, target)?;
            // The new name is on the disk once the folder is.
            File::open(&self.path)?.sync_all()
        };
        written().with_context(|| format!("The file {} cannot be written", target.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_on_after_its_last_whole_file_and_after_files_that_were_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let files = ExportFolder::open(folder.path(), FindingFormat::Ocsf).unwrap();
        assert_eq!(files.last(), None);
        files.write(FindingSequence(1), FindingSequence(20), b"a").unwrap();
        files.write(FindingSequence(21), FindingSequence(22), b"b").unwrap();
        fs::write(folder.path().join(".partial-1-ocsf.ndjson"), b"cut short").unwrap();
        fs::write(folder.path().join("findings-1-9999.ndjson"), b"of another format").unwrap();
        assert_eq!(files.last(), Some(FindingSequence(22)));
        for entry in fs::read_dir(folder.path()).unwrap().flatten() {
            if entry.file_name().to_str().unwrap().starts_with(PREFIX) {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        assert_eq!(files.last(), Some(FindingSequence(22)));
        files.reached(FindingSequence(30)).unwrap();
        assert_eq!(files.last(), Some(FindingSequence(30)));
        assert!(ExportFolder::open(&folder.path().join("missing"), FindingFormat::Csv).is_err());
    }

    #[test]
    fn a_file_that_another_process_writes_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let files = ExportFolder::open(folder.path(), FindingFormat::Csv).unwrap();
        let partial = folder.path().join(".partial-csv");
        fs::write(&partial, b"of another process").unwrap();
        files.write(FindingSequence(1), FindingSequence(2), b"a").unwrap();
        assert_eq!(fs::read(&partial).unwrap(), b"of another process");
    }
}
