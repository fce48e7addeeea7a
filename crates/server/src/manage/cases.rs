//! Cases. The command LinkIncidentsToNewCase and imports create them.

use axum::response::Response;
use serde::Deserialize;
use soar_store::model::{CaseId, Status};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use super::address::Number;
use super::query::{PageLimit, choice};
use super::request::{Managed, Nothing};
use super::{Routes, handlers};
use soar_host::operations::CasePage;
use soar_host::views::WholeCase;

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(handlers!(list)).routes(handlers!(get))
}

/// The filter of cases.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CaseUrlQuery {
    /// Only cases after this one: the value of next on the previous page.
    #[param(value_type = Option<i64>)]
    after: Option<CaseId>,
    /// Only cases on this site.
    #[param(pattern = r"^[^\u0000]*$")]
    site: Option<String>,
    /// Only cases with this status.
    #[serde(deserialize_with = "choice")]
    #[param(inline)]
    status: Option<Status>,
    /// The most cases on the page; 100 unless given.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    limit: PageLimit,
}

/// Cases, in the order of their creation
#[utoipa::path(get, path = "/cases", operation_id = "listCases", params(CaseUrlQuery),
    responses((status = 200, body = CasePage)))]
async fn list(Managed { request, query, .. }: Managed<Nothing, CaseUrlQuery>) -> Response {
    let CaseUrlQuery { after, site, status, limit } = query;
    let page = request.operations().list_cases(&request.context, site.as_deref(), status, after, limit.0).await;
    request.answer(page).await
}

/// One case, with its linked incidents
#[utoipa::path(get, path = "/cases/{number}", operation_id = "getCase", params(Number),
    responses((status = 200, body = WholeCase)))]
async fn get(Managed { request, path, .. }: Managed<Number>) -> Response {
    let case = request.operations().case(&request.context, &path.number).await;
    request.answer(case).await
}
