//! `PATCH /console/scanSurface/currentTargets/{targetId}/`: takes a target out of scope or back in.

use axum::http::StatusCode;

use crate::{
    Generation,
    call::{Call, required},
    reply::Reply,
    scopes::Scope,
};

/// An empty 200; 400 for another scope than the generation knows, 404 for an unknown target.
pub(crate) fn change(call: &Call<'_>) -> Result<Reply, Reply> {
    let target = call.element_id()?;
    if !call.inventory().has_target(target) {
        return Err(Reply::not_found());
    }
    let fields = call.fields()?;
    let text = required(&fields, "scope")?;
    let scope = match (call.generation(), text) {
        (_, "OUT") => Scope::Out,
        (Generation::Legacy, "IN") => Scope::In,
        (Generation::Legacy, "ALL") => Scope::All,
        (Generation::Legacy, other) => {
            let problem = format!("\"{other}\" is not a valid choice.");
            return Err(Reply::field("scope", &problem));
        }
        (Generation::Current, _) => {
            return Err(Reply::detail(StatusCode::BAD_REQUEST, "Only the scope OUT is supported."));
        }
    };
    call.world.scopes.set(target, scope);
    Ok(Reply::empty(StatusCode::OK))
}
