//! Replies are split as the manifest says that they look, and refused when they prove nothing.

use serde_json::{Value, json};
use soar_connector::{Collector, Command, Conclusion, Failure, ListReply, Receipt, Sink as _};

use crate::sample::{CONNECTOR, READ, load};

const PAGED: &str = r#"replies = { no-value = ["-"], page = { rows = "data", number = "at", total-pages = "of" } }"#;

fn connector(replies: &str) -> String {
    CONNECTOR.replace("settings = [", &format!("{replies}\nsettings = ["))
}

fn command(replies: &str, reply: &str) -> Command {
    let command = READ.replace(r#"reply = ["array"]"#, &format!("reply = {reply}\nrow-members = [\"id\"]"));
    let manifest = load(&connector(replies), &[&command]).unwrap();
    Command::clone(&manifest.commands[0])
}

fn split(command: &Command, body: Value) -> Result<ListReply, Failure> {
    command.split("application/json", body.to_string().into_bytes())
}

#[test]
fn a_page_object_has_the_members_that_the_connector_s_manifest_names() {
    let command = command(PAGED, r#"["page-object"]"#);
    let reply =
        split(&command, json!({"data": [{"id": 1}, {"id": 2}], "at": "2", "of": 3.0, "totalCount": 9})).unwrap();
    assert_eq!((reply.page.len(), reply.number, reply.total_pages), (2, Some(2), Some(3)));
    assert_eq!((reply.total_rows, reply.paged, reply.proven), (None, true, true), "the manifest names no such member");
    assert_eq!(command.row_paths(), ["$.data[*]"]);
    for none in [json!(null), json!("-"), json!([])] {
        assert!(split(&command, json!({ "data": none })).unwrap().page.is_empty(), "{none}");
    }
    for other in [json!({"items": [{"id": 1}]}), json!({"data": "None"}), json!({"data": {"id": 1}}), json!([])] {
        assert_eq!(split(&command, other.clone()).unwrap_err().code, Some("unexpected-reply"), "{other}");
    }
    let twice = command.split("", br#"{"data":[],"data":[]}"#.to_vec()).unwrap_err();
    assert_eq!(twice.code, Some("unexpected-reply"), "{}", twice.message);
    let more = command.split("", br#"{"data":[]} {}"#.to_vec()).unwrap_err();
    assert_eq!(more.code, Some("unreadable-reply"), "{}", more.message);
}

#[test]
fn a_command_with_pages_needs_a_connector_that_names_their_members() {
    let command = READ.replace(r#"reply = ["array"]"#, r#"reply = ["page-object"]"#);
    let error = load(CONNECTOR, &[&command]).unwrap_err().to_string();
    assert!(error.contains("reply: the connector does not say which members a page object has"), "{error}");
}

#[tokio::test]
async fn a_cell_is_empty_where_the_manifest_s_text_for_no_value_stands_and_nowhere_else() {
    for (replies, expected) in [(PAGED, [json!(null), json!("None")]), ("", [json!("-"), json!("None")])] {
        let command = command(replies, r#"["array"]"#);
        let reply = split(&command, json!([{"id": 1, "name": "-"}, {"id": 2, "name": "None"}])).unwrap();
        let mut collector = Collector::new(Some(&command), Collector::DEFAULT_LIMIT);
        collector.page(reply.page).await.unwrap();
        let ended = Conclusion { error: None, receipt: Receipt::default(), warnings: Vec::new() };
        let rows = collector.finish(ended).result.rows;
        assert_eq!(rows.into_iter().map(|row| row[1].clone()).collect::<Vec<_>>(), expected, "{replies}");
    }
}

#[test]
fn a_reply_of_more_rows_than_may_be_is_refused_whatever_its_shape() {
    const MOST_ROWS: usize = 1_000_000;
    let command = command(PAGED, r#"["array", "page-object"]"#);
    let split_rows = |row: &str, count: usize, frame: [&str; 2]| {
        let rows = [row, &format!(",{row}").repeat(count - 1)].concat();
        command.split("application/json", [frame[0], &rows, frame[1]].concat().into_bytes())
    };
    for frame in [["[", "]"], ["{\"data\":[", "]}"]] {
        let whole = split_rows(r#"{"id":1}"#, MOST_ROWS, frame).unwrap();
        assert_eq!(whole.page.len(), MOST_ROWS);
        for row in ["0", "{}", r#"{"id":1}"#] {
            let refused = split_rows(row, MOST_ROWS + 1, frame).unwrap_err();
            assert_eq!(refused, Failure::new("reply-too-large", "The reply holds more than 1000000 rows."));
        }
        let broken = split_rows("0", MOST_ROWS + 1, [frame[0], ""]).unwrap_err();
        assert_eq!(broken.code, Some("unreadable-reply"), "{}", broken.message);
    }
}
