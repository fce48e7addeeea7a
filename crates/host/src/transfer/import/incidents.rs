//! Stores incidents of a file, with their tasks, fields and links.

use std::collections::{HashMap, HashSet};

use soar_connector::name::quoted;
use soar_store::model::{CaseId, Incident, IncidentId, Right, SiteId, Version};
use soar_store::{NewIncident, NumberKind};

use super::links::link;
use super::under_way::{Import, status};
use crate::transfer::TransferError;
use crate::transfer::read_record::IncidentRow;

impl Import<'_> {
    pub(super) async fn incidents(&mut self, rows: Vec<(u64, IncidentRow)>) -> Result<(), TransferError> {
        if rows.is_empty() {
            return Ok(());
        }
        let last_line = rows.last().map_or(0, |(line, _)| *line);
        let mut transaction = self.store.transaction().await?;
        let mut records = transaction.records();
        // The rows' incidents and the linked incidents are locked at once and in one order, to avoid a deadlock.
        let mentioned = rows.iter().flat_map(|(_, row)| {
            std::iter::once(&row.incident.number).chain(row.linked.iter().map(|link| &link.number)).cloned()
        });
        let mentioned: HashSet<String> = mentioned.collect();
        let mentioned: Vec<String> = mentioned.into_iter().collect();
        let stored = records.incidents_for_change(&mentioned).await?;
        let mut known: HashMap<String, (IncidentId, SiteId)> =
            stored.into_iter().flatten().map(|incident| (incident.number, (incident.id, incident.site_id))).collect();
        let wanted: HashSet<&String> =
            rows.iter().flat_map(|(_, row)| row.cases.iter().map(|link| &link.number)).collect();
        let wanted: Vec<String> = wanted.into_iter().cloned().collect();
        let cases = records.cases_for_change(&wanted).await?;
        let cases: HashMap<String, (CaseId, SiteId)> =
            cases.into_iter().map(|case| (case.number, (case.id, case.site_id))).collect();

        let mut added = Vec::new();
        let mut updated = Vec::new();
        for (line, mut row) in rows {
            let mut problems = Vec::new();
            match self.site(&row.site) {
                Ok(site) => {
                    row.incident.site_id = site;
                    let NewIncident { owner, assignee, .. } = &mut row.incident;
                    self.owner(&mut records, "owner", owner, site, &mut problems).await?;
                    self.owner(&mut records, "assignee", assignee, site, &mut problems).await?;
                }
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
        records.reserve_numbers(NumberKind::Incident, &numbers).await?;
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
        let (mut late, mut findings) = (Vec::new(), Vec::new());
        for (line, id, row) in written {
            if !row.findings.is_empty() || row.rule.is_some() {
                findings.push((line, id, row.incident.site_id, row.findings, row.rule));
            }
            to_cases.extend(
                row.cases.into_iter().filter_map(|link| Some((cases.get(&link.number)?.0, id, link.at, link.by))),
            );
            for link in row.linked {
                match known.get(&link.number) {
                    Some((other, site)) if self.caller.may(Right::ChangeIncidents, *site) => {
                        to_incidents.push((id, *other, link.at, link.by));
                    }
                    _ => late.push((line, row.incident.number.clone(), id, link)),
                }
            }
        }
        link(&mut records, &to_cases, &to_incidents).await?;
        self.findings(&mut records, findings).await?;
        self.note(&mut records, (added_count, updated_count), last_line).await?;
        transaction.commit().await?;
        self.late.extend(late);
        self.report.added += added_count;
        self.report.updated += updated_count;
        Ok(())
    }
}

fn as_stored(id: IncidentId, incident: &NewIncident) -> Incident {
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
        version: Version(0),
    }
}
