//! Operations for the import and export of incidents and cases as files.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Seek as _, Write};

use soar_store::StoreError;
use soar_store::model::AuditEntry;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::{OperationError, Operations, RequestContext, Tried, boxed};
use crate::Refusal;
use crate::transfer::{self, Format, ImportOptions, ImportReport, Subject, TransferError, TransferProgress};

/// The buffer size for reading and writing files, in bytes.
const PIECE: usize = 64 * 1024;

/// A finished export.
#[derive(Debug)]
pub struct Exported {
    /// An unnamed file, positioned at its beginning.
    pub file: File,
    /// The file's length in bytes.
    pub bytes: u64,
    /// The number of rows in the file.
    pub rows: u64,
}

impl Operations {
    /// Writes an export to an unnamed file. A slow reader then does not block the store, and a partial export cannot be
    /// mistaken for a whole one.
    ///
    /// # Errors
    /// [`OperationError`] when the store fails, or the file cannot be written.
    #[boxed]
    pub async fn export(
        &self,
        context: &RequestContext,
        subject: Subject,
        format: Format,
    ) -> Result<Tried<Exported>, OperationError> {
        let (operations, context) = (self.clone(), context.clone());
        // Dropped with this future if the caller goes away.
        let (_waiting, gone) = oneshot::channel::<()>();
        // Writing a file blocks, so it runs on a thread for blocking work.
        let exported = tokio::task::spawn_blocking(move || {
            let mut out = BufWriter::with_capacity(PIECE, tempfile::tempfile().map_err(OperationError::File)?);
            let mut progress = |_| {};
            let writing = operations.export_to(&context, subject, format, &mut out, &mut progress);
            let Tried { value: rows, about, site } = Handle::current().block_on(async {
                tokio::select! {
                    written = writing => written,
                    _ = gone => Err(StoreError::closed().into()),
                }
            })?;
            let file = out.into_inner().map_err(|error| OperationError::File(error.into_error()))?;
            Ok(Tried { value: whole(file, rows).map_err(OperationError::File)?, about, site })
        });
        joined(exported.await)?
    }

    /// Writes an export to `out`, and returns the number of rows.
    ///
    /// # Errors
    /// [`OperationError`] when the store fails, or `out` cannot be written.
    #[boxed]
    pub async fn export_to(
        &self,
        context: &RequestContext,
        subject: Subject,
        format: Format,
        out: &mut (dyn Write + Send),
        progress: &mut (dyn FnMut(TransferProgress) + Send),
    ) -> Result<Tried<u64>, OperationError> {
        let caller = context.caller_anywhere(&mut self.reader(context).await?.records()).await?;
        let rows = transfer::export(&self.store, &caller, subject, format, out, progress).await.map_err(failed)?;
        out.flush().map_err(OperationError::File)?;
        Ok(Tried { about: format!("{rows} rows"), value: rows, site: String::new() })
    }

    /// Imports the rows of a file, on a thread for blocking work.
    ///
    /// # Errors
    /// As [`import_from`](Self::import_from).
    #[boxed]
    pub async fn import(
        &self,
        context: &RequestContext,
        options: ImportOptions,
        file: File,
    ) -> Result<Tried<ImportReport>, OperationError> {
        let (operations, context) = (self.clone(), context.clone());
        let reader = BufReader::with_capacity(PIECE, file);
        let imported = tokio::task::spawn_blocking(move || {
            Handle::current().block_on(operations.import_from(&context, options, reader, &mut |_| {}))
        });
        joined(imported.await)?
    }

    /// Imports the rows from `reader`. Each batch of rows is a transaction with its audit entry.
    ///
    /// # Errors
    /// [`OperationError`] when the store fails, or a row cannot be read. Earlier batches stay stored.
    pub async fn import_from(
        &self,
        context: &RequestContext,
        options: ImportOptions,
        reader: impl BufRead + Send,
        progress: &mut (dyn FnMut(TransferProgress) + Send),
    ) -> Result<Tried<ImportReport>, OperationError> {
        let caller = context.caller_anywhere(&mut self.reader(context).await?.records()).await?;
        let reason = format!("{} as {}", options.subject, options.format);
        let entry = AuditEntry { accepted: true, reason, ..context.entry.clone() };
        let imported = transfer::import(&self.store, &caller, options, reader, &entry, progress).await;
        let report = imported.map_err(failed)?;
        Ok(Tried { about: report.to_string(), value: report, site: String::new() })
    }
}

/// The file, positioned at its beginning.
fn whole(mut file: File, rows: u64) -> std::io::Result<Exported> {
    let bytes = file.stream_position()?;
    file.rewind()?;
    Ok(Exported { file, bytes, rows })
}

fn joined<T>(ended: Result<T, tokio::task::JoinError>) -> Result<T, Refusal> {
    ended.map_err(|error| Refusal::Store(StoreError::Unreadable(error.to_string())))
}

fn failed(error: TransferError) -> OperationError {
    match error {
        TransferError::Store(error) => error.into(),
        TransferError::File(error) => OperationError::File(error),
        error @ TransferError::Unreadable { .. } => Refusal::Because(format!(
            "{error} Valid rows before that line are stored. Correct the line, and import the file again with \
             onConflict=skip over HTTP or --on-conflict skip at the terminal. That skips the stored rows."
        ))
        .into(),
    }
}
