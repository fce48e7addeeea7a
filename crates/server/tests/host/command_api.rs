//! The Command API, as a client of D3's sees it.

use serde_json::json;
use soar_host::access::KeyRequest;
use soar_store::model::{Allowed, Moment};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{TestHost, answer, key_request};

#[tokio::test]
async fn a_command_is_answered_in_the_documented_shape_under_every_address_and_in_any_case() {
    for host in TestHost::on_both_with(|settings| settings.base_path = "/MainApp".to_owned()).await {
        for (index, path) in [
            "/VSOC/api/Command/MakeNote",
            "/api/Command/makenote",
            "/MainApp/VSOC/api/Command/MAKENOTE",
            "/MainApp/api/Command/MakeNote",
        ]
        .iter()
        .enumerate()
        {
            let body = json!({
                "Username": "admin", "Site": "SECURITY operations", "CommandParams": { "Name": format!("Note {index}") },
            });
            let request = host.client.post(format!("{}{path}", host.url)).json(&body).header("d3key", &host.key);
            let expected = json!({
                "error": "", "returnData": "Successful", "contextData": [{ "Name": format!("Note {index}") }],
            });
            assert_eq!(answer(request).await, (200, expected), "{path}");
        }
        assert_eq!(host.notes().await.len(), 4);
    }
}

#[tokio::test]
async fn whoever_has_no_valid_key_learns_nothing_but_that() {
    for host in TestHost::on_both().await {
        let invalid = (401, json!({ "Error": "Invalid authentication key." }));
        // The secret begins after the second underscore. It may contain further underscores.
        let (at, _) = host.key.match_indices('_').nth(1).unwrap();
        let (public_part, secret) = (host.key[..at].to_owned(), host.key[at + 1..].to_owned());
        let wrong_secret = format!("{public_part}_{}", secret.chars().rev().collect::<String>());
        let unknown = format!("d3k_{}_{secret}", "0".repeat(16));
        for (shown, reason) in [
            (None, "The call has no key."),
            (Some(""), "malformed: the key does not have the form of an API key"),
            (Some("d3k_ü"), "malformed"),
            (Some("Bearer something"), "malformed: the key does not have the form of an API key"),
            (Some(unknown.as_str()), "unknown, or its secret"),
            (Some(wrong_secret.as_str()), "unknown, or its secret"),
        ] {
            for command in ["MakeNote", "NoSuchCommand"] {
                let mut request = host.bare(command, json!({ "Name": "Note" }));
                if let Some(shown) = shown {
                    request = request.header("d3key", shown);
                }
                assert_eq!(answer(request).await, invalid, "{shown:?}");
                let entry = host.audit().await.pop().unwrap();
                assert!(entry.reason.contains(reason), "{shown:?}: {}", entry.reason);
                assert!(!entry.accepted && entry.status == 401 && entry.address == "127.0.0.1", "{entry:?}");
                assert!(!entry.reason.contains(&secret), "{entry:?}");
            }
        }
        assert!(host.notes().await.is_empty());
    }
}

#[tokio::test]
async fn a_key_works_for_its_owner_and_its_users_only_and_until_it_ends() {
    for host in TestHost::on_both().await {
        let invalid = (401, json!({ "Error": "Invalid authentication key." }));
        assert_eq!(answer(host.by("analyst", "ShowNotes", json!({})).header("d3key", &host.key)).await.0, 200);
        assert_eq!(answer(host.by("nobody", "ShowNotes", json!({})).header("d3key", &host.key)).await, invalid);
        let own = host.issue(&key_request("analyst's own", "analyst")).await;
        assert_eq!(answer(host.by("Admin", "ShowNotes", json!({})).header("d3key", &own)).await, invalid);
        assert_eq!(answer(host.by("ANALYST", "ShowNotes", json!({})).header("d3key", &own)).await.0, 200);

        let request =
            KeyRequest { expires_at: Some(host.now() + Duration::from_secs(1)), ..key_request("brief", "Admin") };
        let brief = host.issue(&request).await;
        let call = || host.bare("ShowNotes", json!({})).header("d3key", &brief);
        assert_eq!(answer(call()).await.0, 200);
        host.clock.advance(Duration::from_millis(999));
        assert_eq!(answer(call()).await.0, 200);
        host.clock.advance(Duration::from_millis(1));
        assert_eq!(answer(call()).await, invalid);
        assert_eq!(host.audit().await.pop().unwrap().reason, "The key is expired.");
    }
}

