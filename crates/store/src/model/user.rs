//! Users: people and programs in whose name calls are made.

use super::UserId;
use serde::Serialize;
use utoipa::ToSchema;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
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
    #[sqlx(try_from = "crate::columns::Flag")]
    pub active: bool,
    /// Whether it is an administrator, who has every right on every site and manages the instance.
    #[sqlx(try_from = "crate::columns::Flag")]
    pub is_administrator: bool,
}
