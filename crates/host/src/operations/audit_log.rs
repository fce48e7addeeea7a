//! Operations on the audit log.

use serde::Serialize;
use soar_store::AuditFilter;
use soar_store::model::{AuditEntry, AuditEntryId};
use utoipa::ToSchema;

use super::{OperationError, Operations, RequestContext, boxed, full_page};

/// Entries of the audit log, the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<NumberedEntry>,
    /// The value of `before` for the next page; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub next: Option<AuditEntryId>,
}

/// An entry and its id.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NumberedEntry {
    /// The entry's id.
    #[schema(value_type = i64)]
    pub id: AuditEntryId,
    /// The entry.
    #[serde(flatten)]
    pub entry: AuditEntry,
}

impl Operations {
    /// At most `limit` entries of the audit log, the newest first.
    ///
    /// # Errors
    /// [`OperationError`] unless the caller is an administrator.
    #[boxed]
    pub async fn audit_log(
        &self,
        context: &RequestContext,
        filter: &AuditFilter,
        limit: i64,
    ) -> Result<AuditPage, OperationError> {
        context.must_administer()?;
        let most = u32::try_from(limit).unwrap_or_default();
        let entries = self.reader(context).await?.records().audit(filter, most).await?;
        let next = full_page(&entries, limit).map(|(id, _)| *id);
        let entries = entries.into_iter().map(|(id, entry)| NumberedEntry { id, entry }).collect();
        Ok(AuditPage { entries, next })
    }
}
