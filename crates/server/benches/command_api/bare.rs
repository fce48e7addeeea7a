//! The reference: an axum handler that runs the same SQL as Get Incidents on the same store, and keeps the same entry in
//! the audit log before it answers. It checks no key, no right and no limit.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use soar_host::audit::AuditWriter;
use soar_store::model::{AuditEntry, Incident, Moment, SiteId, Surface};
use soar_store::{Comparison, Condition, ConditionField, LongTexts, Operand, Search, SearchField, SearchOrder, Store};

use crate::load::PATH;

struct Bare {
    store: Store,
    audit: AuditWriter,
    site: SiteId,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BareCall {
    username: String,
    site: String,
    command_params: BareParameters,
}

#[derive(Deserialize)]
struct BareParameters {
    #[serde(rename = "Start Time")]
    start: String,
    #[serde(rename = "End Time")]
    end: String,
    #[serde(rename = "Page Index")]
    index: i64,
    #[serde(rename = "Page Size")]
    size: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BareAnswer<'i> {
    error: &'static str,
    return_data: &'static str,
    context_data: &'i [BareIncident<'i>],
    raw_data: BareRawData<'i>,
}

#[derive(Serialize)]
struct BareRawData<'i> {
    incidents: &'i [BareIncident<'i>],
}

#[derive(Serialize)]
struct BareIncident<'i> {
    #[serde(rename = "Incident Number")]
    number: &'i str,
    #[serde(rename = "Title")]
    title: &'i str,
    #[serde(rename = "Status")]
    status: String,
    #[serde(rename = "Severity")]
    severity: String,
    #[serde(rename = "Owner")]
    owner: &'i str,
}

/// Starts the handler. Returns its `address:port`.
pub async fn start(store: Store, site: SiteId) -> String {
    let bare = Bare { audit: AuditWriter::start(store.clone()), store, site };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("an address");
    let address = listener.local_addr().expect("its address").to_string();
    let router = Router::new().route(PATH, post(answer)).with_state(Arc::new(bare));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn moment(text: &str) -> Moment {
    let time = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).expect("a time");
    Moment(time.to_zoned(TimeZone::UTC).expect("a time").timestamp().as_millisecond())
}

async fn answer(State(bare): State<Arc<Bare>>, Json(call): Json<BareCall>) -> impl IntoResponse {
    let is_open = Condition {
        subject: ConditionField::Static(SearchField::Status),
        comparison: Comparison::Equal,
        operand: Operand::Text("Open".to_owned()),
    };
    let BareParameters { start, end, index, size } = &call.command_params;
    let search = Search {
        sites: vec![bare.site],
        from: moment(start),
        until: Moment(moment(end).0 + 1000),
        groups: vec![vec![is_open]],
        text: None,
        order: SearchOrder::Oldest,
        after: None,
        offset: index * size,
        limit: *size,
        texts: LongTexts::NONE,
    };
    let mut reader = bare.store.reader().await.expect("a reader");
    let incidents = reader.records().search_incidents(&search).await.expect("incidents");
    drop(reader);
    let rows: Vec<_> = incidents.rows.iter().map(row).collect();
    let answer = BareAnswer {
        error: "",
        return_data: "Successful",
        context_data: &rows,
        raw_data: BareRawData { incidents: &rows },
    };
    let body = serde_json::to_vec(&answer).expect("JSON");
    let request_id = uuid::Uuid::now_v7().to_string();
    let entry = AuditEntry {
        at: Moment(Timestamp::now().as_millisecond()),
        request_id: request_id.clone(),
        surface: Surface::Command,
        address: "127.0.0.1".to_owned(),
        key: "bench".to_owned(),
        username: call.username,
        acting_for: String::new(),
        site: call.site,
        command: "GetIncidents".to_owned(),
        status: 200,
        accepted: true,
        reason: String::new(),
    };
    bare.audit.write(entry, None).await.expect("a kept entry");
    (
        [
            (header::CONTENT_TYPE, "application/json".to_owned()),
            (header::HeaderName::from_static("x-request-id"), request_id),
        ],
        body,
    )
}

fn row(incident: &Incident) -> BareIncident<'_> {
    BareIncident {
        number: &incident.number,
        title: &incident.title,
        status: incident.status.to_string(),
        severity: incident.severity.to_string(),
        owner: incident.owner.as_deref().unwrap_or_default(),
    }
}
