//! Operations on findings as they were last read.

use std::collections::HashSet;

use serde::Serialize;
use soar_connector::Finding;
use soar_store::model::{FindingChange, KnownFinding, SiteId};
use soar_store::{CountBounds, FindingFilter, FindingGroup, FindingGrouping, FindingTotal, StoreError};
use utoipa::ToSchema;

use super::super::cases::sites_with_incidents;
use super::super::{OperationError, Operations, RequestContext, boxed, full_page};
use crate::Refusal;
use crate::findings::{Enrichment, EpssValue, KevValue};
use crate::views::IncidentShown;

/// The most changes of one finding that are shown.
const MOST_CHANGES: i64 = 1_000;

/// A finding with the values about its CVEs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KnownFindingShown {
    /// The finding.
    #[serde(flatten)]
    pub known: KnownFinding,
    /// CISA's catalog of known exploited vulnerabilities; missing where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kev: Option<KevValue>,
    /// EPSS; missing where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epss: Option<EpssValue>,
}

impl KnownFindingShown {
    fn new(known: KnownFinding, enrichment: &Enrichment) -> Result<Self, Refusal> {
        let unreadable = |error: serde_json::Error| Refusal::Store(StoreError::Unreadable(error.to_string()));
        let finding: Finding = serde_json::from_str(known.finding.get()).map_err(unreadable)?;
        Ok(Self { kev: enrichment.kev(&finding.cve), epss: enrichment.epss(&finding.cve), known })
    }
}

/// Findings, by tenant and device.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingPage {
    /// The findings.
    pub findings: Vec<KnownFindingShown>,
    /// The value of `after` for the next page; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A finding with its changes and its incidents.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingShown {
    /// The finding as it was last read.
    #[serde(flatten)]
    pub finding: KnownFindingShown,
    /// Its changes that are left in the log, the first one first.
    pub changes: Vec<FindingChange>,
    /// The incidents that hold it and that the caller may see, at most 100, the latest first.
    pub incidents: Vec<IncidentShown>,
}

impl FindingShown {
    /// The most incidents that are shown.
    pub const MOST_INCIDENTS: i64 = 100;
}

impl Operations {
    /// Findings as they were last read, as far as the caller may see them.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn list_findings(
        &self,
        context: &RequestContext,
        filter: &FindingFilter,
        limit: i64,
    ) -> Result<FindingPage, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let feeds = self.seen_feeds(context, &mut records).await?;
        let found = records.findings(&feeds, filter, limit).await?;
        let next = full_page(&found, limit).map(|finding| finding.finding_id.clone());
        let enrichment = self.findings.known_values().await;
        let findings = found.into_iter().map(|known| KnownFindingShown::new(known, &enrichment));
        Ok(FindingPage { findings: findings.collect::<Result<_, _>>()?, next })
    }

    /// How many findings that the caller may see match a filter. The count is bounded, so that it takes little time.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn count_findings(
        &self,
        context: &RequestContext,
        filter: &FindingFilter,
    ) -> Result<FindingTotal, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let feeds = self.seen_feeds(context, &mut records).await?;
        Ok(records.count_findings(&feeds, filter, CountBounds::of(filter)).await?)
    }

    /// Those of these findings that the caller may see. An incident also holds findings that the caller may not see.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn known_findings(
        &self,
        context: &RequestContext,
        ids: &[String],
    ) -> Result<HashSet<String>, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let feeds = self.seen_feeds(context, &mut records).await?;
        Ok(records.known_findings(&feeds, ids).await?.into_iter().collect())
    }

    /// At most `limit` groups of the findings that the caller may see, after the first `offset` groups: those with the most
    /// open findings first.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn finding_groups(
        &self,
        context: &RequestContext,
        filter: &FindingFilter,
        grouping: FindingGrouping,
        offset: i64,
        limit: i64,
    ) -> Result<Vec<FindingGroup>, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let feeds = self.seen_feeds(context, &mut records).await?;
        Ok(records.finding_groups(&feeds, filter, grouping, offset, limit).await?)
    }

    /// The finding with this id, its changes, and the incidents that hold it.
    ///
    /// # Errors
    /// [`OperationError`] when the caller may see no such finding.
    #[boxed]
    pub async fn finding(&self, context: &RequestContext, id: &str) -> Result<FindingShown, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let feeds = self.seen_feeds(context, &mut records).await?;
        let (known, parts) = records.finding(&feeds, id).await?;
        let changes = records.changes_of_finding(parts, MOST_CHANGES).await?;
        let sites = sites_with_incidents(context, &mut records, None).await?;
        let seen: Vec<SiteId> = sites.keys().copied().collect();
        let incidents = records.incidents_of_finding(&known.finding_id, &seen, FindingShown::MOST_INCIDENTS).await?;
        let name = |id: SiteId| sites.get(&id).map(String::as_str).unwrap_or_default();
        let incidents = incidents.iter().map(|incident| IncidentShown::of(incident, name(incident.site_id))).collect();
        let enrichment = self.findings.known_values().await;
        Ok(FindingShown { finding: KnownFindingShown::new(known, &enrichment)?, changes, incidents })
    }
}
