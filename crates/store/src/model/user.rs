//! Users: people and programs in whose name calls are made.

use super::UserId;
use serde::Serialize;
use utoipa::ToSchema;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its number in this instance.
    #[schema(value_type = i64)]
    pub id: UserId,
    /// Its name, such as `admin user`; compared without regard to case.
    pub name: String,
    /// Where mail goes.
    pub email: Option<String>,
    /// Whether it may do anything at all.
    #[sqlx(try_from = "crate::columns::Flag")]
    pub active: bool,
    /// Whether it has every right on every site, and manages the instance.
    #[sqlx(try_from = "crate::columns::Flag")]
    pub is_administrator: bool,
}
