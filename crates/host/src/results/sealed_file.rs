//! An append-only file of sealed chunks. The file has no name: the operating system deletes it when it is closed.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::{Mutex, PoisonError};

use crate::sealing::Keyring;

/// The place of a chunk in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk {
    at: u64,
    length: usize,
}

/// A file of sealed chunks.
#[derive(Debug)]
pub(super) struct SealedFile {
    file: Mutex<OpenFile>,
    keyring: Keyring,
}

#[derive(Debug)]
struct OpenFile {
    file: File,
    end: u64,
}

impl SealedFile {
    /// A new file, whose chunks are sealed with the key of `keyring`.
    pub(super) fn new(keyring: Keyring) -> io::Result<Self> {
        let file = tempfile::tempfile()?;
        Ok(Self { file: Mutex::new(OpenFile { file, end: 0 }), keyring })
    }

    /// Seals and appends a chunk.
    pub(super) fn append(&self, bytes: &[u8]) -> io::Result<Chunk> {
        let mut open = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let at = open.end;
        let sealed = self.keyring.seal(&context(at), bytes).map_err(io::Error::other)?;
        open.file.seek(SeekFrom::Start(at))?;
        open.file.write_all(&sealed)?;
        open.end = at + sealed.len() as u64;
        Ok(Chunk { at, length: sealed.len() })
    }

    /// Reads and opens a chunk.
    pub(super) fn read(&self, chunk: Chunk) -> io::Result<Vec<u8>> {
        let mut sealed = vec![0; chunk.length];
        {
            let mut open = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            open.file.seek(SeekFrom::Start(chunk.at))?;
            open.file.read_exact(&mut sealed)?;
        }
        let bytes = self.keyring.open(&context(chunk.at), &sealed).map_err(io::Error::other)?;
        Ok(bytes.to_vec())
    }

    /// The size of the file in bytes.
    pub(super) fn size(&self) -> u64 {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).end
    }
}

/// Binds a chunk to its place in the file.
fn context(at: u64) -> String {
    format!("results/{at}")
}
