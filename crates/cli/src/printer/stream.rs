//! An output for rows that are written as they arrive. Its reader may leave before the end.

use std::fmt;
use std::io::{self, BufWriter, ErrorKind, Write};

/// The result of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteResult {
    /// Everything was written, or the command reports why not.
    Whole,
    /// The reader of the rows ended before their end.
    UntilReaderLeft,
}

/// Standard output or a file, with a large buffer.
pub(super) struct OutputStream {
    output: BufWriter<Box<dyn Write + Send>>,
    reader_left: bool,
}

impl fmt::Debug for OutputStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OutputStream").field("reader_left", &self.reader_left).finish_non_exhaustive()
    }
}

impl OutputStream {
    pub(super) fn new(output: Box<dyn Write + Send>) -> Self {
        Self { output: BufWriter::with_capacity(256 * 1024, output), reader_left: false }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.output.write_all(bytes).inspect_err(|error| self.reader_left = error.kind() == ErrorKind::BrokenPipe)
    }

    /// Writes the buffer. A failure is reported by the next row, or at the end.
    pub(super) fn flush(&mut self) {
        let _ = self.output.flush();
    }

    /// Writes the rest, and returns the result.
    ///
    /// # Errors
    /// The rest could not be written, for another reason than that its reader left.
    pub(super) fn finish(mut self) -> io::Result<WriteResult> {
        match self.output.flush() {
            _ if self.reader_left => Ok(WriteResult::UntilReaderLeft),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(WriteResult::UntilReaderLeft),
            flushed => flushed.map(|()| WriteResult::Whole),
        }
    }
}
