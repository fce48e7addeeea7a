//! A collector turns pages into a table, key fields, context data, and the product's bytes.

use serde_json::{Value, json};
use soar_connector::{
    Collector, CommandError, Conclusion, Receipt, ReplyPage, ReturnData, Sink, SinkError, StatusCode,
};

use crate::sample::{CONNECTOR, READ, load};

const BODY: &str =
    "[ {\"id\":1.50,\"name\":\"\",  \"parts\":[{\"id\":\"x\"}]},{\"id\":2,\"name\":\"None\",\"more\":1e400} ]";

fn page() -> ReplyPage {
    let first = BODY.find('{').unwrap()..BODY.find(",{\"id\":2").unwrap();
    let second = first.end + 1..BODY.rfind('}').unwrap() + 1;
    ReplyPage::new(BODY.to_owned(), vec![first, second])
}

fn ended(error: Option<CommandError>) -> Conclusion {
    Conclusion { error, receipt: Receipt { rows: 2, ..Receipt::default() }, warnings: Vec::new() }
}

fn failure() -> CommandError {
    CommandError {
        failure_indicator: "Read Things failed.".into(),
        status_code: StatusCode(Some(404)),
        message: "Not Found.".into(),
        code: "not-found".into(),
        cause: "c".into(),
        cure: "c".into(),
        retryable: false,
    }
}

#[tokio::test]
async fn raw_data_is_byte_for_byte_and_the_table_reads_no_value_where_there_is_none() {
    let connector = CONNECTOR.replace("settings = [", "replies = { no-value = [\"\", \"None\"] }\nsettings = [");
    let manifest = load(&connector, &[READ]).unwrap();
    let mut collector = Collector::new(Some(&manifest.commands[0]), Collector::DEFAULT_LIMIT);
    collector.page(page()).await.unwrap();
    let outcome = collector.finish(ended(None));
    assert_eq!(outcome.result.rows, [[json!(1.5), Value::Null], [json!(2), Value::Null]]);
    let text = serde_json::to_string(&outcome).unwrap();
    assert!(text.contains(&format!("\"rawData\":{BODY}")), "{text}");
    assert!(text.contains(r#""keyFields":{"IDs":[1.5,2],"Parts":["x"]}"#), "{text}");
    assert!(text.contains(r#""contextData":[{"ID":1.5,"Name":null},{"ID":2,"Name":null}]"#), "{text}");
}

#[tokio::test]
async fn several_pages_are_a_list_of_bodies() {
    let mut collector = Collector::new(None, Collector::DEFAULT_LIMIT);
    collector.page(page()).await.unwrap();
    collector.page(page()).await.unwrap();
    let text = serde_json::to_string(&collector.finish(ended(None)).raw_data).unwrap();
    assert_eq!(text, format!("[{BODY},{BODY}]"));
}

#[tokio::test]
async fn a_failed_command_shows_no_result() {
    let manifest = load(CONNECTOR, &[READ]).unwrap();
    let mut collector = Collector::new(Some(&manifest.commands[0]), Collector::DEFAULT_LIMIT);
    collector.page(page()).await.unwrap();
    let outcome = collector.finish(ended(Some(failure())));
    assert_eq!(outcome.return_data, ReturnData::Failed);
    insta::assert_json_snapshot!(outcome);
}

#[tokio::test]
async fn a_full_collector_takes_no_more() {
    let mut collector = Collector::new(None, BODY.len());
    collector.page(page()).await.unwrap();
    assert!(matches!(collector.page(page()).await, Err(SinkError::Full { .. })));
}

#[tokio::test]
async fn rows_of_two_bytes_fill_a_collector_by_what_their_cells_take() {
    let manifest = load(CONNECTOR, &[READ]).unwrap();
    let mut collector = Collector::new(Some(&manifest.commands[0]), 100_000);
    let rows = 10_000;
    let body = format!("[{}]", vec!["{}"; rows].join(","));
    let page = ReplyPage::new(body, (0..rows).map(|row| 1 + row * 3..3 + row * 3).collect());
    assert_eq!(page.rows().last(), Some("{}"));
    assert!(matches!(collector.page(page).await, Err(SinkError::Full { .. })));
}

#[tokio::test]
async fn cells_of_lists_and_objects_fill_a_collector_by_the_memory_that_they_take() {
    let manifest = load(CONNECTOR, &[READ]).unwrap();
    let column = &manifest.commands[0].columns[0].name.to_lowercase();
    for dense in ["{}", "[]", "0", r#"{"":{}}"#] {
        let mut collector = Collector::new(Some(&manifest.commands[0]), 1_000_000);
        let body = format!("{{\"{column}\":[{}]}}", vec![dense; 40_000].join(","));
        assert!(body.len() < 400_000);
        let whole = 0..body.len();
        let full = collector.page(ReplyPage::new(body, vec![whole])).await;
        assert!(matches!(full, Err(SinkError::Full { limit: 1_000_000 })), "{dense}");
    }
}

#[test]
fn rows_that_the_connector_made_are_no_raw_data() {
    let page = ReplyPage::derived(&[json!({"id": 1}), json!({"id": 2})]);
    assert_eq!(page.rows().collect::<Vec<_>>(), [r#"{"id":1}"#, r#"{"id":2}"#]);
    assert!(page.into_raw().is_none());
}
