//! Import and export over the management API.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::served::ServedHost;
use crate::support::answer;

async fn send(host: &ServedHost, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    answer(host.call("POST", path).header("content-type", kind).body(body)).await
}

/// Media type and text.
async fn exported(host: &ServedHost, query: &str) -> (String, String) {
    let response = host.call("GET", &format!("/transfer/incidents{query}")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    (kind, response.text().await.unwrap())
}

#[tokio::test]
async fn a_file_goes_in_and_comes_out_in_every_format() {
    for host in ServedHost::on_both().await {
        let cases = "number,site,title\nC-1,Security Operations,\"Two\nlines\"\n";
        let (status, report) = send(&host, "/transfer/cases", "text/csv; charset=utf-8", cases).await;
        assert_eq!((status, &report["added"], &report["failed"]), (200, &json!(1), &json!(0)), "{report}");
        let rows = "{\"number\":\"I-1\",\"site\":\"Security Operations\",\"cases\":[{\"number\":\"C-1\"}]}\n\
                    {\"number\":\"I-2\",\"site\":\"Nowhere\"}\n\
                    {\"number\":\"I-3\",\"site\":\"Client\"}\n";
        let (status, report) = send(&host, "/transfer/incidents", "application/x-ndjson", rows).await;
        let expected = json!({
            "added": 2, "updated": 0, "skipped": 0, "failed": 1, "missingLinks": [], "badRows": [{
                "line": 2, "field": "site", "problem": "expected the name of a site, found \"Nowhere\"",
            }],
        });
        assert_eq!((status, report), (200, expected));
        let (kind, ndjson) = exported(&host, "").await;
        assert_eq!((kind.as_str(), ndjson.lines().count()), ("application/x-ndjson", 2));
        let (kind, csv) = exported(&host, "?format=csv").await;
        assert!(kind == "text/csv" && csv.lines().count() == 3 && csv.contains("I-1"), "{kind}: {csv}");
        let (kind, text) = exported(&host, "?format=json").await;
        let all: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((kind.as_str(), &all[0]["cases"][0]["number"]), ("application/json", &json!("C-1")));
        // Importing the export again changes nothing.
        for (kind, text) in [("application/x-ndjson", ndjson), ("text/csv", csv), ("application/json", text)] {
            let (status, report) = send(&host, "/transfer/incidents?onConflict=skip", kind, text).await;
            assert_eq!(
                (status, &report["skipped"], &report["failed"]),
                (200, &json!(2), &json!(0)),
                "{kind}: {report}"
            );
        }
        let reasons: Vec<_> = host.audit().await.into_iter().take(4).map(|entry| entry.reason).collect();
        assert_eq!(
            reasons,
            [
                "cases as csv: 1 added, 0 updated up to line 2",
                "1 added",
                "incidents as ndjson: 2 added, 0 updated up to line 3",
                "2 added, 1 failed"
            ]
        );
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_taken_is_refused_with_what_to_do() {
    for host in ServedHost::on_both().await {
        let row = "{\"number\":\"I-1\",\"site\":\"Client\"}";
        let (status, error) = send(&host, "/transfer/incidents", "application/xml", row).await;
        let valid = "application/json, application/x-ndjson, text/csv";
        assert!(status == 415 && error["Error"].as_str().unwrap().contains(valid), "{error}");
        let (status, error) = send(&host, "/transfer/incidents", "text/csv", "x".repeat(64 * 1024 + 1)).await;
        assert!(status == 413 && error["Error"].as_str().unwrap().contains("65536"), "{error}");
        for query in ["?onConflict=overwrite", "?format=csv"] {
            let (status, error) = send(&host, &format!("/transfer/incidents{query}"), "text/csv", row).await;
            assert_eq!(status, 400, "{error}");
        }
        assert_eq!(host.get("/transfer/incidents?format=xml").await.0, 400);
        // Columns, a good row, and bytes that are no text.
        let nul = "{\"number\":\"I\\u0000\",\"site\":\"Client\"}\n{\"number\":\"I-2\",\"site\":\"Client\"}\n";
        let (status, report) = send(&host, "/transfer/incidents", "application/x-ndjson", nul).await;
        assert_eq!((status, &report["added"], &report["failed"]), (200, &json!(1), &json!(1)), "{report}");
        assert_eq!(exported(&host, "").await.1.lines().count(), 1);
        let without = host.client.get(host.call("GET", "/transfer/cases").build().unwrap().url().clone());
        assert_eq!(answer(without).await.0, 401);
    }
}

#[tokio::test]
async fn who_breaks_off_amid_a_file_has_changed_nothing() {
    for host in ServedHost::on_both().await {
        let request = host.call("POST", "/transfer/incidents").build().unwrap();
        let address = format!("127.0.0.1:{}", request.url().port().unwrap());
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: x\r\nd3key: {}\r\ncontent-type: application/x-ndjson\r\ncontent-length: 60000\r\n\r\n",
            request.url().path(),
            host.key
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let rows: String = (0..800).map(|n| format!("{{\"number\":\"I-{n}\",\"site\":\"Client\"}}\n")).collect();
        stream.write_all(rows.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answered = String::new();
        // The host may have closed the connection already.
        let _ = stream.read_to_string(&mut answered).await;
        assert_eq!(exported(&host, "").await.1, "");
    }
}
