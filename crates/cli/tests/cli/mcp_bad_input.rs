//! Clients of the MCP tools that send nonsense or go away: each gets a clear error, and the server goes on.

use std::time::Duration;

use serde_json::{Value, json};

use crate::mcp::{Mcp, here, host, post, with};
use crate::support::SimulatorProcess;

#[test]
fn a_line_that_is_no_message_is_told_and_the_server_goes_on() {
    let simulator = SimulatorProcess::start(&[]);
    let mut mcp = Mcp::start(&simulator, &[]);
    // The protocol's library answers only what is JSON.
    for line in ["not json", "{", ""] {
        mcp.write_line(line);
    }
    for line in ["[]", "7", "{\"jsonrpc\": \"2.0\"}", "{\"id\": 9}"] {
        mcp.write_line(line);
        let answered: Value = serde_json::from_str(&mcp.line()).unwrap();
        assert!(answered["error"]["message"].is_string(), "{line}: {answered}");
    }
    let unknown = mcp.request("tools/unknown", &json!({}));
    assert_eq!(unknown["error"]["code"], -32601, "{unknown}");
    assert_eq!(mcp.call("list-tenants", &json!({"connection": "default", "site": "local"}))["isError"], false);
}

#[test]
fn each_wrong_argument_is_named_with_what_was_expected() {
    let simulator = SimulatorProcess::start(&[]);
    let mut mcp = Mcp::start(&simulator, &["--allow-writes"]);
    let wrong = [
        (json!({"connection": 5}), "connection", "invalid-argument"),
        (json!({"connection": "lost"}), "lost", "unknown-connection"),
        (json!({"site": "elsewhere"}), "local", "unknown-connection"),
        (json!({"tenant": []}), "tenant", "invalid-argument"),
        (json!({"tenant": 0}), "tenant", "invalid-argument"),
        (json!({"budget": "large"}), "budget", "invalid-argument"),
        (json!({"budget": 1e300}), "budget", "invalid-argument"),
        (json!({"cursor": 7}), "cursor", "invalid-argument"),
        (json!({"plan": "x"}), "plan", "invalid-argument"),
        (json!({"page-size": {}}), "Page Size", "invalid-parameter"),
        (json!({"pge": 5}), "pge", "unknown-parameter"),
    ];
    for (arguments, named, code) in wrong {
        let result = mcp.call("list-devices", &with(&here(), &arguments));
        let error = &result["structuredContent"]["error"];
        assert_eq!((&result["isError"], error["code"].as_str()), (&json!(true), Some(code)), "{arguments}: {result}");
        assert!(error["message"].as_str().unwrap().contains(named), "{arguments}: {error}");
        let is_told = |part: &str| error[part].as_str().is_some_and(|text| !text.is_empty());
        assert!(is_told("cause") && is_told("cure"), "{arguments}: {error}");
        // Names of parameters that the tool does not take would mislead.
        assert!(!error["message"].as_str().unwrap().contains("Footprint Tenant ID"), "{arguments}: {error}");
    }
    assert!(mcp.request("tools/call", &json!([]))["error"]["message"].is_string());
    for (params, reason) in [
        (json!({"name": 5}), "expected a string"),
        (json!({"name": "list-devices", "arguments": [1]}), "expected a map"),
        (json!({}), "expected the name of a tool"),
    ] {
        let answered = mcp.request("tools/call", &params);
        assert_eq!(answered["error"]["code"], -32602, "{params}: {answered}");
        assert!(answered["error"]["message"].as_str().unwrap().contains(reason), "{params}: {answered}");
    }
    assert_eq!(mcp.call("list-devices", &here())["isError"], false);
}

#[test]
fn a_client_of_a_host_that_goes_away_leaves_a_host_that_answers_and_a_change_that_is_made_once() {
    let simulator = SimulatorProcess::start(&["--fault", "rescan delay=2s"]);
    let instance = host("\nrequests-per-second = 0\n[mcp]\nwrites = true\n", &simulator);
    let served = instance.serve();
    let url = format!("{}/mcp", served.ready["url"].as_str().unwrap());
    let key = instance.made["key"].as_str().unwrap();
    let place = json!({"connection": "Footprint", "site": "Security Operations", "tenant": "own"});
    let call = |tool: &str, arguments: &Value| json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}});
    let content = |message: &Value| {
        let (status, answered) = post(&url, &[("d3key", key)], &message.to_string());
        assert_eq!(status, 200, "{answered}");
        answered["result"]["structuredContent"].clone()
    };
    let change = with(&place, &json!({"scanner-id": "101"}));
    let planned = content(&call("patch-rescan", &change));
    let carry_out = call("patch-rescan", &with(&change, &json!({"plan": planned["plan"]})));
    leave(&url, key, &carry_out);
    assert_eq!(content(&call("list-devices", &place))["returnData"], "Successful");
    // The change goes on without the client. Its repeat is told that it still runs, or gets its answer.
    let answered = (0..100).map(|_| content(&carry_out)).find(|content| {
        let is_running = content["error"]["code"] == "still-running";
        if is_running {
            std::thread::sleep(Duration::from_millis(100));
        }
        !is_running
    });
    let answered = answered.expect("the change did not end");
    assert_eq!(answered["returnData"], "Successful", "{answered}");
    assert_eq!(content(&carry_out)["receipt"], answered["receipt"], "it was made a second time");
}

/// Sends a message, and goes away before the answer.
fn leave(url: &str, key: &str, message: &Value) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().timeout(Duration::from_millis(500)).build().unwrap();
        let request = client.post(url).header("d3key", key).header("Content-Type", "application/json");
        let request = request.header("Accept", "application/json, text/event-stream");
        let request = request.header("MCP-Protocol-Version", "2025-11-25").body(message.to_string());
        assert!(request.send().await.unwrap_err().is_timeout());
    });
}
