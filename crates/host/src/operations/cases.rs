//! Operations on cases. The command LinkIncidentsToNewCase and imports create cases.

use std::collections::BTreeMap;

use serde::Serialize;
use soar_store::model::{CaseId, Right, SiteId, Status};
use soar_store::{HeldRows, Oversize, Records};
use utoipa::ToSchema;

use super::{OperationError, Operations, RequestContext, boxed};
use crate::Refusal;
use crate::views::{CaseShown, WholeCase};

/// Cases, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CasePage {
    /// The cases.
    pub cases: Vec<CaseShown>,
    /// The value of `after` for the next page; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub next: Option<CaseId>,
}

impl Operations {
    /// At most `limit` cases after the case `after`, in the order in which they were stored.
    ///
    /// # Errors
    /// [`OperationError`].
    #[boxed]
    pub async fn list_cases(
        &self,
        context: &RequestContext,
        site: Option<&str>,
        status: Option<Status>,
        after: Option<CaseId>,
        limit: i64,
    ) -> Result<CasePage, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let sites = sites_with_incidents(context, &mut records, site).await?;
        let ids: Vec<_> = sites.keys().copied().collect();
        // One more than the page shows tells whether there is a next page.
        let wanted = limit.saturating_add(1);
        let HeldRows { rows: mut cases, room: _room } =
            records.cases_after(&ids, status, after, wanted, Oversize::Refuse).await?;
        let shown = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = cases.len() > shown;
        cases.truncate(shown);
        let next = cases.last().filter(|_| has_more).map(|case| case.id);
        let cases = cases.into_iter().map(|case| {
            let site = sites.get(&case.site_id).map(String::as_str).unwrap_or_default();
            CaseShown::of(case, site)
        });
        Ok(CasePage { cases: cases.collect(), next })
    }

    /// One case with the linked incidents that the caller may see.
    ///
    /// # Errors
    /// [`OperationError`] when the caller may see no such case.
    #[boxed]
    pub async fn case(&self, context: &RequestContext, number: &str) -> Result<WholeCase, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let caller = context.caller_anywhere(&mut records).await?;
        let sees = |site| caller.may(Right::SeeIncidents, site);
        Ok(WholeCase::read(&mut records, number, sees).await?)
    }
}

/// The names of the sites on which the caller may see incidents, by id: only the site of this name, or all sites.
pub(super) async fn sites_with_incidents(
    context: &RequestContext,
    records: &mut Records<'_>,
    site: Option<&str>,
) -> Result<BTreeMap<SiteId, String>, Refusal> {
    let caller = context.caller_anywhere(records).await?;
    let mut sites = match site {
        Some(name) => vec![context.site(records, name).await?],
        None => records.sites().await?,
    };
    sites.retain(|site| caller.may(Right::SeeIncidents, site.id));
    Ok(sites.into_iter().map(|site| (site.id, site.name)).collect())
}
