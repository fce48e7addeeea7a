//! The optional capability "followable command": a command whose work goes on in the product after its start.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a command is followed. A command without this table ends with its reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FollowableCommand {
    /// The text input that takes the token of an earlier start. The command then starts nothing and follows that work.
    pub token: String,
    /// The integer input that takes how long the work is followed, in minutes.
    pub limit: String,
    /// How long the work is followed unless told otherwise, in minutes.
    pub default_limit: u32,
}
