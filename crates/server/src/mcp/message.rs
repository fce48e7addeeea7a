//! One message of a client, from its arrival to its audit entry.

use std::sync::Arc;

use soar_host::operations::RequestContext;
use tokio::sync::Mutex;

use crate::gate::{Call, Entered, Reply};

/// A message under way.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) call: Call,
    /// The state of the authenticated call, until a command takes it.
    pub(super) entered: Option<Entered>,
    /// The name of the user in whose name the call is made.
    pub(super) username: String,
    /// The end of the command that the message called.
    pub(super) end: Option<End>,
}

/// The end of a command.
#[derive(Debug)]
pub(super) struct End {
    pub(super) reply: Reply,
    /// Whether the audit entry is written.
    pub(super) is_written: bool,
}

/// The caller of a message, for the tool that it calls.
#[derive(Debug, Clone)]
pub(super) struct McpCaller {
    /// None once the message is answered.
    pub(super) message: Arc<Mutex<Option<Message>>>,
    /// The key and the user.
    pub(super) identity: String,
}

impl Message {
    /// The context of an operation of the caller.
    ///
    /// # Errors
    /// The reply to a user who may not use the key.
    pub(super) fn context(&self) -> Result<RequestContext, Reply> {
        let Some(entered) = &self.entered else { return Err(Reply::unexpected("A message called two commands.")) };
        let key = &entered.shown.known.key;
        let known = entered.shown.user(&entered.snapshot, &self.username).map_err(Reply::unauthenticated)?;
        Ok(RequestContext {
            user: known.user.clone(),
            roles: known.roles.clone(),
            reach: key.sites.clone(),
            key: Some(key.name.clone()),
            key_expires_at: key.expires_at,
            entry: self.call.entry.clone(),
            idempotency: None,
        })
    }
}
