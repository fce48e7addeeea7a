//! Stores cases of a file.

use std::collections::HashMap;

use soar_store::NumberKind;
use soar_store::model::{Case, Version};

use super::under_way::{Import, status};
use crate::transfer::TransferError;
use crate::transfer::read_record::CaseRow;

impl Import<'_> {
    pub(super) async fn cases(&mut self, rows: Vec<(u64, CaseRow)>) -> Result<(), TransferError> {
        if rows.is_empty() {
            return Ok(());
        }
        let last_line = rows.last().map_or(0, |(line, _)| *line);
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
                Ok(site) => {
                    case.site_id = site;
                    let mut problems = Vec::new();
                    self.owner(&mut records, "owner", &mut case.owner, site, &mut problems).await?;
                    if !problems.is_empty() {
                        self.report.bad(line, problems);
                        continue;
                    }
                }
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
                            version: Version(0),
                        };
                        records.update_case(&case).await?;
                        updated += 1;
                    }
                }
            }
        }
        let numbers: Vec<_> = added.iter().map(|case| case.number.clone()).collect();
        records.reserve_numbers(NumberKind::Case, &numbers).await?;
        records.insert_cases(&added).await?;
        let added = added.len() as u64;
        self.note(&mut records, (added, updated), last_line).await?;
        transaction.commit().await?;
        self.report.added += added;
        self.report.updated += updated;
        Ok(())
    }
}