#[tokio::test]
async fn what_another_process_changes_takes_effect_within_half_a_second() {
    for host in TestHost::on_both().await {
        let other = soar_store::Store::open(&host.test.address).await.unwrap();
        let call = || host.command("ShowNotes", json!({}));
        assert_eq!(answer(call()).await.0, 200);
        let mut transaction = other.transaction().await.unwrap();
        transaction.records().revoke_key("PLAYBOOKS", Moment(5)).await.unwrap();
        transaction.commit().await.unwrap();
        host.clock.advance(Duration::from_millis(500));
        assert_eq!(answer(call()).await.0, 401);
        assert_eq!(host.audit().await.pop().unwrap().reason, "The key is revoked.");
    }
}

#[tokio::test]
async fn an_inactive_user_is_not_let_in() {
    for host in TestHost::on_both().await {
        let change = host.manage("PATCH", "/users/analyst").json(&json!({ "active": false }));
        assert_eq!(answer(change).await.0, 200);
        assert_eq!(answer(host.by("analyst", "ShowNotes", json!({})).header("d3key", &host.key)).await.0, 401);
    }
}

#[tokio::test]
async fn a_key_is_limited_to_its_sites_and_commands_and_a_user_to_its_roles() {
    for host in TestHost::on_both().await {
        let request = KeyRequest { sites: Allowed::Only(Vec::new()), ..key_request("no site", "Admin") };
        let no_site = host.issue(&request).await;
        let request =
            KeyRequest { commands: Allowed::Only(vec!["shownotes".to_owned()]), ..key_request("reader", "Admin") };
        let reader = host.issue(&request).await;
        let refused = |error: &str| (200, json!({ "error": error, "returnData": "Failed" }));
        assert_eq!(
            answer(host.bare("ShowNotes", json!({})).header("d3key", &no_site)).await,
            refused("The key \"no site\" may not be used on site \"Security Operations\".")
        );
        assert_eq!(answer(host.bare("ShowNotes", json!({})).header("d3key", &reader)).await.0, 200);
        assert_eq!(
            answer(host.bare("MakeNote", json!({ "Name": "Note" })).header("d3key", &reader)).await,
            refused("The key \"reader\" may not be used for the command MakeNote.")
        );
        let made = host.manage("POST", "/sites").json(&json!({ "name": "Secret client", "kind": "Client" }));
        assert_eq!(answer(made).await.0, 201);
        for site in ["Secret client", "Nowhere at all"] {
            let body = json!({ "Username": "analyst", "Site": site });
            let url = format!("{}/api/Command/ShowNotes", host.url);
            let request = host.client.post(url).json(&body).header("d3key", &host.key);
            let error =
                format!("There is no site \"{site}\", or user \"analyst\" has no role on it. Ask an administrator.");
            assert_eq!(answer(request).await, refused(&error));
        }
        let entry = host.audit().await.pop().unwrap();
        assert_eq!((entry.status, entry.accepted, entry.site.as_str()), (200, false, "Nowhere at all"));
    }
}

