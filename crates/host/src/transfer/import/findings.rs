//! Gives imported incidents their findings and their rules. Both have other ids in each instance.

use std::collections::HashMap;

use soar_connector::name::quoted;
use soar_store::model::name::{ByName, same_name};
use soar_store::model::{ConnectionId, FeedId, FindingSequence, IncidentFinding, IncidentId, SiteId, UserId};
use soar_store::{ConnectionSelection, OrphanedFinding, Records, StoreError, finding_id_parts};

use super::report::MOST_BAD_ROWS;
use super::under_way::Import;
use crate::connections::visible;
use crate::transfer::BadRow;
use crate::transfer::nested::{FindingRow, RuleRow, RuleSubject};

/// The findings and the rule of a row.
pub(super) type WantedFindings = (u64, IncidentId, SiteId, Vec<FindingRow>, Option<RuleRow>);

impl Import<'_> {
    /// Adds the findings and the rules of incidents of a batch. Those whose connection or rule the caller may not use in this
    /// instance are reported, and their incidents stay. A finding that an incident holds of a removed tenant is written anew, or
    /// replaced if the tenant was collected again since.
    pub(super) async fn findings(
        &mut self,
        records: &mut Records<'_>,
        wanted: Vec<WantedFindings>,
    ) -> Result<(), StoreError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let sites = records.sites().await?;
        let selection = ConnectionSelection::of(visible(self.caller, &sites));
        let connections = records.connection_names(&selection, i64::MAX).await?;
        let connections: ByName<ConnectionId> = connections.into_iter().map(|(id, name)| (name, id)).collect();
        let feeds = records.finding_feeds().await?.into_iter();
        let mut feeds: HashMap<_, _> = feeds.map(|feed| ((feed.connection_id, feed.tenant), feed.id)).collect();
        let incidents: Vec<_> = wanted.iter().map(|(_, incident, ..)| *incident).collect();
        let orphans = records.orphaned_findings_of(&incidents).await?;
        for (line, incident, site, rows, rule) in wanted {
            let orphans = orphans.get(&incident).map(Vec::as_slice).unwrap_or_default();
            let mut findings: Vec<IncidentFinding> = Vec::with_capacity(rows.len());
            let mut replaced = Vec::new();
            for row in rows {
                let Some(connection) = connections.get(&row.connection) else {
                    self.without(line, "findings", "the name of a connection", &row.connection);
                    continue;
                };
                let key = (*connection, row.tenant_id.clone());
                let of_tenant =
                    orphans.iter().filter(|one| one.connection == row.connection && one.tenant == row.tenant_id);
                let of_tenant: Vec<_> = of_tenant.collect();
                let kept = of_tenant.iter().max_by_key(|one| (is_same(one, &row.finding_id), one.feed_id.0));
                let feed = match feeds.get(&key).copied().or(kept.map(|one| one.feed_id)) {
                    Some(feed) => feed,
                    None if !self.caller.administers() => {
                        self.without(line, "findings", "a tenant whose findings were collected", &row.tenant_id);
                        continue;
                    }
                    None => {
                        let feed = records.finding_feed_of(*connection, &row.tenant_id, &row.tenant).await?.id;
                        feeds.insert(key, feed);
                        feed
                    }
                };
                let Some(finding) = moved(row, feed) else { continue };
                let others = of_tenant.into_iter().filter(|one| one.feed_id != feed);
                let others = others.filter(|one| is_same(one, &finding.finding_id));
                replaced.extend(others.map(|one| one.finding_id.as_str()));
                // A finding that was collected again after its tenant was removed is in the file under both ids.
                match findings.iter_mut().find(|known| known.finding_id == finding.finding_id) {
                    Some(known) => *known = finding,
                    None => findings.push(finding),
                }
            }
            if !replaced.is_empty() {
                records.remove_incident_findings(incident, &replaced).await?;
            }
            records.put_incident_findings(incident, &findings.iter().collect::<Vec<_>>()).await?;
            if let Some(rule) = rule {
                self.give_to_rule(records, (line, incident, site), &rule, &findings).await?;
            }
        }
        Ok(())
    }

    async fn give_to_rule(
        &mut self,
        records: &mut Records<'_>,
        (line, incident, site): (u64, IncidentId, SiteId),
        row: &RuleRow,
        findings: &[IncidentFinding],
    ) -> Result<(), StoreError> {
        let manages = |user: UserId| self.caller.administers() || user == self.caller.user.id;
        let rules = records.finding_rules().await?;
        let Some(rule) = rules.iter().find(|rule| same_name(&rule.name, &row.name) && manages(rule.user_id)) else {
            self.without(line, "rule", "the name of a rule that you manage", &row.name);
            return Ok(());
        };
        let first = findings.first().map(|finding| finding.finding_id.as_str());
        let subject = match (row.one_per, first.and_then(finding_id_parts)) {
            (_, None) => return Ok(()),
            (RuleSubject::Finding, _) => format!("finding {}", first.unwrap_or_default()),
            (RuleSubject::Device, Some((feed, device, _))) => format!("device {feed}.{device}"),
            (RuleSubject::Cve, _) => format!("cve {site} {}", row.cve.as_deref().unwrap_or_default()),
        };
        records.give_to_rule(rule.id, incident, &subject).await
    }

    /// Reports what an incident was imported without.
    fn without(&mut self, line: u64, field: &str, expected: &str, found: &str) {
        let row = BadRow {
            line,
            field: Some(field.to_owned()),
            problem: format!("expected {expected}, found {}; the row was imported without this", quoted(found)),
        };
        let told = &mut self.report.missing_links;
        if told.len() < MOST_BAD_ROWS && !told.contains(&row) {
            told.push(row);
        }
    }
}

/// Whether this is the finding with this id but for its feed.
fn is_same(one: &OrphanedFinding, id: &str) -> bool {
    finding_id_parts(&one.finding_id)
        .zip(finding_id_parts(id))
        .is_some_and(|((_, device, hash), (_, other, other_hash))| device == other && hash == other_hash)
}

/// The finding with the ids of this instance. The rule has handled no change of it yet.
fn moved(row: FindingRow, feed: FeedId) -> Option<IncidentFinding> {
    let (_, device, hash) = finding_id_parts(&row.finding_id)?;
    Some(IncidentFinding {
        finding_id: format!("{feed}.{device}.{hash}"),
        feed_id: feed,
        cve: row.cve,
        device: row.device,
        address: row.address,
        tenant: row.tenant,
        connection: row.connection,
        first_seen: row.first_seen,
        evidence: row.evidence,
        status: row.status,
        sequence: FindingSequence(0),
    })
}
