//! The end of a call.

use crate::gate::{Call, Reply};
use soar_host::operations::CommandEnd;

/// How a call ended, and whether its audit entry is written.
#[derive(Debug)]
pub(super) enum CallEnd {
    /// It was written together with the command's changes.
    Written(Reply),
    /// It is still to be written.
    Unwritten(Reply),
}

impl CallEnd {
    /// The answer to a command that ended. An answer too large for the host's memory is replaced by an error.
    pub(super) fn of(call: &Call, end: CommandEnd) -> Self {
        let (is_recorded, store) = (end.is_recorded, &call.host.store);
        let reply = Reply::answer(&end.answer(), store.answer_room()).unwrap_or_else(|error| {
            let failed = Reply::store_failed(store, &call.entry, &error);
            if is_recorded || call.is_done { Reply::done(failed.reason) } else { failed }
        });
        if is_recorded { Self::Written(reply) } else { Self::Unwritten(reply) }
    }
}
