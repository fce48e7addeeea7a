//! Runs: the user, the command, the connection and the outcome of each.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::access::text_enum;
use super::{ConnectionId, Moment, RunId, SiteId, UserId};
use crate::columns::{Json, Maybe, from_row};

text_enum! {
    /// The status of a run.
    pub enum RunStatus {
        /// It is under way, on a host or in the product.
        Running,
        /// It succeeded.
        Successful,
        /// It failed. Its outcome says why.
        Failed,
        /// A user cancelled it, or its caller disconnected.
        Cancelled,
        /// The process that ran it ended before the run did. Its effect is unknown.
        Interrupted,
    }
}

/// How far work is that goes on in the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunFollowing {
    /// The state of the work in a word of the product, such as `running`.
    pub status: String,
    /// How much of it is done, where the product says so.
    pub percent: Option<u8>,
    /// Why the last question about the work had no answer. The host asks again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// When the host asked last.
    #[schema(value_type = i64)]
    pub asked_at: Moment,
    /// When the host asks next.
    #[schema(value_type = i64)]
    pub next_at: Moment,
    /// How long the work had been followed by then, in seconds.
    pub waited_seconds: u64,
    /// How long the work is followed at most, in seconds.
    pub limit_seconds: u64,
}

/// A run of one command.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Its id. Later runs have higher ids.
    #[schema(value_type = i64)]
    pub id: RunId,
    /// The user in whose name it ran.
    #[serde(skip)]
    pub user_id: UserId,
    /// The user's name at the time.
    pub user: String,
    /// The name of the key.
    pub key: Option<String>,
    /// The site on which it ran.
    #[serde(skip)]
    pub site_id: SiteId,
    /// The site's name at the time.
    pub site: String,
    /// The connection's id.
    #[schema(value_type = i64)]
    pub connection_id: ConnectionId,
    /// The connection's name at the time.
    pub connection: String,
    /// The integration's stable name.
    pub integration: String,
    /// The command's name, as the manifest spells it.
    pub command: String,
    /// The given parameters, without secrets.
    #[schema(value_type = Object)]
    pub parameters: Box<RawValue>,
    /// Its status.
    pub status: RunStatus,
    /// When it began.
    #[schema(value_type = i64)]
    pub started_at: Moment,
    /// When it ended.
    #[schema(value_type = Option<i64>)]
    pub ended_at: Option<Moment>,
    /// How far the work is, while a running command's work goes on in the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub following: Option<RunFollowing>,
    /// The outcome, as far as the host keeps it. Lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub outcome: Option<Box<RawValue>>,
    /// The requests that it sent, in summary.
    #[schema(value_type = Option<Object>)]
    pub receipt: Option<Box<RawValue>>,
    /// The request id of its call.
    pub request_id: String,
    /// The process that ran it.
    pub node: String,
}

from_row! {
    Run: id, user_id, user = "user_name", key = "key_name", site_id, site = "site_name", connection_id,
        connection = "connection_name", integration, command, parameters as Json<Box<RawValue>>, status, started_at,
        ended_at, following as Maybe<Json<RunFollowing>>, outcome as Maybe<Json<Box<RawValue>>>,
        receipt as Maybe<Json<Box<RawValue>>>, request_id, node,
}
