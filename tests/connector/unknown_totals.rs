//! Lists whose totals the server does not give, or gives in odd forms: unknown is not "one page", and only equal rows
//! are duplicates.

use serde_json::json;
use soar_connector::Outcome;

use crate::stub::{CannedReply, logged_in, serve};
use crate::support::{connect, run};

const PAGE: u64 = 100;

fn device(id: &str, name: u64) -> String {
    format!(r#"{{"id":{id},"ip":"192.0.2.1","name":"host-{name}","tags":[]}}"#)
}

/// Reads all devices of a server that answers `page(number)`.
async fn all_devices(page: impl Fn(u64) -> CannedReply + Send + Sync + 'static) -> Outcome {
    let url = serve(move |_, path, _| match path {
        "/api/auth/token/" => logged_in(),
        _ => page(path.split("page=").nth(1).and_then(|number| number.parse().ok()).unwrap_or(1)),
    })
    .await;
    let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
    run(&*connector, "List Devices", json!({ "All Pages": true })).await
}

fn answer(number: u64, totals: &str, rows: &[String]) -> CannedReply {
    CannedReply::json(format!(r#"{{"page":{number}{totals},"items":[{}]}}"#, rows.join(",")))
}

/// The rows of page `number` of a list of `total` rows.
fn rows(number: u64, total: u64) -> Vec<String> {
    ((number - 1) * PAGE..(number * PAGE).min(total)).map(|row| device(&(row + 1).to_string(), row)).collect()
}

const TOTALS: [&str; 9] = [
    r#","totalPages":3,"totalCount":300"#,
    r#","totalPages":"3","totalCount":"300""#,
    r#","totalPages":3.0,"totalCount":300.0"#,
    r#","totalPages":"3.0","totalCount":null"#,
    r#","totalPages":null,"totalCount":"None""#,
    r#","totalPages":"","totalCount":300"#,
    r#","totalPages":0,"totalCount":0"#,
    r#","totalPages":-1,"totalCount":{}"#,
    "",
];

#[tokio::test]
async fn every_row_is_read_however_the_server_writes_its_totals() {
    for totals in TOTALS {
        let outcome = all_devices(move |number| answer(number, totals, &rows(number, 300))).await;
        assert!(outcome.is_successful(), "{totals}: {:?}", outcome.error);
        assert_eq!((outcome.result.rows.len(), outcome.receipt.missing), (300, None), "{totals}");
    }
}

#[tokio::test]
async fn a_list_of_unknown_length_ends_at_the_page_that_is_short_or_gone() {
    for (total, pages) in [(250, 3), (200, 2), (1, 1), (0, 1)] {
        let outcome = all_devices(move |number| match number {
            3 if total == 200 => CannedReply::status(404, r#"{"detail":"Página inválida."}"#),
            _ => answer(number, "", &rows(number, total)),
        })
        .await;
        let receipt = outcome.receipt;
        let empty_page = u64::from(total == 1);
        assert_eq!((receipt.rows, receipt.pages, receipt.missing), (total, pages + empty_page, None), "{total}");
    }
}

#[tokio::test]
async fn a_server_that_ignores_page_is_told_and_not_read_for_ever() {
    for (totals, missing) in [
        ("", "Rows may be missing: page 2 repeats rows of earlier pages, so the server ignores Page."),
        (
            r#","totalPages":3,"totalCount":300"#,
            "200 of 300 rows are missing: the server sent 100 different rows, and page 2 repeats rows of earlier pages, \
             so the server ignores Page.",
        ),
    ] {
        let outcome = all_devices(move |_| answer(1, totals, &rows(1, 300))).await;
        assert_eq!(outcome.receipt.missing.as_deref(), Some(missing));
        assert_eq!((outcome.result.rows.len(), outcome.warnings[0].code.as_str()), (100, "rows-missing"));
    }
}

#[tokio::test]
async fn rows_that_share_an_id_or_have_none_are_all_kept() {
    for id in [r#""""#, r#""None""#, "0", "null", "7", r#""7""#] {
        let outcome = all_devices(move |number| {
            let rows: Vec<_> = (number * 10..number * 10 + 10).map(|row| device(id, row)).collect();
            answer(number, r#","totalPages":3,"totalCount":30"#, &rows)
        })
        .await;
        let receipt = outcome.receipt;
        assert_eq!((outcome.result.rows.len(), receipt.duplicates_dropped, receipt.missing), (30, 0, None), "{id}");
    }
}

#[tokio::test]
async fn an_equal_row_of_an_earlier_page_is_a_duplicate() {
    let outcome = all_devices(|number| {
        // One row came in at the front, so that the last of page 1 is the first of page 2.
        let shift = number - 1;
        let rows: Vec<_> = (number * 10 - shift..number * 10 + 10 - shift).map(|row| device("1", row)).collect();
        answer(number, r#","totalPages":2,"totalCount":20"#, &rows)
    })
    .await;
    assert_eq!((outcome.result.rows.len(), outcome.receipt.duplicates_dropped), (19, 1));
    assert_eq!(
        outcome.receipt.missing.as_deref(),
        Some("1 of 20 rows are missing: the server sent 19 different rows.")
    );
}

#[tokio::test]
async fn a_page_past_the_last_has_no_rows_in_whatever_language_the_server_says_so() {
    let url = serve(|_, path, _| match path.split("page=").nth(1) {
        _ if path == "/api/auth/token/" => logged_in(),
        Some("9") => CannedReply::status(404, r#"{"detail":"Página inválida."}"#),
        _ => answer(1, r#","totalPages":1,"totalCount":1"#, &rows(1, 1)),
    })
    .await;
    let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
    let outcome = run(&*connector, "List Devices", json!({ "Page": 9 })).await;
    assert!(outcome.is_successful() && outcome.result.rows.is_empty(), "{outcome:?}");
}
