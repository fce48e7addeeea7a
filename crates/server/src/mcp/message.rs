//! One message of a client, from its arrival to its audit entry.

use std::sync::Arc;

use soar_host::operations::RequestContext;
use tokio::sync::Mutex;

use crate::gate::{ApiCall, ApiReply, Entered};

/// A message under way.
#[derive(Debug)]
pub(super) struct McpMessage {
    pub(super) call: ApiCall,
    /// The state of the authenticated call, until a command takes it.
    pub(super) entered: Option<Entered>,
    /// The name of the user in whose name the call is made.
    pub(super) username: String,
    /// The end of the command that the message called.
    pub(super) end: Option<MessageEnd>,
}

/// The end of a command.
#[derive(Debug)]
pub(super) struct MessageEnd {
    pub(super) reply: ApiReply,
    /// Whether the audit entry is written.
    pub(super) is_written: bool,
}

/// The caller of a message, for the tool that it calls.
#[derive(Debug, Clone)]
pub(super) struct McpCaller {
    /// None once the message is answered.
    pub(super) message: Arc<Mutex<Option<McpMessage>>>,
    /// The key and the user.
    pub(super) identity: String,
}

impl McpMessage {
    /// The context of an operation of the caller.
    ///
    /// # Errors
    /// The reply to a user who may not use the key.
    pub(super) fn context(&self) -> Result<RequestContext, ApiReply> {
        let Some(entered) = &self.entered else { return Err(ApiReply::unexpected("A message called two commands.")) };
        let key = &entered.shown.known.key;
        let known = entered.shown.user(&entered.snapshot, &self.username).map_err(ApiReply::unauthenticated)?;
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
