//! Reads a file row by row, and stores the rows a batch at a time.

use std::collections::{HashMap, HashSet};
use std::io::BufRead;

use soar_store::Store;
use soar_store::model::{AuditEntry, Caller};

use super::options::{BATCH, ImportOptions};
use super::report::ImportReport;
use super::under_way::Import;
use crate::transfer::read_record::{CaseRow, Importer, IncidentRow};
use crate::transfer::source::Source;
use crate::transfer::{Progress, Subject, TransferError};

/// After how many bytes of the file a transaction stores the rows so far, even if they are fewer.
const BATCH_BYTES: u64 = 16 * 1024 * 1024;

/// Imports rows in the caller's name, onto sites where the caller may change incidents. Batches of rows are
/// transactions: after a crash a row is there whole or not at all, and the same file can be imported again with
/// [`OnConflict::Skip`](super::OnConflict::Skip). Reading blocks the task, as a file or a pipe does.
///
/// `progress` is told after each batch. `entry` says who imports what and when: every batch is in the audit log under
/// it, in the batch's own transaction, with what the batch did.
///
/// # Errors
/// [`TransferError`] when the store fails or the file cannot be read any further; batches before stay.
pub async fn import<R: BufRead + Send>(
    store: &Store,
    caller: &Caller,
    options: ImportOptions,
    reader: R,
    entry: &AuditEntry,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<ImportReport, TransferError> {
    let mut source = Source::new(options.subject, options.format, reader)?;
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
        // A number that comes twice meets itself in the store.
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
        if numbers.len() >= BATCH || source.bytes() >= stored_bytes + BATCH_BYTES {
            stored_bytes = source.bytes();
            import.incidents(std::mem::take(&mut incidents)).await?;
            import.cases(std::mem::take(&mut cases)).await?;
            numbers.clear();
            progress(Progress { rows, total_rows: None, bytes: source.bytes() });
        }
    }
    import.incidents(incidents).await?;
    import.cases(cases).await?;
    import.late_links().await?;
    progress(Progress { rows, total_rows: Some(rows), bytes: source.bytes() });
    Ok(import.report)
}
