//! The state of an import, and the checks of sites, owners and numbers.

use std::collections::HashMap;

use soar_connector::name::quoted;
use soar_store::model::name::ByName;
use soar_store::model::{AuditEntry, Caller, IncidentId, Moment, Right, Site, SiteId, Status};
use soar_store::{Records, Store, StoreError};

use super::options::{ImportOptions, OnConflict};
use super::report::ImportReport;
use crate::transfer::read_record::WantedLink;
use crate::utility::IncidentOwner;

/// The state of an import.
pub(super) struct Import<'i> {
    pub(super) store: &'i Store,
    pub(super) caller: &'i Caller,
    pub(super) options: ImportOptions,
    /// The template of the batches' audit entries.
    pub(super) entry: &'i AuditEntry,
    pub(super) sites: ByName<Site>,
    /// The owners and assignees found so far, by name.
    pub(super) owners: HashMap<String, IncidentOwner>,
    pub(super) report: ImportReport,
    /// Links to incidents that are not stored yet: line, the incident's number and id, and the link.
    pub(super) late: Vec<(u64, String, IncidentId, WantedLink)>,
}

impl Import<'_> {
    /// The site of that name, if the caller may change incidents there.
    pub(super) fn site(&self, name: &str) -> Result<SiteId, (String, String)> {
        let problem = |problem: String| ("site".to_owned(), problem);
        let site = self.sites.get(name);
        let site = site.filter(|site| self.caller.may(Right::SeeIncidents, site.id));
        let site = site.ok_or_else(|| problem(format!("expected the name of a site, found {}", quoted(name))))?;
        if self.caller.may(Right::ChangeIncidents, site.id) {
            return Ok(site.id);
        }
        Err(problem(format!("expected a site on which you may change incidents, found {}", quoted(name))))
    }

    /// Checks the user in `field` by the rule for owners, and replaces the name by the user's own spelling.
    pub(super) async fn owner(
        &mut self,
        records: &mut Records<'_>,
        field: &str,
        name: &mut Option<String>,
        site: SiteId,
        problems: &mut Vec<(String, String)>,
    ) -> Result<(), StoreError> {
        let Some(name) = name else { return Ok(()) };
        let key = name.to_lowercase();
        if !self.owners.contains_key(&key) {
            self.owners.insert(key.clone(), IncidentOwner::find(records, name).await?);
        }
        let Some(owner) = self.owners.get(&key) else { return Ok(()) };
        let site_name = self.sites.iter().find(|known| known.id == site).map_or("", |known| &known.name);
        match owner.must_see(site, site_name) {
            Ok(()) => owner.name().clone_into(name),
            Err(problem) => problems.push((field.to_owned(), problem)),
        }
        Ok(())
    }

    /// Writes the audit entry of a batch whose last row begins on `line`. A batch without changes has no entry.
    pub(super) async fn note(
        &self,
        records: &mut Records<'_>,
        (added, updated): (u64, u64),
        line: u64,
    ) -> Result<(), StoreError> {
        if added + updated == 0 {
            return Ok(());
        }
        let reason = format!("{}: {added} added, {updated} updated up to line {line}", self.entry.reason);
        let entry = AuditEntry { reason: AuditEntry::kept(&reason), ..self.entry.clone() };
        records.append_audit(&[entry]).await
    }

    /// Whether a row whose number is taken replaces the stored object.
    pub(super) fn conflict(&mut self, line: u64, number: &str, site: SiteId) -> bool {
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
}

pub(super) fn status(closed_at: Option<Moment>) -> Status {
    if closed_at.is_some() { Status::Closed } else { Status::Open }
}
