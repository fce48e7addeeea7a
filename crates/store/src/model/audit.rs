//! The audit log: who called what, and what became of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Moment;
use super::access::text_enum;

text_enum! {
    /// Where a call came in.
    pub enum Surface {
        /// The Command API.
        Command = "command",
        /// The management API.
        Management = "management",
        /// What a master says to this instance as its tenant.
        Tenant = "tenant",
        /// The host's terminal.
        Terminal = "terminal",
    }
}

/// One call, accepted or refused. Texts that are not known are empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// When it came.
    #[schema(value_type = i64)]
    pub at: Moment,
    /// The request id that the caller was told.
    pub request_id: String,
    /// Where it came in.
    pub surface: Surface,
    /// The address it came from.
    pub address: String,
    /// The name of the key that was shown.
    #[sqlx(rename = "key_name")]
    pub key: String,
    /// Who called.
    pub username: String,
    /// In whose name the command acted, where its parameters say so.
    pub acting_for: String,
    /// On which site.
    pub site: String,
    /// Which command.
    pub command: String,
    /// The status that was answered; 0 at the terminal, and in an entry that counts several refused calls.
    pub status: i64,
    /// Whether it was let in, and the command did not refuse it.
    #[sqlx(try_from = "crate::columns::Flag")]
    pub accepted: bool,
    /// Why it was refused, or how it failed.
    pub reason: String,
}

/// The longest text that an entry keeps of what a caller sent, in characters.
const LONGEST: usize = 300;

impl AuditEntry {
    /// An accepted call of which nothing else is known.
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

    /// Text of a caller's as an entry keeps it: without characters that steer, and cut.
    #[must_use]
    pub fn kept(text: &str) -> String {
        if text.len() <= LONGEST && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return text.to_owned();
        }
        text.chars().take(LONGEST).map(|c| if soar_connector::name::steers(c) { ' ' } else { c }).collect()
    }
}
