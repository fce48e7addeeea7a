//! The audit log: every call, for ever.

use serde_json::json;
use sqlx::Connection as _;

use crate::support::{TestHost, answer};

#[tokio::test]
async fn every_call_is_in_the_log_before_it_is_answered() {
    for host in TestHost::on_both().await {
        let calls: Vec<_> = (0..50)
            .map(|number| {
                let request = match number % 3 {
                    0 => host.command("ShowNotes", json!({})),
                    1 => host.command("MakeNote", json!({ "Name": format!("Note {number}") })),
                    _ => host.bare("ShowNotes", json!({})),
                };
                tokio::spawn(async move {
                    let response = request.send().await.unwrap();
                    response.headers()["x-request-id"].to_str().unwrap().to_owned()
                })
            })
            .collect();
        let mut answered = Vec::new();
        for call in calls {
            answered.push(call.await.unwrap());
        }
        let mut logged: Vec<_> = host.audit().await.into_iter().map(|entry| entry.request_id).collect();
        answered.sort();
        logged.sort();
        assert_eq!(answered, logged);
        let used = host.test.store.reader().await.unwrap().records().key("playbooks").await.unwrap().last_used_at;
        assert_eq!(used, Some(host.now()));
    }
}

#[tokio::test]
async fn an_entry_is_neither_changed_nor_deleted() {
    for host in TestHost::on_both().await {
        assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 200);
        let address = &host.test.address;
        let address = if address.contains("://") { address.clone() } else { format!("sqlite:{address}") };
        let mut connection = sqlx::AnyConnection::connect(&address).await.unwrap();
        let copy =
            "(id, at, request_id, surface, address, key_name, username, acting_for, site, command, status, accepted,
                     reason)
                    SELECT id, at, request_id, surface, address, key_name, 'somebody else', acting_for, site, command,
                           status, accepted, reason FROM audit WHERE id = 1";
        let particular = if host.test.address.contains("://") {
            [
                "TRUNCATE audit".to_owned(),
                format!("INSERT INTO audit {copy} ON CONFLICT (id) DO UPDATE SET username = excluded.username"),
            ]
        } else {
            [
                format!("INSERT OR REPLACE INTO audit {copy}"),
                format!("INSERT INTO audit {copy} ON CONFLICT (id) DO UPDATE SET username = excluded.username"),
            ]
        };
        let common =
            ["UPDATE audit SET username = 'somebody else'", "DELETE FROM audit", "DELETE FROM audit WHERE id = 1"];
        for sql in common.map(str::to_owned).into_iter().chain(particular) {
            let error =
                sqlx::query(sqlx::AssertSqlSafe(sql.clone())).execute(&mut connection).await.unwrap_err().to_string();
            assert!(error.contains("append-only"), "{sql}: {error}");
        }
        assert_eq!(host.audit().await.len(), 1);
    }
}

#[tokio::test]
async fn what_a_caller_sends_steers_nobody_who_reads_the_log() {
    for host in TestHost::on_both().await {
        let name = format!("\u{1b}[2J\u{202e}{}", "x".repeat(5000));
        assert_eq!(answer(host.by(&name, "ShowNotes", json!({})).header("d3key", &host.key)).await.0, 401);
        let entry = host.audit().await.pop().unwrap();
        assert_eq!(entry.username, format!(" [2J {}", "x".repeat(295)));
    }
}

#[tokio::test]
async fn the_log_is_read_by_page_and_by_what_is_asked_for() {
    for host in TestHost::on_both().await {
        for number in 0..5 {
            assert_eq!(answer(host.command("MakeNote", json!({ "Name": format!("Note {number}") }))).await.0, 200);
        }
        assert_eq!(answer(host.bare("ShowNotes", json!({}))).await.0, 401);
        let (_, first) = answer(host.manage("GET", "/audit?limit=2&command=makenote")).await;
        assert_eq!(first["entries"].as_array().unwrap().len(), 2, "{first}");
        let next = first["next"].as_i64().unwrap();
        let (_, second) = answer(host.manage("GET", &format!("/audit?limit=10&command=MAKENOTE&before={next}"))).await;
        assert_eq!((second["entries"].as_array().unwrap().len(), second.get("next")), (3, None), "{second}");
        for (query, found) in [
            ("accepted=false&key=", 1),
            ("username=ADMIN&site=security%20operations", 5),
            ("key=playbooks&command=ShowNotes", 0),
            ("since=9000000000000000", 0),
            ("requestId=none", 0),
        ] {
            let (status, page) = answer(host.manage("GET", &format!("/audit?{query}"))).await;
            assert_eq!((status, page["entries"].as_array().map(Vec::len)), (200, Some(found)), "{query}: {page}");
        }
        for query in ["limit=0", "limit=1001", "limit=x", "accepted=maybe", "nothing=1", "limit=1&limit=2", "key=%00"] {
            assert_eq!(answer(host.manage("GET", &format!("/audit?{query}"))).await.0, 400, "{query}");
        }
    }
}

#[tokio::test]
async fn a_name_in_any_script_is_found_as_it_was_written() {
    for host in TestHost::on_both().await {
        let name = "Élise Ω";
        assert_eq!(answer(host.by(name, "ShowNotes", json!({})).header("d3key", &host.key)).await.0, 401);
        for (query, found) in
            [("username=%C3%89lise%20%CE%A9", 1), ("username=%C3%89LISE%20%CE%A9", 1), ("username=lise", 0)]
        {
            let (status, page) = answer(host.manage("GET", &format!("/audit?{query}"))).await;
            assert_eq!((status, page["entries"].as_array().map(Vec::len)), (200, Some(found)), "{query}: {page}");
        }
    }
}

#[tokio::test]
async fn a_call_whose_entry_cannot_be_kept_is_not_answered_and_changes_nothing() {
    for host in TestHost::on_both().await {
        let address = &host.test.address;
        let address = if address.contains("://") { address.clone() } else { format!("sqlite:{address}") };
        let mut connection = sqlx::AnyConnection::connect(&address).await.unwrap();
        sqlx::query("ALTER TABLE audit RENAME TO gone").execute(&mut connection).await.unwrap();
        let (status, read) = answer(host.command("ShowNotes", json!({}))).await;
        assert_eq!(status, 503, "{read}");
        assert!(!read.to_string().contains("Security Operations"), "{read}");
        assert_eq!(answer(host.command("MakeNote", json!({ "Name": "Unseen" }))).await.0, 503);
        let body = json!({ "name": "unseen" });
        assert_eq!(answer(host.manage("POST", "/users").json(&body)).await.0, 503);
        assert_eq!(answer(host.bare("ShowNotes", json!({}))).await.0, 503);
        assert_eq!(host.notes().await, [""; 0]);
        sqlx::query("ALTER TABLE gone RENAME TO audit").execute(&mut connection).await.unwrap();
        assert_eq!(answer(host.manage("POST", "/users").json(&body)).await.0, 201);
        assert_eq!(host.audit().await.len(), 1);
    }
}
