//! Reads the fields of findings from the store's JSON.

use serde_json::value::RawValue;
use soar_connector::Finding;

use crate::visit::PageError;

/// The fields of a finding.
///
/// # Errors
/// When the store holds a finding that this version cannot read.
pub(super) fn finding(raw: &RawValue) -> Result<Finding, PageError> {
    serde_json::from_str(raw.get()).map_err(|error| PageError::defect(&error))
}
