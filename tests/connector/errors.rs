//! Every status and every kind of wrong reply ends in the documented Error tab, with a code, a cause and a cure.

use footprint_simulator::Generation;
use serde_json::json;
use soar_connector::manifest::ReplyShape;

use crate::stub::{CannedReply, serve, serve_reply};
use crate::support::{
    GENERATIONS, administrator, connect, documented, error_of, manifest, run, simulator, valid_parameters,
};

#[tokio::test]
async fn every_status_has_its_tab_its_code_its_cause_and_its_cure() {
    let mut text = String::new();
    for (command, route) in
        [("List Devices", "devices"), ("List Device Users", "device-users"), ("Patch Rescan", "rescan")]
    {
        for status in [400, 401, 402, 403, 404, 405, 406, 408, 418, 429, 500, 501, 502, 503, 504] {
            let simulator = simulator(Generation::Current).await;
            let connector = administrator(&simulator);
            let parameters = valid_parameters(connector.manifest().command(command).unwrap(), &simulator.known());
            simulator.inject(format!("{route} status={status} body=empty").parse().unwrap());
            let error = run(&*connector, command, parameters.into()).await.error.expect("Failed");
            assert!(!error.cause.is_empty() && !error.cure.is_empty(), "{command} {status}");
            text.push_str(&format!("{error}\n  {}{}\n", error.code, if error.retryable { ", retryable" } else { "" }));
        }
    }
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn a_vendors_status_has_the_same_code_on_every_command_unless_the_manifest_says_otherwise() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        run(&*connector, "List Scanners", json!({})).await;
        for command in &manifest().commands {
            for status in [402, 405, 406, 501] {
                simulator.inject(format!("* status={status}").parse().unwrap());
                let parameters = valid_parameters(command, &simulator.known());
                let outcome = run(&*connector, &command.name, parameters.into()).await;
                simulator.clear_faults();
                let manifest = manifest();
                let expected = manifest.error_of_status(manifest.command(&command.name).ok(), status).unwrap();
                assert_eq!(error_of(&outcome).0, expected.code, "{} {status} on {generation}", command.name);
            }
        }
    }
}

#[tokio::test]
async fn a_device_that_is_a_server_is_not_supported_where_the_vendor_says_so() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        for command in ["List Device Users", "List Device Network Connections"] {
            let parameters = json!({ "Device ID": simulator.known().server_device });
            let (code, text) = error_of(&run(&*connector, command, parameters).await);
            assert_eq!(code, "device-not-supported");
            assert_eq!(text, format!("{command} failed.\nStatus Code: 501.\nMessage: Not Implemented."));
        }
    }
}

#[tokio::test]
async fn an_empty_200_is_a_failure_where_a_body_is_expected_and_only_there() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        run(&*connector, "List Scanners", json!({})).await;
        for command in manifest().commands.iter().filter(|command| command.name != "Test Connection") {
            simulator.inject("* empty".parse().unwrap());
            let outcome = run(&*connector, &command.name, valid_parameters(command, &simulator.known()).into()).await;
            simulator.clear_faults();
            if command.reply.contains(&ReplyShape::Empty) {
                assert!(outcome.is_successful() && outcome.result.rows.is_empty(), "{}", command.name);
            } else {
                assert_eq!(error_of(&outcome).0, "empty-reply", "{}", command.name);
            }
        }
    }
    let simulator = simulator(Generation::Current).await;
    let parameters = json!({ "Device ID": simulator.known().quiet_agent_device });
    assert!(run(&*administrator(&simulator), "List Device Network Connections", parameters).await.is_successful());
}

