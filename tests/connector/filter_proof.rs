//! A filter that the instance does not know is ignored by it in silence: the rows prove whether it was obeyed.

use serde_json::json;
use soar_connector::Outcome;

use crate::stub::{CannedReply, logged_in, serve};
use crate::support::{connect, error_of, run};

/// Asks a server for critical contexts that answers with these members of each row.
async fn contexts(pages: &'static [&'static [&'static str]], all: bool) -> Outcome {
    let url = serve(move |_, path, _| {
        if path == "/api/auth/token/" {
            return logged_in();
        }
        let number: usize = path.split("page=").nth(1).and_then(|number| number.parse().ok()).unwrap_or(1);
        let rows: Vec<_> = pages[number - 1]
            .iter()
            .enumerate()
            .map(|(row, members)| format!(r#"{{"id":{number}{row},"name":"c",{members}}}"#))
            .collect();
        let (total, rows) = (pages.len(), rows.join(","));
        CannedReply::json(format!(r#"{{"page":{number},"totalPages":{total},"items":[{rows}]}}"#))
    })
    .await;
    let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
    run(&*connector, "List Technical Contexts", json!({ "Risk Level": "Critical", "All Pages": all })).await
}

fn warned(outcome: &Outcome) -> bool {
    outcome.warnings.iter().any(|warning| warning.code == "filter-unproven")
}

#[tokio::test]
async fn a_row_of_another_level_is_a_failure_on_whatever_page_it_comes() {
    let critical = r#""riskLevel":"critical""#;
    let outcome = contexts(const { &[&[r#""riskLevel":"Critical""#, r#""riskLevel":"critical""#]] }, false).await;
    assert!(outcome.is_successful() && !warned(&outcome), "{critical}: {outcome:?}");
    for all in [false, true] {
        let mixed = contexts(const { &[&[r#""riskLevel":"critical""#, r#""riskLevel":"secure""#]] }, all).await;
        let (code, text) = error_of(&mixed);
        assert_eq!(code, "filter-ignored");
        assert!(text.contains("Rows of risk level critical were asked for, and one of level secure came."), "{text}");
    }
    let later = contexts(const { &[&[r#""riskLevel":"critical""#], &[r#""riskLevel":"unknown""#]] }, true).await;
    assert_eq!(error_of(&later).0, "filter-ignored");
}

#[tokio::test]
async fn two_numbers_are_a_failure_and_one_number_is_a_warning() {
    let outcome = contexts(const { &[&[r#""state":3"#, r#""state":3"#]] }, false).await;
    assert!(outcome.is_successful() && warned(&outcome), "{outcome:?}");
    let outcome = contexts(const { &[&[r#""state":3"#], &[r#""state":2"#]] }, true).await;
    let (code, text) = error_of(&outcome);
    assert_eq!(code, "filter-ignored");
    assert!(text.contains("one of level 3, and one of level 2 came"), "{text}");
    let outcome = contexts(const { &[&[r#""label":"no level at all""#]] }, false).await;
    assert!(outcome.is_successful() && warned(&outcome), "{outcome:?}");
    let outcome = contexts(const { &[&[]] }, false).await;
    assert!(outcome.is_successful() && !warned(&outcome), "no rows need no proof: {outcome:?}");
}
