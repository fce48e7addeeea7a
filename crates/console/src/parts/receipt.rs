//! The receipt of a run.

use soar_connector::Receipt;

/// The facts of a receipt, without the id of the request. An unknown total is not zero.
pub(crate) fn receipt_facts(receipt: &Receipt) -> Vec<(&'static str, String)> {
    let known = |number: Option<u64>| number.map_or_else(|| "unknown".to_owned(), |number| number.to_string());
    let mut facts = vec![
        ("Rows", format!("{} of {}", receipt.rows, known(receipt.total_rows))),
        ("Pages", format!("{} of {}", receipt.pages, known(receipt.total_pages))),
        ("Missing", receipt.missing.clone().unwrap_or_else(|| "Nothing".to_owned())),
        ("Duplicates dropped", receipt.duplicates_dropped.to_string()),
        ("Requests", format!("{}, of which {} repeated", receipt.requests, receipt.retries)),
        ("Time", format!("{} ms", receipt.elapsed.as_millis())),
    ];
    facts.extend(receipt.agent.clone().map(|agent| ("Agent", agent)));
    facts
}
