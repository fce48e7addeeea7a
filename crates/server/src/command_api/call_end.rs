//! The end of a call.

use crate::gate::Reply;
use soar_host::operations::CommandEnd;

/// How a call ended, and whether its audit entry is written.
#[derive(Debug)]
pub(super) enum CallEnd {
    /// It was written together with the command's changes.
    Written(Reply),
    /// It is still to be written.
    Unwritten(Reply),
}

impl From<CommandEnd> for CallEnd {
    fn from(end: CommandEnd) -> Self {
        let is_recorded = end.is_recorded;
        let reply = Reply::answer(&end.answer());
        if is_recorded { Self::Written(reply) } else { Self::Unwritten(reply) }
    }
}