#[tokio::test]
async fn no_page_of_another_product_is_a_success_of_any_command() {
    let html = CannedReply {
        content_type: "text/html; charset=utf-8",
        ..CannedReply::json("<!doctype html><title>Login</title>")
    };
    let disguised = CannedReply::json("<html>no content type gives it away</html>");
    for command in &documented() {
        for (reply, code) in [
            (html.clone(), "html-reply"),
            (disguised.clone(), "html-reply"),
            (CannedReply::json(r#"{"status":"ok","version":"11.2"}"#), "unexpected-reply"),
            (CannedReply::json(r#"[{"uid":"x","title":"Dashboard"}]"#), "unexpected-reply"),
            (
                CannedReply::json(r#"{"page":1,"totalPages":1,"totalCount":1,"items":[{"uid":"x"}]}"#),
                "unexpected-reply",
            ),
            (CannedReply::json(r#"{"items":"none"}"#), "unexpected-reply"),
            (CannedReply::json(r#"[1,2,3]"#), "unexpected-reply"),
            (CannedReply::json("\"ok\""), "unexpected-reply"),
            (CannedReply::json("null"), "unexpected-reply"),
            (CannedReply::json(r#"[{"id":1,"#), "unreadable-reply"),
            (CannedReply::json("[{\"id\":1}] trailing"), "unreadable-reply"),
            (CannedReply::json(b"[{\"id\":\"\xff\"}]".to_vec()), "unreadable-reply"),
        ] {
            let url = serve_reply(reply.clone()).await;
            let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
            let ids = simulator(Generation::Current).await.known();
            let outcome = run(&*connector, &command.name, valid_parameters(command, &ids).into()).await;
            let body = String::from_utf8_lossy(&reply.body);
            let (found, _) = error_of(&outcome);
            // A 200 that proves nothing may stand for a write that was carried out.
            let is_write = command.effect == soar_connector::manifest::Effect::Write;
            assert_eq!(found, if is_write { "outcome-unknown" } else { code }, "{}: {body}", command.name);
        }
    }
}

#[tokio::test]
async fn no_page_of_another_product_is_a_login() {
    for (reply, code) in [
        (CannedReply { content_type: "text/html", ..CannedReply::json("<html></html>") }, "html-reply"),
        (CannedReply::json(r#"{"status":"ok"}"#), "unexpected-reply"),
        (CannedReply::json(""), "empty-reply"),
        (CannedReply::json("{\"access\":"), "unreadable-reply"),
        (CannedReply::json(r#"{"access":"None","refresh":""}"#), "no-access-token"),
        (CannedReply::json("{\"access\":\"a\\nb\"}"), "no-access-token"),
        (CannedReply::status(302, "").with_header("Location", "https://elsewhere.example.com/login"), "redirected"),
        (CannedReply::status(599, ""), "unexpected-status"),
    ] {
        let answer = reply.clone();
        let url = serve(move |_, _, _| answer.clone()).await;
        let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
        let (found, text) = error_of(&run(&*connector, "List Devices", json!({})).await);
        assert_eq!(found, code, "{reply:?}: {text}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
    let (code, text) = error_of(&run(&*connector, "List Devices", json!({})).await);
    assert_eq!(code, "unreachable");
    assert!(text.contains("Status Code: N/A.") && text.contains("Connection refused"), "{text}");
}

#[tokio::test]
async fn a_connection_that_breaks_is_lost_for_reads_and_in_doubt_for_writes() {
    for fault in ["close", "cut"] {
        let simulator = simulator(Generation::Current).await;
        let connector = administrator(&simulator);
        run(&*connector, "List Scanners", json!({})).await;
        simulator.inject(format!("* {fault}").parse().unwrap());
        for command in &documented() {
            let parameters = valid_parameters(command, &simulator.known());
            let (code, text) = error_of(&run(&*connector, &command.name, parameters.into()).await);
            let expected = match command.effect {
                soar_connector::manifest::Effect::Read => "connection-lost",
                soar_connector::manifest::Effect::Write => "outcome-unknown",
            };
            assert_eq!(code, expected, "{} {fault}: {text}", command.name);
        }
    }
}

#[tokio::test]
async fn a_giant_reply_is_refused_at_the_bound() {
    let simulator = simulator(Generation::Current).await;
    simulator.inject("devices giant=100MB".parse().unwrap());
    let (code, text) = error_of(&run(&*administrator(&simulator), "List Devices", json!({})).await);
    assert_eq!(code, "reply-too-large");
    assert!(text.contains("64 MiB"), "{text}");
}

#[tokio::test]
async fn a_reply_that_would_take_far_more_memory_than_its_size_is_refused() {
    let dense = r#"{"":0},"#.repeat(400_000);
    let body =
        format!(r#"{{"items":[{{"id":1,"ip":"192.0.2.1","state":1,"name":[{dense}0],"label":[{dense}0]}}],"page":1}}"#);
    assert!(body.len() < 6 * 1024 * 1024);
    let url = serve_reply(CannedReply::json(body)).await;
    let connector = connect(&[("Server URL", &url), ("User Name", "soar"), ("Password", "right")]);
    for (command, parameters) in [("List Devices", json!({})), ("Patch Rescan", json!({ "Scanner ID": "1" }))] {
        let (code, text) = error_of(&run(&*connector, command, parameters).await);
        assert_eq!(code, "reply-too-large", "{command}: {text}");
    }
}

#[tokio::test]
async fn a_giant_reply_to_a_login_is_refused_before_it_is_parsed() {
    let simulator = simulator(Generation::Current).await;
    simulator.inject("token giant=3MB".parse().unwrap());
    let (code, text) = error_of(&run(&*administrator(&simulator), "List Devices", json!({})).await);
    assert_eq!(code, "reply-too-large");
    assert!(text.contains("larger than 1 MiB"), "{text}");
}

#[tokio::test]
async fn a_command_ends_at_its_time_limit() {
    let simulator = simulator(Generation::Current).await;
    let connector = administrator(&simulator);
    run(&*connector, "List Scanners", json!({})).await;
    simulator.inject("* delay=60s".parse().unwrap());
    for (command, code) in [("List Devices", "timed-out"), ("Patch Rescan", "outcome-unknown")] {
        let context = soar_connector::ExecutionContext {
            time_limit: Some(std::time::Duration::from_millis(200)),
            ..soar_connector::ExecutionContext::new()
        };
        let outcome = connector.execute(command, &soar_connector::RawParameters::new(), &context).await;
        assert_eq!(error_of(&outcome).0, code);
        assert_eq!(outcome.receipt.requests, 1);
    }
}

#[tokio::test]
async fn deeply_nested_rows_break_nothing() {
    let simulator = simulator(Generation::Current).await;
    simulator.inject("devices deep".parse().unwrap());
    let outcome = run(&*administrator(&simulator), "List Devices", json!({})).await;
    assert!(matches!(error_of(&outcome).0.as_str(), "unexpected-reply" | "unreadable-reply"), "{:?}", outcome.error);
}
