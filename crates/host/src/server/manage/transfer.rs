//! Import and export of incidents and cases: a body that is a file, in or out.

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek as _, Write as _};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::BytesMut;
use serde_json::json;
use soar_store::StoreError;
use soar_store::model::{AuditEntry, Caller};
use tokio::io::AsyncReadExt as _;
use tokio::runtime::Handle;

use super::ManageError;
use super::operation::{Operation, Outside, Query, Run, described};
use crate::gate::Reply;
use crate::transfer::{self, Format, ImportOptions, ImportReport, OnConflict, Subject, TransferError};

/// How much of a file is sent at once, in bytes.
const PIECE: usize = 64 * 1024;

pub(super) fn operations() -> Vec<Operation> {
    [(Subject::Incidents, "incidents"), (Subject::Cases, "cases")].into_iter().flat_map(of).collect()
}

fn of((subject, path): (Subject, &'static str)) -> [Operation; 2] {
    let is_incidents = subject == Subject::Incidents;
    [
        Operation {
            method: "get",
            path: if is_incidents { "/transfer/incidents" } else { "/transfer/cases" },
            id: if is_incidents { "exportIncidents" } else { "exportCases" },
            summary: if is_incidents {
                "All incidents with their tasks, fields and links, as a file"
            } else {
                "All cases, as a file"
            },
            query: &[Query {
                name: "format",
                about: "How they are written; ndjson unless given.",
                schema: || json!({ "enum": Format::ALL }),
            }],
            body: None,
            status: 200,
            answer: |_| json!({ "type": "array", "items": { "type": "object" } }),
            run: Run::Export(subject),
        },
        Operation {
            method: "post",
            path: if is_incidents { "/transfer/incidents" } else { "/transfer/cases" },
            id: if is_incidents { "importIncidents" } else { "importCases" },
            summary: match path {
                "incidents" => "Store the incidents of a file; bad rows are named with their lines and stop nobody",
                _ => "Store the cases of a file; bad rows are named with their lines and stop nobody",
            },
            query: &[Query {
                name: "onConflict",
                about: "What becomes of a row whose number is taken; fail unless given.",
                schema: || json!({ "enum": OnConflict::ALL }),
            }],
            body: None,
            status: 200,
            answer: described::<ImportReport>,
            run: Run::Import(subject),
        },
    ]
}

/// The media type of a format.
pub(in crate::server) const fn media_type(format: Format) -> &'static str {
    match format {
        Format::Json => "application/json",
        Format::Ndjson => "application/x-ndjson",
        Format::Csv => "text/csv",
    }
}

/// How a body is written, by what its headers say.
pub(super) fn format_of(headers: &HeaderMap) -> Result<Format, Reply> {
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let said = said.split(';').next().unwrap_or_default().trim();
    Format::ALL.iter().copied().find(|format| said.eq_ignore_ascii_case(media_type(*format))).ok_or_else(|| {
        let valid: Vec<_> = Format::ALL.iter().map(|format| media_type(*format)).collect();
        let error = format!("The header Content-Type must say how the body is written: {}.", valid.join(", "));
        Reply::error(StatusCode::UNSUPPORTED_MEDIA_TYPE, error)
    })
}

/// Imports a file that was received whole.
pub(super) async fn import(
    managed: Outside<'_>,
    caller: Caller,
    (subject, format): (Subject, Format),
    file: File,
    entry: &AuditEntry,
) -> Result<ImportReport, ManageError> {
    let options =
        ImportOptions { subject, format, on_conflict: managed.choice("onConflict")?.unwrap_or(OnConflict::Fail) };
    let (store, entry, reader) = (managed.host.store.clone(), entry.clone(), BufReader::with_capacity(PIECE, file));
    // Reading a file blocks, so not on the threads that answer others.
    let imported = tokio::task::spawn_blocking(move || {
        Handle::current().block_on(transfer::import(&store, &caller, options, reader, &entry, &mut |_| {}))
    });
    let ended = imported.await.map_err(|error| StoreError::Unreadable(error.to_string()))?;
    ended.map_err(|error| match error {
        TransferError::Unreadable { .. } => ManageError::Refused(format!(
            "{error} What came before that line is stored. Mend it, and send it again with onConflict=skip."
        )),
        error => failed(error),
    })
}

/// What is exported, and how many rows.
pub(super) struct Exported {
    file: File,
    bytes: u64,
    format: Format,
    pub(super) rows: u64,
}

/// Writes an export to a file without a name: who reads slowly keeps nothing of the store waiting, and half an export is
/// never taken for a whole one.
pub(super) async fn export(managed: Outside<'_>, caller: Caller, subject: Subject) -> Result<Exported, ManageError> {
    let format = managed.choice("format")?.unwrap_or(Format::Ndjson);
    let store = managed.host.store.clone();
    let exported = tokio::task::spawn_blocking(move || {
        let mut out = BufWriter::with_capacity(PIECE, tempfile::tempfile()?);
        let mut progress = |_| {};
        let written = transfer::export(&store, &caller, subject, format, &mut out, &mut progress);
        let rows = Handle::current().block_on(written)?;
        out.flush()?;
        let mut file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        let bytes = file.stream_position()?;
        file.rewind()?;
        Ok(Exported { file, bytes, format, rows })
    });
    exported.await.map_err(|error| StoreError::Unreadable(error.to_string()))?.map_err(failed)
}

impl Exported {
    /// Puts the file into an answer.
    pub(super) fn into_response(self, mut response: Response) -> Response {
        let file = tokio::fs::File::from_std(self.file);
        let pieces = futures_util::stream::try_unfold(file, async |mut file| {
            let mut piece = BytesMut::with_capacity(PIECE);
            let read = file.read_buf(&mut piece).await?;
            Ok::<_, std::io::Error>((read > 0).then(|| (piece.freeze(), file)))
        });
        *response.body_mut() = Body::from_stream(pieces);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(self.format)));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(self.bytes));
        response
    }
}

fn failed(error: TransferError) -> ManageError {
    match error {
        TransferError::Store(error) => ManageError::Store(error),
        error => ManageError::Store(StoreError::Unreadable(error.to_string())),
    }
}
