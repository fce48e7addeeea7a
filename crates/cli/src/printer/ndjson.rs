//! Writes rows as they arrive, one a line, in no more memory than a page takes.

use std::io::{self, BufWriter, ErrorKind, Stdout, Write};

use async_trait::async_trait;
use soar_connector::{Page, Sink, SinkError};

use super::Printer;
use super::visible;

/// How the writing went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// Everything was written, or the command knows why not.
    Whole,
    /// The program that read the rows ended before them.
    UntilReaderLeft,
}

/// A sink that writes each row, as the server sent it, and a line break to standard output.
#[derive(Debug)]
pub(crate) struct RowWriter {
    output: BufWriter<Stdout>,
    /// Whether a terminal shows the rows, so that nothing in them may steer it.
    harmless: bool,
    reader_left: bool,
}

impl RowWriter {
    pub(crate) fn new(printer: &Printer) -> Self {
        let output = BufWriter::with_capacity(256 * 1024, io::stdout());
        Self { output, harmless: printer.is_terminal(), reader_left: false }
    }

    /// Writes what is left, and says how it went.
    ///
    /// # Errors
    /// What was left could not be written, for another reason than that its reader left.
    pub(crate) fn finish(mut self) -> io::Result<Written> {
        match self.output.flush() {
            _ if self.reader_left => Ok(Written::UntilReaderLeft),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Written::UntilReaderLeft),
            flushed => flushed.map(|()| Written::Whole),
        }
    }

    fn write(&mut self, row: &str, on_lines: bool) -> io::Result<()> {
        if self.harmless {
            self.output.write_all(visible::json(&one_line(row)).as_bytes())?;
        } else if on_lines {
            self.output.write_all(one_line(row).as_bytes())?;
        } else {
            self.output.write_all(row.as_bytes())?;
        }
        self.output.write_all(b"\n")
    }
}

/// Line breaks of a JSON text stand between its tokens only, so blanks can stand there instead.
fn one_line(row: &str) -> String {
    row.replace(['\n', '\r'], " ")
}

#[async_trait]
impl Sink for RowWriter {
    async fn page(&mut self, page: Page) -> Result<(), SinkError> {
        // Asked once a page: servers write JSON either on one line or on many.
        let on_lines = memchr::memchr2(b'\n', b'\r', page.body().as_bytes()).is_some();
        for row in page.rows() {
            self.write(row, on_lines).inspect_err(|error| self.reader_left = error.kind() == ErrorKind::BrokenPipe)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_on_several_lines_becomes_one_and_stays_the_same_json() {
        let row = "{\n \"a\": 1,\r\n \"b\": \"x\\ny\"\n}";
        let line = one_line(row);
        assert!(!line.contains(['\n', '\r']));
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        assert_eq!(parse(&line), parse(row));
    }
}
