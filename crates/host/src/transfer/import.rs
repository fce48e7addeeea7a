//! Import: rows are read, checked and stored a batch at a time; a bad one does not stop the good ones.

use std::collections::{HashMap, HashSet};
use std::io::BufRead;

use soar_connector::name::quoted;

use super::record::{CaseRow, Importer, IncidentRow, WantedLink};
use super::source::Source;
use super::{BadRow, Format, Progress, Subject, TransferError};
use crate::model::access::text_enum;
use crate::model::{Caller, Case, Incident, Right, Site, Status};
use crate::store::{Numbered, Records, Store, StoreError};

/// How many rows one transaction stores.
const BATCH: usize = 500;

/// How many bad rows a report tells of; the others are counted.
const MOST_BAD_ROWS: usize = 1000;

text_enum! {
    /// What becomes of a row whose number is taken.
    pub enum OnConflict {
        /// It is a bad row.
        Fail = "fail",
        /// What is stored stays as it is.
        Skip = "skip",
        /// What is stored becomes what the row says; links are added.
        Update = "update",
    }
}

/// What to import.
#[derive(Debug, Clone, Copy)]
pub struct ImportOptions {
    /// What the rows are.
    pub subject: Subject,
    /// How they are written.
    pub format: Format,
    /// What becomes of a row whose number is taken.
    pub on_conflict: OnConflict,
}

/// What became of the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Rows that were stored as something new.
    pub added: u64,
    /// Rows that changed what was stored.
    pub updated: u64,
    /// Rows whose number was taken, and that changed nothing.
    pub skipped: u64,
    /// Rows that were not imported.
    pub failed: u64,
    /// The first thousand problems; a row may have several.
    pub bad_rows: Vec<BadRow>,
    /// Links to incidents that are neither in the file nor in the store, by line and number.
    pub missing_links: Vec<BadRow>,
}

impl ImportReport {
    fn bad(&mut self, line: u64, problems: impl IntoIterator<Item = (String, String)>) {
        self.failed += 1;
        for (field, problem) in problems {
            self.keep(BadRow { line, field: Some(field), problem });
        }
    }

    fn keep(&mut self, row: BadRow) {
        if self.bad_rows.len() < MOST_BAD_ROWS {
            self.bad_rows.push(row);
        }
    }
}

