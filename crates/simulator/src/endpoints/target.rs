//! `PATCH /console/scanSurface/currentTargets/{targetId}/`: takes a target out of scope or back in.

use axum::http::StatusCode;

use crate::{
    call::{RoutedRequest, required},
    dialect::EndpointForm,
    reply::Reply,
    scopes::Scope,
};

/// An empty 200; 400 for a scope that the instance's form does not know, 404 for an unknown target.
pub(crate) fn change(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let target = call.element_id()?;
    if !call.inventory().has_target(target) {
        return Err(Reply::not_found());
    }
    let fields = call.fields()?;
    let text = required(&fields, "scope")?;
    let scope = match (call.dialect().target, text) {
        (_, "OUT") => Scope::Out,
        (EndpointForm::Legacy, "IN") => Scope::In,
        (EndpointForm::Legacy, "ALL") => Scope::All,
        (EndpointForm::Legacy, other) => {
            let problem = format!("\"{other}\" is not a valid choice.");
            return Err(Reply::field("scope", &problem));
        }
        (EndpointForm::Current, _) => {
            return Err(Reply::detail(StatusCode::BAD_REQUEST, "Only the scope OUT is supported."));
        }
    };
    call.world.scopes.set(target, scope);
    Ok(Reply::empty(StatusCode::OK))
}
