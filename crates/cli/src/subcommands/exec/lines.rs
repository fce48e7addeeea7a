//! Reads lines of limited length. Longer lines are skipped without being kept.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// A line, or the fact that it was too long.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum InputLine {
    Whole(Vec<u8>),
    TooLong,
}

/// The next line without its line break; `None` at the end. At most `limit` bytes are kept.
pub(super) async fn next(input: &mut (impl AsyncBufRead + Unpin), limit: usize) -> io::Result<Option<InputLine>> {
    let (mut line, mut is_too_long, mut has_bytes) = (Vec::new(), false, false);
    loop {
        let buffer = input.fill_buf().await?;
        if buffer.is_empty() && !has_bytes {
            return Ok(None);
        }
        has_bytes = true;
        let end = memchr::memchr(b'\n', buffer);
        let part = &buffer[..end.unwrap_or(buffer.len())];
        is_too_long |= line.len() + part.len() > limit;
        if is_too_long {
            line = Vec::new();
        } else {
            line.extend_from_slice(part);
        }
        let is_last = buffer.is_empty();
        let read = end.map_or(buffer.len(), |end| end + 1);
        input.consume(read);
        if end.is_some() || is_last {
            return Ok(Some(if is_too_long { InputLine::TooLong } else { InputLine::Whole(line) }));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::BufReader;

    use super::*;

    async fn lines(text: &[u8], limit: usize) -> Vec<InputLine> {
        let mut input = BufReader::with_capacity(4, text);
        let mut found = Vec::new();
        while let Some(line) = next(&mut input, limit).await.unwrap() {
            found.push(line);
        }
        found
    }

    #[tokio::test]
    async fn lines_are_split_and_long_ones_are_skipped_up_to_their_end() {
        let whole = |text: &str| InputLine::Whole(text.as_bytes().to_vec());
        assert_eq!(lines(b"ab\n\ncdefgh", 6).await, [whole("ab"), whole(""), whole("cdefgh")]);
        assert_eq!(lines(b"abcdefghijklmnop\nab\n", 6).await, [InputLine::TooLong, whole("ab")]);
        assert_eq!(lines(b"abcdefghijklmnop", 6).await, [InputLine::TooLong]);
        assert_eq!(lines(b"", 6).await, []);
    }
}