/// Imports rows in the caller's name, onto sites where the caller may change incidents. Batches of rows are
/// transactions: after a crash a row is there whole or not at all, and the same file can be imported again with
/// [`OnConflict::Skip`]. Reading blocks the task, as a file or a pipe does.
///
/// `progress` is told after each batch; `now` is in milliseconds since 1970.
///
/// # Errors
/// [`TransferError`] when the store fails or the file cannot be read any further; batches before stay.
pub async fn import<R: BufRead + Send>(
    store: &Store,
    caller: &Caller,
    options: ImportOptions,
    reader: R,
    now: i64,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<ImportReport, TransferError> {
    let mut source = Source::new(options.format, reader)?;
    let sites = store.reader().await?.records().sites().await?;
    let sites = sites.into_iter().map(|site| (site.name.to_lowercase(), site)).collect();
    let importer = Importer { user: &caller.user.name, now };
    let mut import = Import { store, caller, options, sites, report: ImportReport::default(), late: Vec::new() };
    let mut rows = 0;
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
        if numbers.len() >= BATCH {
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

/// An import that is under way.
struct Import<'i> {
    store: &'i Store,
    caller: &'i Caller,
    options: ImportOptions,
    /// By lower-case name.
    sites: HashMap<String, Site>,
    report: ImportReport,
    /// Links to incidents that were not there yet: line, id, and the link.
    late: Vec<(u64, i64, WantedLink)>,
}

impl Import<'_> {
    /// The site of that name, if the caller may change incidents there.
    fn site(&self, name: &str) -> Result<i64, (String, String)> {
        let problem = |problem: String| ("site".to_owned(), problem);
        let site = self.sites.get(&name.to_lowercase());
        let site = site.filter(|site| self.caller.may(Right::SeeIncidents, site.id));
        let site = site.ok_or_else(|| problem(format!("expected the name of a site, found {}", quoted(name))))?;
        if self.caller.may(Right::ChangeIncidents, site.id) {
            return Ok(site.id);
        }
        Err(problem(format!("expected a site on which you may change incidents, found {}", quoted(name))))
    }

    /// Whether a row whose number is taken is to be stored over it.
    fn conflict(&mut self, line: u64, number: &str, site: i64) -> bool {
        let (taken, visible) = (quoted(number), self.caller.may(Right::ChangeIncidents, site));
        match self.options.on_conflict {
            OnConflict::Skip => self.report.skipped += 1,
            OnConflict::Update if visible => return true,
            OnConflict::Fail | OnConflict::Update => {
                let problem = format!("expected a number that is free, found {taken}");
                self.report.bad(line, [("number".to_owned(), problem)]);
            }
        }
        false
    }

    async fn incidents(&mut self, rows: Vec<(u64, IncidentRow)>) -> Result<(), TransferError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut transaction = self.store.transaction().await?;
        let mut records = transaction.records();
        // All locked at once, in one order: the rows' own and those that they are linked with.
        let mentioned = rows.iter().flat_map(|(_, row)| {
            std::iter::once(&row.incident.number).chain(row.linked.iter().map(|link| &link.number)).cloned()
        });
        let mentioned: HashSet<String> = mentioned.collect();
        let mentioned: Vec<String> = mentioned.into_iter().collect();
        let stored = records.incidents_for_change(&mentioned).await?;
        let mut known: HashMap<String, (i64, i64)> =
            stored.into_iter().map(|incident| (incident.number, (incident.id, incident.site_id))).collect();
        let wanted: HashSet<&String> =
            rows.iter().flat_map(|(_, row)| row.cases.iter().map(|link| &link.number)).collect();
        let wanted: Vec<String> = wanted.into_iter().cloned().collect();
        let cases = records.cases_for_change(&wanted).await?;
        let cases: HashMap<String, (i64, i64)> =
            cases.into_iter().map(|case| (case.number, (case.id, case.site_id))).collect();

        let mut added = Vec::new();
        let mut updated = Vec::new();
        for (line, mut row) in rows {
            let mut problems = Vec::new();
            match self.site(&row.site) {
                Ok(site) => row.incident.site_id = site,
                Err(problem) => problems.push(problem),
            }
            for link in &row.cases {
                if !cases.get(&link.number).is_some_and(|(_, site)| self.caller.may(Right::ChangeIncidents, *site)) {
                    let found = quoted(&link.number);
                    problems.push(("cases".to_owned(), format!("expected the number of a case, found {found}")));
                }
            }
            if !problems.is_empty() {
                self.report.bad(line, problems);
                continue;
            }
            match known.get(&row.incident.number).copied() {
                None => added.push((line, row)),
                Some((id, site)) => {
                    if self.conflict(line, &row.incident.number, site) {
                        updated.push((line, id, row));
                    }
                }
            }
        }
        let new: Vec<_> = added.iter().map(|(_, row)| row.incident.clone()).collect();
        let numbers: Vec<_> = new.iter().map(|incident| incident.number.clone()).collect();
        records.reserve_numbers(Numbered::Incident, &numbers).await?;
        let ids = records.insert_incidents(&new).await?;
        let details: Vec<_> =
            ids.iter().zip(&added).map(|(id, (_, row))| (*id, row.tasks.as_slice(), row.fields.as_slice())).collect();
        records.insert_details(&details).await?;
        for (_, id, row) in &updated {
            records.update_incident(&as_stored(*id, &row.incident)).await?;
        }
        let details: Vec<_> =
            updated.iter().map(|(_, id, row)| (*id, row.tasks.as_slice(), row.fields.as_slice())).collect();
        records.replace_details(&details).await?;
        for (id, incident) in ids.iter().zip(&new) {
            known.insert(incident.number.clone(), (*id, incident.site_id));
        }
        let added_count = added.len() as u64;
        let updated_count = updated.len() as u64;
        let written = ids.iter().zip(added).map(|(id, (line, row))| (line, *id, row)).chain(updated);
        let mut to_cases = Vec::new();
        let mut to_incidents = Vec::new();
        let mut late = Vec::new();
        for (line, id, row) in written {
            to_cases.extend(
                row.cases.into_iter().filter_map(|link| Some((cases.get(&link.number)?.0, id, link.at, link.by))),
            );
            for link in row.linked {
                match known.get(&link.number) {
                    Some((other, site)) if self.caller.may(Right::ChangeIncidents, *site) => {
                        to_incidents.push((id, *other, link.at, link.by));
                    }
                    _ => late.push((line, id, link)),
                }
            }
        }
        link(&mut records, &to_cases, &to_incidents).await?;
        transaction.commit().await?;
        self.late.extend(late);
        self.report.added += added_count;
        self.report.updated += updated_count;
        Ok(())
    }

    async fn cases(&mut self, rows: Vec<(u64, CaseRow)>) -> Result<(), TransferError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut transaction = self.store.transaction().await?;
        let mut records = transaction.records();
        let numbers: Vec<_> = rows.iter().map(|(_, row)| row.case.number.clone()).collect();
        let stored = records.cases_for_change(&numbers).await?;
        let stored: HashMap<_, _> = stored.into_iter().map(|case| (case.number, (case.id, case.site_id))).collect();
        let mut added = Vec::new();
        let mut updated = 0;
        for (line, row) in rows {
            let mut case = row.case;
            match self.site(&row.site) {
                Ok(site) => case.site_id = site,
                Err(problem) => {
                    self.report.bad(line, [problem]);
                    continue;
                }
            }
            match stored.get(&case.number).copied() {
                None => added.push(case),
                Some((id, site)) => {
                    if self.conflict(line, &case.number, site) {
                        let (closed_at, closed_by) = case.closed.unzip();
                        let case = Case {
                            id,
                            number: case.number,
                            title: case.title,
                            description: case.description,
                            case_type: case.case_type,
                            site_id: case.site_id,
                            owner: case.owner,
                            priority: case.priority,
                            time_zone: case.time_zone,
                            status: status(closed_at),
                            creator: case.creator,
                            reported_at: case.reported_at,
                            created_at: case.created_at,
                            modified_at: case.modified_at,
                            closed_at,
                            closed_by: closed_by.flatten(),
                            version: 0,
                        };
                        records.update_case(&case).await?;
                        updated += 1;
                    }
                }
            }
        }
        let numbers: Vec<_> = added.iter().map(|case| case.number.clone()).collect();
        records.reserve_numbers(Numbered::Case, &numbers).await?;
        records.insert_cases(&added).await?;
        transaction.commit().await?;
        self.report.added += added.len() as u64;
        self.report.updated += updated;
        Ok(())
    }

    /// Links with incidents that came later in the file.
    async fn late_links(&mut self) -> Result<(), TransferError> {
        for batch in std::mem::take(&mut self.late).chunks(BATCH) {
            let mut transaction = self.store.transaction().await?;
            let mut records = transaction.records();
            let numbers: Vec<_> = batch.iter().map(|(_, _, link)| link.number.clone()).collect();
            let found = records.incidents_for_change(&numbers).await?;
            let found: HashMap<_, _> = found
                .into_iter()
                .filter(|incident| self.caller.may(Right::ChangeIncidents, incident.site_id))
                .map(|incident| (incident.number, incident.id))
                .collect();
            let mut links = Vec::new();
            for (line, id, link) in batch {
                match found.get(&link.number) {
                    Some(other) => links.push((*id, *other, link.at, link.by.clone())),
                    None if self.report.missing_links.len() < MOST_BAD_ROWS => {
                        let problem = format!(
                            "expected the number of an incident, found {}; the row was imported without this link",
                            quoted(&link.number)
                        );
                        let field = Some("linkedIncidents".to_owned());
                        self.report.missing_links.push(BadRow { line: *line, field, problem });
                    }
                    None => {}
                }
            }
            link(&mut records, &[], &links).await?;
            transaction.commit().await?;
        }
        Ok(())
    }
}

