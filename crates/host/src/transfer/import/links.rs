//! Stores links, including links to incidents later in the file.

use std::collections::{HashMap, HashSet};

use soar_connector::name::quoted;
use soar_store::model::{CaseId, IncidentId, Moment, Right};
use soar_store::{Records, StoreError};

use super::options::BATCH_SIZE;
use super::report::MOST_BAD_ROWS;
use super::under_way::Import;
use crate::transfer::{BadRow, TransferError};

type Links<T> = [(T, IncidentId, Moment, String)];

pub(super) async fn link(
    records: &mut Records<'_>,
    to_cases: &Links<CaseId>,
    to_incidents: &Links<IncidentId>,
) -> Result<(), StoreError> {
    let cases: Vec<_> = to_cases.iter().map(|(one, other, at, by)| (*one, *other, *at, by.as_str())).collect();
    let incidents: Vec<_> = to_incidents.iter().map(|(one, other, at, by)| (*one, *other, *at, by.as_str())).collect();
    records.insert_case_links(&cases).await?;
    records.link_incidents(&incidents).await?;
    let linked: Vec<IncidentId> = incidents.iter().flat_map(|(one, other, _, _)| [*one, *other]).collect();
    let cases: Vec<CaseId> = cases.iter().map(|(case, _, _, _)| *case).collect();
    records.raise_versions(&linked, &cases).await
}

impl Import<'_> {
    /// Stores the links to incidents later in the file.
    pub(super) async fn late_links(&mut self) -> Result<(), TransferError> {
        for batch in std::mem::take(&mut self.late).chunks(BATCH_SIZE) {
            let mut transaction = self.store.transaction().await?;
            let mut records = transaction.records();
            // Both ends are locked at once and in one order, to avoid a deadlock.
            let both = batch.iter().flat_map(|(_, own, _, link)| [own, &link.number]);
            let numbers: HashSet<String> = both.cloned().collect();
            let numbers: Vec<_> = numbers.into_iter().collect();
            let found = records.incidents_for_change(&numbers).await?;
            let found: HashMap<_, _> = found
                .into_iter()
                .flatten()
                .filter(|incident| self.caller.may(Right::ChangeIncidents, incident.site_id))
                .map(|incident| (incident.number, incident.id))
                .collect();
            let mut links = Vec::new();
            for (line, _, id, link) in batch {
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
