//! Sites.

use axum::response::Response;
use soar_store::model::Site;
use utoipa_axum::router::OpenApiRouter;

use super::address::{IdempotencyHeader, Name};
use super::request::{Managed, Nothing};
use super::{Routes, handlers};
use soar_host::operations::{SiteToChange, SiteToMake};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(handlers!(list, create)).routes(handlers!(get, change, remove))
}

/// All sites, by name
#[utoipa::path(get, path = "/sites", operation_id = "listSites", responses((status = 200, body = Vec<Site>)))]
async fn list(Managed { request, .. }: Managed) -> Response {
    let sites = request.operations().list_sites(&request.context).await;
    request.answer(sites).await
}

/// Make a site
#[utoipa::path(post, path = "/sites", operation_id = "makeSite", params(IdempotencyHeader), request_body = SiteToMake,
    responses((status = 201, body = Site)))]
async fn create(Managed { request, body, .. }: Managed<Nothing, Nothing, SiteToMake>) -> Response {
    let request = request.creating();
    let made = request.operations().create_site(&request.context, body).await;
    request.answer_change(made).await
}

/// One site
#[utoipa::path(get, path = "/sites/{name}", operation_id = "getSite", params(Name),
    responses((status = 200, body = Site)))]
async fn get(Managed { request, path, .. }: Managed<Name>) -> Response {
    let site = request.operations().site(&request.context, &path.name).await;
    request.answer(site).await
}

/// Change a site
#[utoipa::path(patch, path = "/sites/{name}", operation_id = "changeSite", params(Name, IdempotencyHeader),
    request_body = SiteToChange, responses((status = 200, body = Site)))]
async fn change(Managed { request, path, body, .. }: Managed<Name, Nothing, SiteToChange>) -> Response {
    let changed = request.operations().change_site(&request.context, &path.name, body).await;
    request.answer_change(changed).await
}

/// Delete a site to which nothing belongs; the answer is the deleted site
#[utoipa::path(delete, path = "/sites/{name}", operation_id = "deleteSite", params(Name, IdempotencyHeader),
    responses((status = 200, body = Site)))]
async fn remove(Managed { request, path, .. }: Managed<Name>) -> Response {
    let removed = request.operations().remove_site(&request.context, &path.name).await;
    request.answer_change(removed).await
}
