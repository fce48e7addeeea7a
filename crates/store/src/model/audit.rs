//! The audit log: the caller, the command and the result of each call.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Moment;
use super::access::text_enum;
use crate::columns::{Flag, from_row};

text_enum! {
    /// Where a call arrived.
    pub enum Surface {
        /// The Command API.
        Command = "command",
        /// The Model Context Protocol.
        Mcp = "mcp",
        /// The management API.
        Management = "management",
        /// A message of a master to this instance as its tenant.
        Tenant = "tenant",
        /// The host's terminal.
        Terminal = "terminal",
        /// The console.
        Console = "console",
        /// A rule on findings, in the name of its user.
        Rule = "rule",
    }
}

/// One call, accepted or refused. An unknown text is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// When the call arrived.
    #[schema(value_type = i64)]
    pub at: Moment,
    /// The request id in the answer.
    pub request_id: String,
    /// Where the call arrived.
    pub surface: Surface,
    /// The address that it came from.
    pub address: String,
    /// The name of the key.
    pub key: String,
    /// The name of the user.
    pub username: String,
    /// The user in whose name the command acted, where its parameters name one.
    pub acting_for: String,
    /// The name of the site.
    pub site: String,
    /// The command.
    pub command: String,
    /// The status of the answer. 0 at the terminal, and in an entry that counts several refused calls.
    pub status: i64,
    /// Whether the host admitted the call and the command did not refuse it.
    pub accepted: bool,
    /// Why the call was refused or failed, or details of it.
    pub reason: String,
}

from_row! {
    AuditEntry: at, request_id, surface, address, key = "key_name", username, acting_for, site, command, status,
        accepted as Flag, reason,
}

/// The most characters that an entry keeps of a caller's text.
const LONGEST: usize = 300;

impl AuditEntry {
    /// An accepted call without further details.
    #[must_use]
    pub fn new(at: Moment, surface: Surface, request_id: impl Into<String>) -> Self {
        Self {
            at,
            request_id: request_id.into(),
            surface,
            address: String::new(),
            key: String::new(),
            username: String::new(),
            acting_for: String::new(),
            site: String::new(),
            command: String::new(),
            status: 0,
            accepted: true,
            reason: String::new(),
        }
    }

    /// A caller's text as an entry keeps it: cut, and without control characters.
    #[must_use]
    pub fn kept(text: &str) -> String {
        if text.len() <= LONGEST && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return text.to_owned();
        }
        text.chars().take(LONGEST).map(|c| if soar_connector::name::steers(c) { ' ' } else { c }).collect()
    }
}
