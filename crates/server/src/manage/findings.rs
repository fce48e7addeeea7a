//! Findings: tenants, collections, the log of changes, and deliveries.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use soar_host::Refusal;
use soar_host::findings::CollectionToMake;
use soar_host::findings::formats::{ChangeShown, FindingFormat, cut_to_batch, render};
use soar_host::operations::{
    ChangesSince, CollectionShown, DeliveryShown, DeliveryToMake, FindingDifferences, FindingPage, FindingShown,
    OperationError, Span, TenantRemoved,
};
use soar_store::model::{CollectionId, ConnectionId, FindingDeliveryId, FindingSequence, FindingSnapshot, Moment};
use soar_store::{FindingFilter, FindingOrder, StoreError};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use super::address::{Id, IdempotencyHeader, Name};
use super::query::{PageLimit, choice};
use super::request::{Managed, NoBodyReadOnly, Nothing};
use super::{Routes, handlers};

/// The header with the number up to which the log was read.
const THROUGH: HeaderName = HeaderName::from_static("findings-through");

pub(super) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(handlers!(list))
        .routes(handlers!(get))
        .routes(handlers!(tenants, remove_tenant))
        .routes(handlers!(collect))
        .routes(handlers!(collection))
        .routes(handlers!(changes))
        .routes(handlers!(differences))
        .routes(handlers!(deliveries, create_delivery))
        .routes(handlers!(remove_delivery))
}

/// The filter of findings.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct FindingUrlQuery {
    /// Only findings with this text in the CVE, the title, the software, or the device's name or address.
    #[param(pattern = r"^[^\u0000]*$")]
    search: Option<String>,
    /// Only findings with this CVE as their first one.
    #[param(pattern = r"^[^\u0000]*$")]
    cve: Option<String>,
    /// Only findings of the device with this name, address or id.
    #[param(pattern = r"^[^\u0000]*$")]
    device: Option<String>,
    /// Only findings of the tenant with this name or id of the product.
    #[param(pattern = r"^[^\u0000]*$")]
    tenant: Option<String>,
    /// Only findings with this status: open, reopened, suppressed or fixed.
    #[param(pattern = r"^[^\u0000]*$")]
    status: Option<String>,
    /// Also findings that are gone.
    with_gone: bool,
    /// The order; device unless given, which is by tenant and device.
    #[serde(deserialize_with = "choice")]
    #[param(inline)]
    order: Option<FindingOrder>,
    /// In descending order.
    descending: bool,
    /// Only findings after this one: the value of next on the previous page.
    #[param(pattern = r"^[^\u0000]*$")]
    after: Option<String>,
    /// The most findings on the page; 100 unless given.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    limit: PageLimit,
}

/// The changes to read.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Since {
    /// Only changes after this number; from the first one that is left if it is 0 or not given.
    #[serde(deserialize_with = "sequence")]
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Option<FindingSequence>,
    /// The time in seconds to wait for a change if there is none; 0 unless given.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 60)]
    wait: Wait,
    /// The format; ndjson unless given.
    #[serde(deserialize_with = "choice")]
    #[param(inline)]
    format: Option<FindingFormat>,
    /// The most changes in the answer; 100 unless given. An answer ends at 1 MiB, but has at least one change.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    limit: PageLimit,
}

fn sequence<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<FindingSequence>, D::Error> {
    match String::deserialize(deserializer)?.parse() {
        Ok(number @ 0..) => Ok(Some(FindingSequence(number))),
        _ => Err(serde::de::Error::custom("expected a whole number that is not negative")),
    }
}

/// A time to wait.
#[derive(Debug, Clone, Copy, Default)]
struct Wait(u64);

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.parse() {
            Ok(seconds @ 0..=60) => Ok(Self(seconds)),
            _ => Err(serde::de::Error::custom("expected a whole number from 0 to 60")),
        }
    }
}

/// A time span.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Between {
    /// The first moment, in milliseconds since 1970.
    #[param(value_type = i64)]
    from: Moment,
    /// The moment after the last one, in milliseconds since 1970.
    #[param(value_type = i64)]
    to: Moment,
    /// Only findings whose last change has a higher number: the value of next on the previous page.
    #[param(value_type = Option<i64>)]
    after: Option<FindingSequence>,
    /// The most findings on the page; 100 unless given.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000)]
    limit: PageLimit,
}

/// A tenant of a connection.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OfConnection {
    /// The id of the connection.
    #[param(value_type = i64, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    connection: ConnectionId,
    /// The product's id of the tenant; empty for a product without tenants.
    #[param(pattern = r"^[^\u0000]*$")]
    tenant: String,
}

/// Findings as they were last read
#[utoipa::path(get, path = "/findings", operation_id = "listFindings", params(FindingUrlQuery),
    responses((status = 200, body = FindingPage),
        (status = 422, description = "after is no id of a finding, or its finding was removed.")))]
async fn list(Managed { request, query, .. }: Managed<Nothing, FindingUrlQuery, NoBodyReadOnly>) -> Response {
    let FindingUrlQuery { search, cve, device, tenant, status, with_gone, order, descending, after, limit } = query;
    let filter = FindingFilter { search, cve, device, tenant, status, with_gone, order, descending, after };
    let page = request.operations().list_findings(&request.context, &filter, limit.0).await;
    request.answer(page).await
}

/// One finding by its id, with its changes and the incidents that hold it
#[utoipa::path(get, path = "/findings/items/{name}", operation_id = "getFinding", params(Name),
    responses((status = 200, body = FindingShown)))]
async fn get(Managed { request, path, .. }: Managed<Name, Nothing, NoBodyReadOnly>) -> Response {
    let finding = request.operations().finding(&request.context, &path.name).await;
    request.answer(finding).await
}

