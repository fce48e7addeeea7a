//! The audit log.

use axum::response::Response;
use serde::Deserialize;
use soar_store::AuditFilter;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use super::query::PageLimit;
use super::request::{Managed, Nothing};
use super::{Routes, handlers};
use soar_host::operations::AuditPage;
use soar_store::model::{AuditEntryId, Moment};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(handlers!(list))
}

/// The filter of entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[derive(Default)]
struct AuditUrlQuery {
    /// Only entries before this id.
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
    /// Only calls on this site.
    #[param(pattern = r"^[^\u0000]*$")]
    site: Option<String>,
    /// Only calls of this command.
    #[param(pattern = r"^[^\u0000]*$")]
    command: Option<String>,
    /// Only the call with this request id.
    #[param(pattern = r"^[^\u0000]*$")]
    request_id: Option<String>,
    /// Only accepted calls (true), or only refused calls (false).
    accepted: Option<bool>,
    /// The most entries on the page; 100 unless given.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    limit: PageLimit,
}

/// The audit log: calls with their callers and results, the newest first
#[utoipa::path(get, path = "/audit", operation_id = "listAudit", params(AuditUrlQuery),
    responses((status = 200, body = AuditPage)))]
async fn list(Managed { request, query, .. }: Managed<Nothing, AuditUrlQuery>) -> Response {
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
