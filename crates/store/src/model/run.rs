//! Runs: who ran which command on which connection, and how it ended.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::access::text_enum;
use super::{ConnectionId, Moment, RunId, SiteId, UserId};
use crate::columns::{Json, Maybe};

text_enum! {
    /// How far a run has come.
    pub enum RunStatus {
        /// It is under way.
        Running,
        /// It reached its aim.
        Successful,
        /// It did not; its outcome says why.
        Failed,
        /// Somebody ended it, or whoever waited for it went away.
        Cancelled,
        /// The process that ran it ended before it did.
        Interrupted,
    }
}

/// A run of one command.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Its number; rises with time.
    #[schema(value_type = i64)]
    pub id: RunId,
    /// In whose name it ran.
    #[serde(skip)]
    pub user_id: UserId,
    /// That user's name at the time.
    #[sqlx(rename = "user_name")]
    pub user: String,
    /// The key that was shown.
    #[sqlx(rename = "key_name")]
    pub key: Option<String>,
    /// The site on which it ran.
    #[serde(skip)]
    pub site_id: SiteId,
    /// That site's name at the time.
    #[sqlx(rename = "site_name")]
    pub site: String,
    /// The connection's number.
    #[schema(value_type = i64)]
    pub connection_id: ConnectionId,
    /// The connection's name at the time.
    #[sqlx(rename = "connection_name")]
    pub connection: String,
    /// The integration's stable name.
    pub integration: String,
    /// As the manifest spells it.
    pub command: String,
    /// The parameters that were given, without secrets.
    #[schema(value_type = Object)]
    #[sqlx(try_from = "Json<Box<RawValue>>")]
    pub parameters: Box<RawValue>,
    /// How far it has come.
    pub status: RunStatus,
    /// When it began.
    #[schema(value_type = i64)]
    pub started_at: Moment,
    /// When it ended.
    #[schema(value_type = Option<i64>)]
    pub ended_at: Option<Moment>,
    /// What it gave, or as much of it as is kept; in lists it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    #[sqlx(default, try_from = "Maybe<Json<Box<RawValue>>>")]
    pub outcome: Option<Box<RawValue>>,
    /// What it did on the wire.
    #[schema(value_type = Option<Object>)]
    #[sqlx(try_from = "Maybe<Json<Box<RawValue>>>")]
    pub receipt: Option<Box<RawValue>>,
    /// Identifies the call that it belongs to.
    pub request_id: String,
    /// The process that ran it.
    pub node: String,
}