/// The last result of each tenant whose findings were collected
#[utoipa::path(get, path = "/findings/tenants", operation_id = "listFindingTenants",
    responses((status = 200, body = Vec<FindingSnapshot>)))]
async fn tenants(Managed { request, .. }: Managed<Nothing, Nothing, NoBodyReadOnly>) -> Response {
    let tenants = request.operations().finding_tenants(&request.context).await;
    request.answer(tenants).await
}

/// Remove a tenant from the findings, with its devices and changes; a later collection that names or finds it begins again
#[utoipa::path(delete, path = "/findings/tenants", operation_id = "removeFindingTenant",
    params(OfConnection, IdempotencyHeader), responses((status = 200, body = TenantRemoved),
        (status = 404, description = "The connection does not exist, or no findings of the tenant were collected.")))]
async fn remove_tenant(Managed { request, query, .. }: Managed<Nothing, OfConnection>) -> Response {
    let OfConnection { connection, tenant } = query;
    let removed = request.operations().remove_finding_tenant(&request.context, connection, &tenant).await;
    request.answer_change(removed).await
}

/// Collect the findings of tenants; the hosts of the store read them, and the answer names the collection
#[utoipa::path(post, path = "/findings/collections", operation_id = "collectFindings", params(IdempotencyHeader),
    request_body = CollectionToMake, responses((status = 201, body = CollectionShown)))]
async fn collect(Managed { request, body, .. }: Managed<Nothing, Nothing, CollectionToMake>) -> Response {
    let request = request.creating();
    let made = request.operations().collect_findings(&request.context, &body).await;
    request.answer_change(made).await
}

/// A collection, as far as it has come, with one result per tenant
#[utoipa::path(get, path = "/findings/collections/{id}", operation_id = "getFindingCollection", params(Id<CollectionId>),
    responses((status = 200, body = CollectionShown)))]
async fn collection(Managed { request, path, .. }: Managed<Id<CollectionId>>) -> Response {
    let collection = request.operations().finding_collection(&request.context, path.id).await;
    request.answer(collection).await
}

/// Changes of findings after a number, one per line; the header Findings-Through has the number for the next call
#[utoipa::path(get, path = "/findings/changes", operation_id = "listFindingChanges", params(Since),
    responses((status = 200, content((String = "application/x-ndjson"), (Vec<ChangeShown> = "application/json"), (String = "text/csv"))),
        (status = 410, description = "The log cannot go on from this number; goOnFrom is the number to go on from.")))]
async fn changes(Managed { request, query, .. }: Managed<Nothing, Since, NoBodyReadOnly>) -> Response {
    let Since { after, wait, format, limit } = query;
    let format = format.unwrap_or(FindingFormat::Ndjson);
    let wanted = ChangesSince { after, limit: limit.0, wait: Duration::from_secs(wait.0) };
    let page = request.operations().finding_changes(&request.context, wanted).await;
    let unreadable = |error: serde_json::Error| Refusal::Store(StoreError::Unreadable(error.to_string()));
    let rendered = page.and_then(|mut page| {
        if let Some(last) = cut_to_batch(format, &mut page.changes).map_err(unreadable)? {
            page.through = last;
        }
        let body = render(format, &page.changes, true).map_err(unreadable)?;
        Ok((page.changes.len(), page.through, body))
    });
    match rendered {
        Ok((count, through, body)) => {
            let mut response = request.answer_export(format!("{count} changes")).await;
            if response.status() == StatusCode::OK {
                *response.body_mut() = Body::from(body);
                let headers = response.headers_mut();
                headers.remove(header::CONTENT_LENGTH);
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
                headers.insert(THROUGH, HeaderValue::from(through.0));
            }
            response
        }
        Err(error) => request.answer(Err::<(), OperationError>(error)).await,
    }
}

/// What a time span changed: one entry per finding that is not as it was before
#[utoipa::path(get, path = "/findings/differences", operation_id = "listFindingDifferences", params(Between),
    responses((status = 200, body = FindingDifferences)))]
async fn differences(Managed { request, query, .. }: Managed<Nothing, Between, NoBodyReadOnly>) -> Response {
    let Between { from, to, after, limit } = query;
    let found = request.operations().finding_differences(&request.context, Span { from, to }, after, limit.0).await;
    request.answer(found).await
}

/// All deliveries of changes, and how far they have come
#[utoipa::path(get, path = "/findings/deliveries", operation_id = "listFindingDeliveries",
    responses((status = 200, body = Vec<DeliveryShown>)))]
async fn deliveries(Managed { request, .. }: Managed) -> Response {
    let deliveries = request.operations().list_finding_deliveries(&request.context).await;
    request.answer(deliveries).await
}

/// Send changes of findings to a webhook, in signed batches, each until it arrives
#[utoipa::path(post, path = "/findings/deliveries", operation_id = "addFindingDelivery", params(IdempotencyHeader),
    request_body = DeliveryToMake, responses((status = 201, body = DeliveryShown)))]
async fn create_delivery(Managed { request, body, .. }: Managed<Nothing, Nothing, DeliveryToMake>) -> Response {
    let request = request.creating();
    let made = request.operations().create_finding_delivery(&request.context, &body).await;
    request.answer_change(made).await
}

/// End a delivery; changes that have not arrived are not sent
#[utoipa::path(delete, path = "/findings/deliveries/{id}", operation_id = "removeFindingDelivery",
    params(Id<FindingDeliveryId>, IdempotencyHeader), responses((status = 200, body = DeliveryShown)))]
async fn remove_delivery(Managed { request, path, .. }: Managed<Id<FindingDeliveryId>>) -> Response {
    let removed = request.operations().remove_finding_delivery(&request.context, path.id).await;
    request.answer_change(removed).await
}
