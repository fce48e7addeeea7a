//! Users: people and programs in whose name calls are made.

use super::UserId;
use crate::columns::{Flag, from_row};
use serde::Serialize;
use utoipa::ToSchema;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its id in this instance.
    #[schema(value_type = i64)]
    pub id: UserId,
    /// Its name, such as `admin user`. Case makes no difference.
    pub name: String,
    /// The address that mail goes to.
    pub email: Option<String>,
    /// Whether the user is active. An inactive user may do nothing.
    pub active: bool,
    /// Whether it is an administrator, who has every right on every site and manages the instance.
    pub is_administrator: bool,
}

from_row! { User: id, name, email, active as Flag, is_administrator as Flag }
