//! Writes rows as they arrive, one per line, and needs no more memory than a page.

use std::io::{self, Write};

use async_trait::async_trait;
use soar_connector::{ReplyPage, Sink, SinkError};

use super::stream::{OutputStream, WriteResult};
use super::visible;

/// A sink that writes each row as the server sent it, and a line break.
#[derive(Debug)]
pub(crate) struct RowWriter {
    output: OutputStream,
    /// Whether a terminal shows the rows, so that control characters must be escaped.
    harmless: bool,
}

impl RowWriter {
    /// Set `harmless` if a terminal shows the rows.
    pub(crate) fn new(output: Box<dyn Write + Send>, harmless: bool) -> Self {
        Self { output: OutputStream::new(output), harmless }
    }

    /// Writes the buffer.
    pub(crate) fn flush(&mut self) {
        self.output.flush();
    }

    /// Writes the rest, and returns the result.
    ///
    /// # Errors
    /// The rest could not be written, for another reason than that its reader left.
    pub(crate) fn finish(self) -> io::Result<WriteResult> {
        self.output.finish()
    }

    fn write(&mut self, row: &str, on_lines: bool) -> io::Result<()> {
        if self.harmless {
            self.output.write(visible::json(&one_line(row)).as_bytes())?;
        } else if on_lines {
            self.output.write(one_line(row).as_bytes())?;
        } else {
            self.output.write(row.as_bytes())?;
        }
        self.output.write(b"\n")
    }
}

/// JSON text has line breaks only between its tokens, where blanks can replace them.
fn one_line(row: &str) -> String {
    row.replace(['\n', '\r'], " ")
}

#[async_trait]
impl Sink for RowWriter {
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        // Checked once per page: a server writes JSON either on one line or on many.
        let on_lines = memchr::memchr2(b'\n', b'\r', page.body().as_bytes()).is_some();
        for row in page.rows() {
            self.write(row, on_lines)?;
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