#[tokio::test]
async fn every_malformed_call_has_its_status_and_says_what_was_expected() {
    for host in TestHost::on_both_with(|settings| settings.body_bytes = 2000).await {
        let url = format!("{}/VSOC/api/Command/MakeNote", host.url);
        let post = |body: String| {
            let request = host.client.post(&url).header("d3key", &host.key);
            request.header("content-type", "application/json; charset=utf-8").body(body)
        };
        let deep = format!("{}{}", "[".repeat(900), "]".repeat(900));
        for (body, expected) in [
            (String::new(), "The body is not valid"),
            ("[]".to_owned(), "The body is not valid"),
            ("{".to_owned(), "The body is not valid"),
            (
                format!(r#"{{"Username":"Admin","Site":"Security Operations","CommandParams":{{"Name":{deep}}}}}"#),
                "recursion",
            ),
            (r#"{"Site":"Security Operations"}"#.to_owned(), "Username is required"),
            (r#"{"Username":"Admin","Site":"  "}"#.to_owned(), "Site is required"),
            (r#"{"Username":1,"Site":"S"}"#.to_owned(), "Username: expected text"),
            (
                r#"{"Username":"Admin","Site":"Security Operations","CommandParams":[]}"#.to_owned(),
                "CommandParams: expected",
            ),
            (r#"{"Username":"Admin","Site":"Security Operations"}"#.to_owned(), "Name is required"),
            (
                r#"{"Username":"Admin","Site":"Security Operations","CommandParams":{"Name":"a","Naem":"b"}}"#
                    .to_owned(),
                "Unknown parameter \"Naem\". Did you mean \"Name\"?",
            ),
            (
                r#"{"Username":"Admin","Site":"Security Operations","CommandParams":{"Name":"a\u0000"}}"#.to_owned(),
                "NUL",
            ),
        ] {
            let (status, answered) = answer(post(body.clone())).await;
            let error = answered["Error"].as_str().unwrap();
            assert!(status == 400 && error.contains(expected), "{body}: {status} {error}");
        }
        let (status, answered) = answer(post(format!("\"{}\"", "x".repeat(2000)))).await;
        assert_eq!(
            (status, answered),
            (413, json!({ "Error": "The body is longer than 2000 bytes. Send it in parts." }))
        );
        let chunks = vec![Ok::<_, std::io::Error>(vec![b' '; 1500]), Ok(vec![b' '; 1500])];
        let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
        assert_eq!(answer(post(String::new()).body(stream)).await.0, 413);
        for kind in ["text/plain", "application/jsonp", ""] {
            let request = host.client.post(&url).header("d3key", &host.key).header("content-type", kind).body("{}");
            assert_eq!(answer(request).await.0, 415, "{kind}");
        }
        let response = host.client.get(&url).header("d3key", &host.key).send().await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"POST".parse().unwrap()));
        let (status, answered) = answer(host.command("MakeNoet", json!({}))).await;
        let error = "There is no command \"MakeNoet\". Did you mean \"MakeNote\"? /openapi.json lists all commands.";
        assert_eq!((status, answered), (404, json!({ "Error": error })));
        assert_eq!(answer(host.client.get(format!("{}/nothing", host.url))).await.0, 404);
        assert!(host.notes().await.is_empty());
        let statuses: Vec<_> = host.audit().await.iter().map(|entry| entry.status).collect();
        assert_eq!(statuses, [vec![400; 11], vec![413, 413, 415, 415, 415, 405, 404]].concat());
    }
}

#[tokio::test]
async fn a_failure_of_the_hosts_own_never_says_why() {
    for host in TestHost::on_both().await {
        for mode in ["panic", "store"] {
            let response = host.command("MakeNote", json!({ "Name": "Note", "Mode": mode })).send().await.unwrap();
            let request_id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
            assert_eq!(response.status().as_u16(), 500);
            assert_eq!(response.text().await.unwrap(), r#"{"Error":"Unexpected Error."}"#);
            let entry = host.audit().await.pop().unwrap();
            assert_eq!((entry.request_id, entry.status, entry.accepted), (request_id, 500, false));
        }
        assert_eq!(answer(host.command("ListDevices", json!({ "Name": "a", "Mode": "panic" }))).await.0, 500);
        assert!(host.notes().await.is_empty());
    }
}

#[tokio::test]
async fn a_refusal_undoes_what_came_before_it() {
    for host in TestHost::on_both().await {
        let refused = json!({ "error": "It is refused after it wrote.", "returnData": "Failed" });
        let call = host.command("MakeNote", json!({ "Name": "Note", "Mode": "refuse", "Username": "admin user" }));
        assert_eq!(answer(call).await, (200, refused));
        assert!(host.notes().await.is_empty());
        let entry = host.audit().await.pop().unwrap();
        assert_eq!(entry.reason, "It is refused after it wrote.");
        assert_eq!((entry.username.as_str(), entry.acting_for.as_str()), ("Admin", "admin user"));
        assert_eq!((entry.key.as_str(), entry.command.as_str()), ("playbooks", "MakeNote"));
    }
}

#[tokio::test]
async fn a_key_that_calls_too_often_waits() {
    for host in TestHost::on_both_with(|settings| settings.requests_per_second = 50).await {
        let other = host.issue(&key_request("other", "Admin")).await;
        for _ in 0..50 {
            assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 200);
        }
        let response = host.command("ShowNotes", json!({})).send().await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (429, &"1".parse().unwrap()));
        let error = "The request exceeds rate limits or is otherwise blocked by rate limiting policies.";
        assert_eq!(response.json::<serde_json::Value>().await.unwrap(), json!({ "Error": error }));
        assert_eq!(answer(host.bare("ShowNotes", json!({})).header("d3key", &other)).await.0, 200);
        host.clock.advance(Duration::from_millis(20));
        assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 200);
        assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 429);
        assert_eq!(host.audit().await.len(), 54);
    }
}

