//! Standard output, line by line. For a terminal, control characters are escaped.

use std::io::{self, BufWriter, Write};

use super::{Printer, visible};

/// Lines for a terminal.
struct Guarded<W> {
    out: W,
    line: Vec<u8>,
    is_json: bool,
}

impl Printer {
    /// Standard output, buffered. For a terminal, control characters in JSON or text are escaped.
    pub(crate) fn stream(&self, is_json: bool) -> Box<dyn Write + Send> {
        widen_pipe();
        let out = BufWriter::with_capacity(256 * 1024, io::stdout());
        if self.is_terminal() { Box::new(Guarded { out, line: Vec::new(), is_json }) } else { Box::new(out) }
    }
}

/// Gives the pipe of standard output the largest size that Linux allows every user, so that its reader wakes less often.
/// Anything else keeps its size.
fn widen_pipe() {
    #[cfg(target_os = "linux")]
    let _ = rustix::pipe::fcntl_setpipe_size(io::stdout(), 1024 * 1024);
}

impl<W: Write> Guarded<W> {
    fn pass_on(&mut self) -> io::Result<()> {
        let line = String::from_utf8_lossy(&self.line);
        let text =
            if self.is_json { visible::json(&line).into_owned() } else { visible::lines(&line.replace('\r', "")) };
        self.line.clear();
        self.out.write_all(text.as_bytes())
    }
}

impl<W: Write> Write for Guarded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.pass_on()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on()?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_however_the_bytes_arrive() {
        let mut out = Vec::new();
        let mut guarded = Guarded { out: &mut out, line: Vec::new(), is_json: false };
        for part in ["a\u{1b}[2".as_bytes(), b"Jb\r\n", "c\u{202e}".as_bytes()] {
            guarded.write_all(part).unwrap();
        }
        guarded.flush().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a\\u{1b}[2Jb\nc\\u{202e}");
    }
}
