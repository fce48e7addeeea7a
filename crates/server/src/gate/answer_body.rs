//! Serialises an answer as JSON within a size limit. Its memory is counted until it is sent.

use std::io;

use bytes::Bytes;
use serde::Serialize;
use soar_store::model::limits::MOST_ANSWER_BYTES;
use soar_store::{AnswerRoom, HeldRoom, StoreError};

/// Answers up to this size in bytes are not counted.
const SMALL: usize = 64 * 1024;

/// Serialises `value` as JSON. The memory of the bytes is counted until they are sent.
///
/// # Errors
/// [`StoreError::TooLarge`]; [`StoreError::Busy`] when there is no memory for the answer now.
pub(crate) fn bounded_json(value: &impl Serialize, room: &AnswerRoom) -> Result<Bytes, StoreError> {
    let mut body = CountedBody { bytes: Vec::new(), counted: SMALL, room, held: HeldRoom::default(), problem: None };
    match serde_json::to_writer(&mut body, value) {
        Ok(()) => Ok(Bytes::from_owner(CountedBytes { bytes: body.bytes, _held: body.held })),
        Err(error) => Err(body.problem.unwrap_or_else(|| StoreError::Unreadable(error.to_string()))),
    }
}

struct CountedBody<'r> {
    bytes: Vec<u8>,
    /// The number of bytes counted so far.
    counted: usize,
    room: &'r AnswerRoom,
    held: HeldRoom,
    problem: Option<StoreError>,
}

impl CountedBody<'_> {
    fn make_room(&mut self, more: usize) -> Result<(), StoreError> {
        let length = self.bytes.len() + more;
        if length > MOST_ANSWER_BYTES {
            return Err(StoreError::TooLarge);
        }
        if length > self.counted {
            // Double the counted bytes, as the buffer grows, up to the largest answer.
            let step = length.max((2 * self.counted).min(MOST_ANSWER_BYTES)) - self.counted;
            self.held.add(self.room.take(step)?);
            self.counted += step;
        }
        Ok(())
    }
}

impl io::Write for CountedBody<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Err(problem) = self.make_room(bytes.len()) {
            let error = io::Error::other(problem.to_string());
            self.problem = Some(problem);
            return Err(error);
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes whose memory is counted.
struct CountedBytes {
    bytes: Vec<u8>,
    _held: HeldRoom,
}

impl AsRef<[u8]> for CountedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_bound_and_is_counted_until_it_is_dropped() {
        let room = AnswerRoom::default();
        let text = "x".repeat(MOST_ANSWER_BYTES - 2);
        let bodies: Vec<_> = (0..4).map(|_| bounded_json(&text, &room)).collect();
        assert!(bodies.iter().all(Result::is_ok));
        assert!(matches!(bounded_json(&text, &room), Err(StoreError::Busy(_))));
        assert!(bounded_json(&"small", &room).is_ok());
        drop(bodies);
        assert!(bounded_json(&text, &room).is_ok());
        let longer = format!("{text}x");
        assert!(matches!(bounded_json(&longer, &room), Err(StoreError::TooLarge)));
    }
}