#[tokio::test]
async fn more_calls_at_once_than_may_run_are_turned_away() {
    for host in TestHost::on_both_with(|settings| settings.calls_in_flight = 1).await {
        let held = tokio::spawn(answer(host.command("ListDevices", json!({ "Name": "a", "Mode": "wait" }))));
        host.gate.entered().await;
        let response = host.command("ShowNotes", json!({})).send().await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"1".parse().unwrap()));
        host.gate.let_one_go();
        assert_eq!(held.await.unwrap().0, 200);
        assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 200);
    }
}

#[tokio::test]
async fn a_body_or_a_head_that_comes_too_slowly_is_cut_off() {
    let change = |settings: &mut soar_host::settings::HostSettings| {
        settings.body_seconds = 1;
        settings.head_seconds = 1;
    };
    for host in TestHost::on_both_with(change).await {
        let address = host.url.trim_start_matches("http://");
        let mut slow = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /api/Command/ShowNotes HTTP/1.1\r\nHost: x\r\nd3key: {}\r\nContent-Type: application/json\r\n\
             Content-Length: 100\r\n\r\n{{",
            host.key
        );
        slow.write_all(head.as_bytes()).await.unwrap();
        let mut answered = String::new();
        slow.read_to_string(&mut answered).await.unwrap();
        assert!(answered.starts_with("HTTP/1.1 408 "), "{answered}");
        assert!(answered.ends_with(r#"{"Error":"The body did not arrive within 1 seconds."}"#), "{answered}");
        let mut slower = tokio::net::TcpStream::connect(address).await.unwrap();
        slower.write_all(b"POST /api/Command/ShowNotes HTTP/1.1\r\n").await.unwrap();
        let mut answered = Vec::new();
        // Closed with or without an answer.
        let _ = slower.read_to_end(&mut answered).await;
        assert!(!answered.starts_with(b"HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn the_log_says_in_whose_name_a_command_acts_however_the_parameter_is_spelled() {
    for host in TestHost::on_both().await {
        for (spelling, name) in
            [("Username", json!("admin user")), ("USERNAME", json!(" admin user ")), ("username", json!(7))]
        {
            let note = format!("Note for {name}");
            let (status, answered) = answer(host.command("MakeNote", json!({ "Name": note, spelling: name }))).await;
            assert_eq!((status, &answered["error"]), (200, &json!("")), "{answered}");
            let entry = host.audit().await.pop().unwrap();
            let expected = name.as_str().map_or_else(|| name.to_string(), |name| name.trim().to_owned());
            assert_eq!((entry.username.as_str(), entry.acting_for), ("Admin", expected), "{spelling}");
        }
    }
}
