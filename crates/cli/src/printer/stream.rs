//! An output for rows that are written as they arrive, to a reader who may leave before their end.

use std::fmt;
use std::io::{self, BufWriter, ErrorKind, Write};

/// How the writing went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// Everything was written, or the command knows why not.
    Whole,
    /// The program that read the rows ended before them.
    UntilReaderLeft,
}

/// Standard output or a file, with a large buffer.
pub(super) struct Stream {
    output: BufWriter<Box<dyn Write + Send>>,
    reader_left: bool,
}

impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Stream").field("reader_left", &self.reader_left).finish_non_exhaustive()
    }
}

impl Stream {
    pub(super) fn new(output: Box<dyn Write + Send>) -> Self {
        Self { output: BufWriter::with_capacity(256 * 1024, output), reader_left: false }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.output.write_all(bytes).inspect_err(|error| self.reader_left = error.kind() == ErrorKind::BrokenPipe)
    }

    /// Writes what waits. A problem stays for the next row, or for the end.
    pub(super) fn flush(&mut self) {
        let _ = self.output.flush();
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
