//! One scan of the history of scans.

use serde_json::Value;
use soar_connector::ReplyPage;

use crate::session::Call;
use crate::vendor::{Failure, Scan};

/// The words for the status of a scan.
const STATUSES: [&str; 6] = ["created", "requested", "running", "stopped", "interrupted", "done"];

/// The reply about a scan, as it came and parsed.
///
/// # Errors
/// `unexpected-reply` for a status that no scan has: older instances send nothing else, so it proves who answered.
pub(crate) async fn read_scan(scan: &Scan, call: &mut Call<'_>) -> Result<(ReplyPage, Value), Failure> {
    let list = call.keep(scan).await?;
    let page = list.pages.into_iter().next().unwrap_or_else(|| ReplyPage::of_rows([""; 0]));
    let row: Value = page.rows().next().and_then(|row| serde_json::from_str(row).ok()).unwrap_or_default();
    let status = row.get("status").and_then(Value::as_str).unwrap_or_default();
    if !STATUSES.contains(&status) {
        let status = soar_connector::name::quoted(status);
        return Err(Failure::new("unexpected-reply", format!("No scan has the status {status}.")));
    }
    Ok((page, row))
}
