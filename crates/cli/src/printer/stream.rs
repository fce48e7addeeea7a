//! Standard output for rows that are written as they arrive, to a reader who may leave before their end.

use std::io::{self, BufWriter, ErrorKind, Stdout, Write as _};

/// How the writing went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// Everything was written, or the command knows why not.
    Whole,
    /// The program that read the rows ended before them.
    UntilReaderLeft,
}

/// Standard output with a large buffer.
#[derive(Debug)]
pub(super) struct Stream {
    output: BufWriter<Stdout>,
    reader_left: bool,
}

impl Stream {
    pub(super) fn new() -> Self {
        Self { output: BufWriter::with_capacity(256 * 1024, io::stdout()), reader_left: false }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.output.write_all(bytes).inspect_err(|error| self.reader_left = error.kind() == ErrorKind::BrokenPipe)
    }

    /// Writes what is left, and says how it went.
    ///
    /// # Errors
    /// What was left could not be written, for another reason than that its reader left.
    pub(super) fn finish(mut self) -> io::Result<Written> {
        match self.output.flush() {
            _ if self.reader_left => Ok(Written::UntilReaderLeft),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Written::UntilReaderLeft),
            flushed => flushed.map(|()| Written::Whole),
        }
    }
}