fn status(closed_at: Option<i64>) -> Status {
    if closed_at.is_some() { Status::Closed } else { Status::Open }
}

type Links = [(i64, i64, i64, String)];

async fn link(records: &mut Records<'_>, to_cases: &Links, to_incidents: &Links) -> Result<(), StoreError> {
    let cases: Vec<_> = to_cases.iter().map(|(one, other, at, by)| (*one, *other, *at, by.as_str())).collect();
    let incidents: Vec<_> = to_incidents.iter().map(|(one, other, at, by)| (*one, *other, *at, by.as_str())).collect();
    records.insert_case_links(&cases).await?;
    records.link_incidents(&incidents).await?;
    let linked: Vec<i64> = incidents.iter().flat_map(|(one, other, _, _)| [*one, *other]).collect();
    let cases: Vec<i64> = cases.iter().map(|(case, _, _, _)| *case).collect();
    records.raise_versions(&linked, &cases).await
}

fn as_stored(id: i64, incident: &crate::store::NewIncident) -> Incident {
    let incident = incident.clone();
    let (closed_at, closed_by) = incident.closed.unzip();
    Incident {
        id,
        number: incident.number,
        title: incident.title,
        description: incident.description,
        incident_type: incident.incident_type,
        site_id: incident.site_id,
        owner: incident.owner,
        assignee: incident.assignee,
        severity: incident.severity,
        status: status(closed_at),
        disposition: incident.disposition,
        conclusion: incident.conclusion,
        raw_data: incident.raw_data,
        due_at: incident.due_at,
        creator: incident.creator,
        created_at: incident.created_at,
        modified_at: incident.modified_at,
        closed_at,
        closed_by,
        version: 0,
    }
}
