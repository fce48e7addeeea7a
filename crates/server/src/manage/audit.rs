//! The audit log, a page at a time.

use axum::response::Response;
use serde::Deserialize;
use soar_store::AuditFilter;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use super::query::Limit;
use super::request::{Managed, Nothing};
use soar_host::operations::AuditPage;
use soar_store::model::{AuditEntryId, Moment};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list))
}

/// Which entries are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[derive(Default)]
struct Wanted {
    /// Only entries before this number.
    #[param(value_type = Option<i64>)]
    before: Option<AuditEntryId>,
    /// Only entries of this time or later.
    #[param(value_type = Option<i64>)]
    since: Option<Moment>,
    /// Only entries before this time.
    #[param(value_type = Option<i64>)]
    until: Option<Moment>,
    /// Only calls of this user.
    #[param(pattern = r"^[^\u0000]*$")]
    username: Option<String>,
    /// Only calls with this key.
    #[param(pattern = r"^[^\u0000]*$")]
    key: Option<String>,
    /// Only on this site.
    #[param(pattern = r"^[^\u0000]*$")]
    site: Option<String>,
    /// Only of this command.
    #[param(pattern = r"^[^\u0000]*$")]
    command: Option<String>,
    /// Only the call of this request id.
    #[param(pattern = r"^[^\u0000]*$")]
    request_id: Option<String>,
    /// Only accepted ones (true), or only refused ones (false).
    accepted: Option<bool>,
    /// How many at most; 100 unless given.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    limit: Limit,
}

/// Who called what, and with which result, the newest first
#[utoipa::path(get, path = "/audit", operation_id = "listAudit", params(Wanted),
    responses((status = 200, body = AuditPage)))]
async fn list(Managed { request, query, .. }: Managed<Nothing, Wanted>) -> Response {
    let filter = AuditFilter {
        before: query.before,
        since: query.since,
        until: query.until,
        username: query.username,
        key: query.key,
        site: query.site,
        command: query.command,
        request_id: query.request_id,
        accepted: query.accepted,
    };
    let page = request.operations().audit_log(&request.context, &filter, query.limit.0).await;
    request.answer(page).await
}
