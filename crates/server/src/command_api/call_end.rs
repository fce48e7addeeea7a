//! The end of a call.

use crate::gate::{ApiCall, ApiReply};
use soar_host::operations::CommandEnd;

/// The end of a call, and whether its audit entry is written.
#[derive(Debug)]
pub(super) enum CallEnd {
    /// The audit entry was written together with the command's changes.
    Written(ApiReply),
    /// The audit entry must still be written.
    Unwritten(ApiReply),
}

impl CallEnd {
    /// The answer of a finished command. An answer that is too large for the host's memory is replaced by an error.
    pub(super) fn of(call: &ApiCall, end: CommandEnd) -> Self {
        let (is_recorded, store) = (end.is_recorded, &call.host.store);
        let reply = ApiReply::answer(&end.answer(), store.answer_room()).unwrap_or_else(|error| {
            let failed = ApiReply::store_failed(store, &call.entry, &error);
            if is_recorded || call.is_done { ApiReply::done(failed.reason) } else { failed }
        });
        if is_recorded { Self::Written(reply) } else { Self::Unwritten(reply) }
    }
}
