//! Reads a file row by row, and stores the rows in batches.

use std::collections::{HashMap, HashSet};
use std::io::BufRead;

use soar_store::Store;
use soar_store::model::{AuditEntry, Caller};

use super::options::{BATCH_SIZE, ImportOptions};
use super::report::ImportReport;
use super::under_way::Import;
use crate::transfer::read_record::{CaseRow, Importer, IncidentRow};
use crate::transfer::source::RowSource;
use crate::transfer::{Subject, TransferError, TransferProgress};

/// The number of bytes of the file after which a batch is stored, even if it has fewer rows.
const BATCH_BYTES: u64 = 16 * 1024 * 1024;

/// Imports rows in the caller's name, onto sites where the caller may change incidents. Each batch of rows is a
/// transaction. After a crash the same file can be imported again with [`OnConflict::Skip`](super::OnConflict::Skip).
/// Reading blocks the task.
///
/// `progress` is called after each batch. Each batch writes an audit entry like `entry` with the batch's counts, in
/// its transaction.
///
/// # Errors
/// [`TransferError`] when the store fails or the file cannot be read further. Earlier batches stay stored.
pub async fn import<R: BufRead + Send>(
    store: &Store,
    caller: &Caller,
    options: ImportOptions,
    reader: R,
    entry: &AuditEntry,
    progress: &mut (dyn FnMut(TransferProgress) + Send),
) -> Result<ImportReport, TransferError> {
    let mut source = RowSource::new(options.subject, options.format, reader)?;
    let sites = store.reader().await?.records().sites().await?;
    let sites = sites.into_iter().map(|site| (site.name.clone(), site)).collect();
    let importer = Importer { user: &caller.user.name, now: entry.at };
    let mut import = Import {
        store,
        caller,
        options,
        entry,
        sites,
        owners: HashMap::new(),
        report: ImportReport::default(),
        late: Vec::new(),
    };
    let (mut rows, mut stored_bytes) = (0, 0);
    let mut incidents = Vec::new();
    let mut cases = Vec::new();
    let mut numbers = HashSet::new();
    while let Some(row) = source.next()? {
        rows += 1;
        let (line, row) = match row {
            Ok(row) => row,
            Err(bad) => {
                import.report.failed += 1;
                import.report.keep(bad);
                continue;
            }
        };
        let number = match options.subject {
            Subject::Incidents => match IncidentRow::read(row, importer) {
                Ok(row) => {
                    let number = row.incident.number.clone();
                    incidents.push((line, row));
                    number
                }
                Err(problems) => {
                    import.report.bad(line, problems);
                    continue;
                }
            },
            Subject::Cases => match CaseRow::read(row, importer) {
                Ok(row) => {
                    let number = row.case.number.clone();
                    cases.push((line, row));
                    number
                }
                Err(problems) => {
                    import.report.bad(line, problems);
                    continue;
                }
            },
        };
        // Store the batch before a number that it already has, so that the conflict is found in the store.
        if !numbers.insert(number) {
            let (incident, case) = (incidents.pop(), cases.pop());
            match options.subject {
                Subject::Incidents => import.incidents(std::mem::take(&mut incidents)).await?,
                Subject::Cases => import.cases(std::mem::take(&mut cases)).await?,
            }
            numbers.clear();
            numbers.extend(incident.iter().map(|(_, row)| row.incident.number.clone()));
            numbers.extend(case.iter().map(|(_, row)| row.case.number.clone()));
            incidents.extend(incident);
            cases.extend(case);
        }
        if numbers.len() >= BATCH_SIZE || source.bytes() >= stored_bytes + BATCH_BYTES {
            stored_bytes = source.bytes();
            import.incidents(std::mem::take(&mut incidents)).await?;
            import.cases(std::mem::take(&mut cases)).await?;
            numbers.clear();
            progress(TransferProgress { rows, total_rows: None, bytes: source.bytes() });
        }
    }
    import.incidents(incidents).await?;
    import.cases(cases).await?;
    import.late_links().await?;
    progress(TransferProgress { rows, total_rows: Some(rows), bytes: source.bytes() });
    Ok(import.report)
}
