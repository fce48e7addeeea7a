//! `GET /common/users/`: the users of a tenant.
//!
//! The vendor's documents lack this route. Its members are those that the vendor's script
//! `users-per-tenant-retrieve` (repository codaintelligenceUS/api-examples) reads.

use serde::Serialize;

use super::session_rows::Person;
use crate::{call::RoutedRequest, reply::Reply};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TenantUserRow<'a> {
    first_name: &'static str,
    last_name: &'static str,
    is_active: bool,
    email: &'a str,
}

/// All of them as an array.
pub(crate) fn list(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let users = call.world.users.iter().filter(|user| user.kind.may_see(call.tenant));
    Ok(Reply::array(users.map(|user| {
        let person = Person::of(call, user);
        TenantUserRow {
            first_name: person.first_name,
            last_name: person.last_name,
            is_active: true,
            email: &user.user_name,
        }
    })))
}
