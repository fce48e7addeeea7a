//! Export: reads rows from the store page by page, and writes each page at once.

use std::collections::HashMap;
use std::io::Write;

use serde_json::Value;
use soar_store::model::{Caller, IncidentId, Right, SiteId};
use soar_store::{HeldRows, Oversize, Records, Store};

use super::write_record::{Belongings, CASE_COLUMNS, FieldTexts, INCIDENT_COLUMNS, write_case, write_incident};
use super::{Format, Subject, TransferError, TransferProgress, formula};

/// The limit of rows in memory at once.
const PAGE: i64 = 500;
const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// Writes all rows that the caller may see, in the order of their creation. Links to objects that the caller may not
/// see are left out. Each page is consistent. Changes during the export show on later pages. Writing blocks the task.
///
/// `progress` is called after each page. Returns the number of rows.
///
/// # Errors
/// [`TransferError`] when the store or the file fails.
pub async fn export(
    store: &Store,
    caller: &Caller,
    subject: Subject,
    format: Format,
    out: &mut (dyn Write + Send),
    progress: &mut (dyn FnMut(TransferProgress) + Send),
) -> Result<u64, TransferError> {
    let mut reader = store.reader().await?;
    let mut records = reader.records();
    let sites: HashMap<SiteId, String> = records
        .sites()
        .await?
        .into_iter()
        .filter(|site| caller.may(Right::SeeIncidents, site.id))
        .map(|site| (site.id, site.name))
        .collect();
    let ids: Vec<SiteId> = sites.keys().copied().collect();
    let total = match subject {
        Subject::Incidents => records.count_incidents(&ids).await?,
        Subject::Cases => records.count_cases(&ids).await?,
    };
    drop(reader);
    let mut writer = ExportWriter::new(subject, format, out)?;
    let (mut after_incident, mut after_case) = (None, None);
    loop {
        // One reader per page, so that a stalled export holds no connection of the store.
        let mut reader = store.reader().await?;
        let mut records = reader.records();
        let rows = match subject {
            Subject::Incidents => incidents(&mut records, caller, &sites, &ids, &mut after_incident).await?,
            Subject::Cases => {
                let found = records.cases_after(&ids, None, after_case, PAGE, Oversize::Cut(PAGE_BYTES)).await?;
                let cases = found.rows;
                after_case = cases.last().map(|case| case.id);
                let name = |site| sites.get(&site).map_or("", String::as_str);
                cases.iter().map(|case| write_case(case, name(case.site_id))).collect()
            }
        };
        drop(reader);
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            writer.row(row)?;
        }
        progress(TransferProgress { rows: writer.rows, total_rows: u64::try_from(total).ok(), bytes: 0 });
    }
    writer.finish()
}

async fn incidents(
    records: &mut Records<'_>,
    caller: &Caller,
    sites: &HashMap<SiteId, String>,
    site_ids: &[SiteId],
    after: &mut Option<IncidentId>,
) -> Result<Vec<FieldTexts>, TransferError> {
    let HeldRows { rows: incidents, room: _room } = records.incidents_after(site_ids, *after, PAGE, PAGE_BYTES).await?;
    *after = incidents.last().map(|incident| incident.id);
    let ids: Vec<IncidentId> = incidents.iter().map(|incident| incident.id).collect();
    let tasks = records.tasks_of(&ids).await?;
    let fields = records.fields_of(&ids).await?;
    let mut cases = records.cases_of(&ids).await?;
    let mut linked = records.links_of(&ids).await?;
    let findings = records.findings_of(&ids).await?;
    let rules = records.rules_of(&ids).await?;
    for links in cases.values_mut().chain(linked.values_mut()) {
        links.retain(|link| caller.may(Right::SeeIncidents, link.site_id));
    }
    let rows = incidents.iter().map(|incident| {
        let id = &incident.id;
        let its = Belongings {
            tasks: tasks.get(id).map_or(&[], Vec::as_slice),
            fields: fields.get(id).map_or(&[], Vec::as_slice),
            cases: cases.get(id).map_or(&[], Vec::as_slice),
            linked: linked.get(id).map_or(&[], Vec::as_slice),
            findings: findings.get(id).map_or(&[], Vec::as_slice),
            rule: rules.get(id).and_then(|rules| rules.first()),
        };
        write_incident(incident, sites.get(&incident.site_id).map_or("", String::as_str), its)
    });
    Ok(rows.collect())
}

/// Writes rows in a format.
struct ExportWriter<'w> {
    format: Format,
    out: &'w mut (dyn Write + Send),
    rows: u64,
}

impl<'w> ExportWriter<'w> {
    fn new(subject: Subject, format: Format, out: &'w mut (dyn Write + Send)) -> Result<Self, TransferError> {
        match format {
            Format::Json => out.write_all(b"[")?,
            Format::Ndjson => {}
            Format::Csv => {
                let columns = match subject {
                    Subject::Incidents => INCIDENT_COLUMNS,
                    Subject::Cases => CASE_COLUMNS,
                };
                line(out, columns.iter().map(|name| (*name).to_owned()))?;
            }
        }
        Ok(Self { format, out, rows: 0 })
    }

    fn row(&mut self, row: &FieldTexts) -> Result<(), TransferError> {
        if self.format == Format::Csv {
            line(self.out, row.iter().map(|(_, json)| cell(json)))?;
        } else {
            let fields: Vec<_> = row.iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
            let before = match (self.format, self.rows) {
                (Format::Ndjson, _) => "",
                (_, 0) => "\n",
                _ => ",\n",
            };
            let after = if self.format == Format::Ndjson { "\n" } else { "" };
            write!(self.out, "{before}{{{}}}{after}", fields.join(","))?;
        }
        self.rows += 1;
        Ok(())
    }

    fn finish(self) -> Result<u64, TransferError> {
        if self.format == Format::Json {
            self.out.write_all(b"\n]\n")?;
        }
        self.out.flush()?;
        Ok(self.rows)
    }
}

/// The content of a cell: a text without quotes, an empty cell for null and an empty list, and JSON for all other
/// values.
fn cell(json: &str) -> String {
    match json {
        "null" | "[]" => String::new(),
        _ if json.starts_with('"') => match serde_json::from_str(json) {
            Ok(Value::String(text)) => formula::guarded(&text),
            _ => json.to_owned(),
        },
        _ => formula::guarded(json),
    }
}

fn line(out: &mut (dyn Write + Send), cells: impl Iterator<Item = String>) -> Result<(), TransferError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let problem = |error: csv::Error| TransferError::File(std::io::Error::other(error));
    writer.write_record(cells).map_err(problem)?;
    let text = writer.into_inner().map_err(|error| TransferError::File(error.into_error()))?;
    Ok(out.write_all(&text)?)
}
