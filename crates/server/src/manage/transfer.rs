//! Import and export of incidents and cases as files.

use std::fs::File;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;

use super::query::choice;
use super::request::{Managed, ManagedRequest, Nothing, RequestBody};
use super::{Routes, handlers};
use crate::Server;
use crate::gate::{ApiReply, receive};
use crate::limits::CountsBytes;
use soar_host::operations::{Exported, OperationError, Tried};
use soar_host::transfer::{Format, ImportOptions, ImportReport, OnConflict, Subject};

/// The size of the pieces of a sent file, in bytes.
const PIECE: usize = 64 * 1024;

pub(super) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(handlers!(export_incidents, import_incidents))
        .routes(handlers!(export_cases, import_cases))
}

/// The options of an export.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportUrlQuery {
    /// The format of the file; ndjson unless given.
    #[serde(deserialize_with = "choice")]
    #[param(inline)]
    format: Option<Format>,
}

/// The options of an import.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
struct Treated {
    /// The treatment of a row whose number is taken; fail unless given.
    #[serde(deserialize_with = "choice")]
    #[param(inline)]
    on_conflict: Option<OnConflict>,
}

/// A received file.
struct Upload {
    file: File,
    format: Format,
}

impl RequestBody for Upload {
    async fn read(
        headers: &HeaderMap,
        body: Body,
        host: &Server,
        _: &mut (impl CountsBytes + Send),
    ) -> Result<(Self, Bytes), ApiReply> {
        let format = format_of(headers)?;
        // Each file takes disk space on the host while it arrives.
        let _arriving = host.uploads.try_acquire().map_err(|_| ApiReply::too_many_uploads())?;
        let file = receive(body, &host.settings).await?;
        Ok((Self { file, format }, Bytes::new()))
    }
}

/// All incidents with their tasks, fields and links, as a file
#[utoipa::path(get, path = "/transfer/incidents", operation_id = "exportIncidents", params(ExportUrlQuery),
    responses((status = 200, content((Vec<Object> = "application/json"), (String = "application/x-ndjson"),
        (String = "text/csv")))))]
async fn export_incidents(Managed { request, query, .. }: Managed<Nothing, ExportUrlQuery>) -> Response {
    export(request, query, Subject::Incidents).await
}

/// All cases, as a file
#[utoipa::path(get, path = "/transfer/cases", operation_id = "exportCases", params(ExportUrlQuery),
    responses((status = 200, content((Vec<Object> = "application/json"), (String = "application/x-ndjson"),
        (String = "text/csv")))))]
async fn export_cases(Managed { request, query, .. }: Managed<Nothing, ExportUrlQuery>) -> Response {
    export(request, query, Subject::Cases).await
}

/// Store the incidents of a file; the answer lists bad rows with their lines, and the other rows are stored
#[utoipa::path(post, path = "/transfer/incidents", operation_id = "importIncidents", params(Treated),
    request_body(content((Object = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"))),
    responses((status = 200, body = ImportReport)))]
async fn import_incidents(Managed { request, query, body, .. }: Managed<Nothing, Treated, Upload>) -> Response {
    import(request, query, body, Subject::Incidents).await
}

/// Store the cases of a file; the answer lists bad rows with their lines, and the other rows are stored
#[utoipa::path(post, path = "/transfer/cases", operation_id = "importCases", params(Treated),
    request_body(content((Object = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"))),
    responses((status = 200, body = ImportReport)))]
async fn import_cases(Managed { request, query, body, .. }: Managed<Nothing, Treated, Upload>) -> Response {
    import(request, query, body, Subject::Cases).await
}

async fn import(request: ManagedRequest, query: Treated, body: Upload, subject: Subject) -> Response {
    let on_conflict = query.on_conflict.unwrap_or(OnConflict::Fail);
    let options = ImportOptions { subject, format: body.format, on_conflict };
    let imported = request.operations().import(&request.context, options, body.file).await;
    request.answer_tried(imported).await
}

async fn export(request: ManagedRequest, query: ExportUrlQuery, subject: Subject) -> Response {
    let format = query.format.unwrap_or(Format::Ndjson);
    match request.operations().export(&request.context, subject, format).await {
        Ok(Tried { value, about, .. }) => {
            let response = request.answer_export(about).await;
            // The file is sent only if the audit entry is written.
            if response.status() == StatusCode::OK { with_file(response, value, format) } else { response }
        }
        Err(error) => request.answer(Err::<(), OperationError>(error)).await,
    }
}

fn with_file(mut response: Response, exported: Exported, format: Format) -> Response {
    let file = tokio::fs::File::from_std(exported.file);
    let pieces = futures_util::stream::try_unfold(file, async |mut file| {
        use tokio::io::AsyncReadExt as _;
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = file.read_buf(&mut piece).await?;
        Ok::<_, std::io::Error>((read > 0).then(|| (piece.freeze(), file)))
    });
    *response.body_mut() = Body::from_stream(pieces);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(format)));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(exported.bytes));
    response
}

/// The media type of a format.
const fn media_type(format: Format) -> &'static str {
    match format {
        Format::Json => "application/json",
        Format::Ndjson => "application/x-ndjson",
        Format::Csv => "text/csv",
    }
}

/// The format of a body by its header Content-Type.
fn format_of(headers: &HeaderMap) -> Result<Format, ApiReply> {
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let said = said.split(';').next().unwrap_or_default().trim();
    Format::ALL.iter().copied().find(|format| said.eq_ignore_ascii_case(media_type(*format))).ok_or_else(|| {
        let valid: Vec<_> = Format::ALL.iter().map(|format| media_type(*format)).collect();
        let error = format!("The header Content-Type must give the format of the body: {}.", valid.join(", "));
        ApiReply::error(StatusCode::UNSUPPORTED_MEDIA_TYPE, error)
    })
}
