//! Import and export of incidents and cases as files.

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek as _, Write as _};

use soar_store::StoreError;
use soar_store::model::AuditEntry;
use tokio::runtime::Handle;

use super::{OperationError, Operations, RequestContext, Tried};
use crate::Refusal;
use crate::transfer::{self, Format, ImportOptions, ImportReport, Subject, TransferError};

/// How much of a file is read or written at once, in bytes.
const PIECE: usize = 64 * 1024;

/// A whole export.
#[derive(Debug)]
pub struct Exported {
    /// A file without a name, at its beginning.
    pub file: File,
    /// Its length in bytes.
    pub bytes: u64,
    /// How many rows it holds.
    pub rows: u64,
}

impl Operations {
    /// Writes an export to a file without a name: a slow reader keeps nothing of the store waiting, and half an export is
    /// never taken for a whole one.
    ///
    /// # Errors
    /// [`OperationError`] when the store fails, or there is no room for the file.
    pub async fn export(
        &self,
        context: &RequestContext,
        subject: Subject,
        format: Format,
    ) -> Result<Tried<Exported>, OperationError> {
        let caller = context.caller_anywhere(&mut self.reader(context).await?.records()).await?;
        let store = self.store.clone();
        // Writing a file blocks, so not on the threads that answer others.
        let exported = tokio::task::spawn_blocking(move || {
            let mut out = BufWriter::with_capacity(PIECE, tempfile::tempfile()?);
            let mut progress = |_| {};
            let written = transfer::export(&store, &caller, subject, format, &mut out, &mut progress);
            let rows = Handle::current().block_on(written)?;
            out.flush()?;
            let mut file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            let bytes = file.stream_position()?;
            file.rewind()?;
            Ok(Exported { file, bytes, rows })
        });
        let value = joined(exported.await)?.map_err(failed)?;
        Ok(Tried { about: format!("{} rows", value.rows), value, site: String::new() })
    }

    /// Stores the rows of a file. Each batch of rows is a transaction with its audit entry.
    ///
    /// # Errors
    /// [`OperationError`] when the store fails, or the file cannot be read to its end; what came before is stored.
    pub async fn import(
        &self,
        context: &RequestContext,
        options: ImportOptions,
        file: File,
    ) -> Result<Tried<ImportReport>, OperationError> {
        let caller = context.caller_anywhere(&mut self.reader(context).await?.records()).await?;
        let reason = format!("{} as {}", options.subject, options.format);
        let entry = AuditEntry { accepted: true, reason, ..context.entry.clone() };
        let (store, reader) = (self.store.clone(), BufReader::with_capacity(PIECE, file));
        let imported = tokio::task::spawn_blocking(move || {
            Handle::current().block_on(transfer::import(&store, &caller, options, reader, &entry, &mut |_| {}))
        });
        let report = joined(imported.await)?.map_err(|error| match error {
            TransferError::Unreadable { .. } => Refusal::Because(format!(
                "{error} What came before that line is stored. Mend it, and send it again with onConflict=skip."
            )),
            error => failed(error),
        })?;
        Ok(Tried { about: report.to_string(), value: report, site: String::new() })
    }
}

fn joined<T>(ended: Result<T, tokio::task::JoinError>) -> Result<T, Refusal> {
    ended.map_err(|error| Refusal::Store(StoreError::Unreadable(error.to_string())))
}

fn failed(error: TransferError) -> Refusal {
    match error {
        TransferError::Store(error) => error.into(),
        error => Refusal::Store(StoreError::Unreadable(error.to_string())),
    }
}
