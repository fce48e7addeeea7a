//! Requests have bodies as the vendor documents them, ask for English, and contain nothing that cannot be sent.

use serde_json::json;

use crate::stub::{CannedReply, serve_reply};
use crate::support::{GENERATIONS, administrator, connect, error_of, run, simulator};

#[tokio::test]
async fn a_rescan_by_scanner_has_no_body_and_one_by_all_has_the_documented_one() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        for (parameters, body) in [(json!({ "Scanner ID": simulator.known().active_scanner }), ""), (json!({}), "{}")] {
            simulator.clear_requests();
            run(&*connector, "Patch Rescan", parameters).await;
            let requests = simulator.requests();
            let patch = requests.iter().find(|request| request.method == "PATCH").unwrap();
            assert_eq!(patch.body, body, "{generation}");
            assert_eq!(patch.headers.contains_key("content-type"), !body.is_empty());
            assert_eq!(patch.headers["accept-language"], "en");
        }
    }
}

#[tokio::test]
async fn a_filter_that_is_too_long_is_refused_by_name_and_length_before_anything_is_sent() {
    let simulator = simulator(GENERATIONS[0]).await;
    let filter = json!({ "Filter": { "ip": "1".repeat(100_000), "riskLevel": "critical" } });
    let (code, text) = error_of(&run(&*administrator(&simulator), "List Devices", filter).await);
    assert_eq!(code, "invalid-parameter");
    assert!(text.contains("Filter.ip: 100000 bytes are too many."), "{text}");
    assert!(simulator.requests().is_empty(), "not even a login");
    let filter = json!({ "Filter": { "ip": "1".repeat(60_000) } });
    let url = serve_reply(CannedReply::json(r#"{"page":1,"totalPages":1,"totalCount":0,"items":[]}"#)).await;
    let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
    assert!(run(&*connector, "List Devices", filter).await.is_successful());
}

#[tokio::test]
async fn a_request_that_the_server_finds_too_long_is_told_as_that() {
    for status in [413, 414, 431] {
        let page = "<html><title>Request too long</title></html>";
        let url = serve_reply(CannedReply { content_type: "text/html", ..CannedReply::status(status, page) }).await;
        let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
        let (code, text) = error_of(&run(&*connector, "List Devices", json!({})).await);
        assert_eq!(code, "request-too-large");
        assert!(text.contains(&format!("Status Code: {status}.")) && text.contains("Request too long"), "{text}");
    }
}

#[tokio::test]
async fn a_write_without_a_good_reply_says_what_came() {
    for (body, said) in [
        (r#"{"queued": true, "job": 7}"#, r#"It begins with "{"queued": true, "job": 7}"."#),
        ("\"started\"", r#"It begins with ""started""."#),
        ("<html>Hello</html>", "It begins with \"<html>Hello</html>\""),
    ] {
        let url = serve_reply(CannedReply::json(body)).await;
        let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
        let error = run(&*connector, "Patch Rescan", json!({})).await.error.unwrap();
        assert_eq!(error.code, "outcome-unknown");
        assert!(error.message.contains(said) && !error.cause.contains("connection failed"), "{error}");
    }
}
