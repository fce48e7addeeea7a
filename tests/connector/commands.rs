//! Every command on all generations: success, empty, not found, denied, bad parameter, and the request that was sent.

use footprint_simulator::{Generation, UserKind};
use serde_json::{Value, json};
use soar_connector::manifest::{Effect, ReplyShape};
use soar_connector::{Command, RawParameters};

use crate::stub::{CannedReply, serve_reply};
use crate::support::{
    GENERATIONS, administrator, commands_of, connect, connect_as, data_requests, documented, error_of, line, manifest,
    run, simulator, valid_parameters,
};

/// Whether a request is one of those that the manifest's `endpoint` names, with a parameter's value for each name in
/// braces, and asks for nothing but a page size.
fn is_documented(line: &str, command: &Command, parameters: &RawParameters) -> bool {
    let (request, query) = line.split_once('?').unwrap_or((line, ""));
    let mut method = "";
    let mut documented = command.endpoint.split([' ', ',']).filter_map(|word| {
        let is_path = word.starts_with('/');
        if !is_path && word.chars().all(|c| c.is_ascii_uppercase()) && !word.is_empty() {
            method = word;
        }
        is_path.then(|| format!("{method} {word}"))
    });
    let values: Vec<_> = parameters.values().map(ToString::to_string).collect();
    let fits = |template: String| {
        let parts = template.split('/').zip(request.split('/'));
        template.split('/').count() == request.split('/').count()
            && parts.into_iter().all(|(part, sent)| {
                if part.starts_with('{') { values.iter().any(|value| value == sent) } else { part == sent }
            })
    };
    documented.any(fits) && (query.is_empty() || (query == "size=100" && command.input("Page").is_none()))
}

#[tokio::test]
async fn every_command_succeeds_with_the_documented_request_and_the_servers_bytes() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        for command in &documented() {
            simulator.clear_requests();
            let parameters = valid_parameters(command, &simulator.known());
            let outcome = run(&*connector, &command.name, parameters.clone().into()).await;
            assert!(outcome.is_successful(), "{} on {generation}: {:?}", command.name, outcome.error);
            let sent = data_requests(&simulator);
            let lines: Vec<_> = sent.iter().map(line).collect();
            assert_eq!(lines.len(), 1, "{} on {generation}: {lines:?}", command.name);
            assert!(is_documented(&lines[0], command, &parameters), "{} on {generation}: {lines:?}", command.name);
            assert_eq!(sent[0].headers.get("footprinttenantid").map(String::as_str), Some("1"), "{}", command.name);
            assert!(sent[0].headers["authorization"].starts_with("Bearer "), "{}", command.name);
            let expects_rows = !command.reply.contains(&ReplyShape::Empty)
                || (command.name == "List Device Network Connections")
                || (command.name == "Patch Rescan" && generation != Generation::Legacy);
            assert_eq!(!outcome.result.rows.is_empty(), expects_rows, "{} on {generation}", command.name);
            if expects_rows && command.name != "Test Connection" {
                assert_eq!(outcome.receipt.rows, outcome.result.rows.len() as u64, "{}", command.name);
                for field in &outcome.key_fields {
                    assert!(!field.values.is_empty(), "{}: {} is empty", command.name, field.name);
                }
                for (index, column) in outcome.result.columns.iter().enumerate() {
                    let filled = outcome.result.rows.iter().any(|row| !row[index].is_null());
                    let other_generation = matches!(
                        (command.name.as_str(), column.as_str(), generation),
                        // Devices carry numbers, contexts words.
                        ("List Devices", "Risk Level", _)
                            | (_, "Risk Level", Generation::Legacy | Generation::Middle)
                            | ("List Technical Contexts" | "Get Technical Context", "Risk Level Number", _)
                            | (_, "State" | "Modified", Generation::Current)
                            | ("Get Technical Context", "Devices", Generation::Legacy | Generation::Middle)
                            | ("List Current Targets Ports", "Last Scanned", Generation::Legacy)
                            | ("List Tenants", "Trial Expired", Generation::Legacy)
                    );
                    assert!(filled || other_generation, "{} on {generation}: {column} is empty", command.name);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_tenant_that_is_asked_for_goes_out_with_the_request() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        for command in manifest().commands.iter().filter(|command| command.input("Footprint Tenant ID").is_some()) {
            simulator.clear_requests();
            let mut parameters = valid_parameters(command, &simulator.known());
            parameters.insert("footprint-tenant-id".into(), json!("2"));
            run(&*connector, &command.name, parameters.into()).await;
            let sent = data_requests(&simulator);
            assert!(!sent.is_empty(), "{}", command.name);
            for request in sent {
                assert_eq!(request.headers["footprinttenantid"], "2", "{}", command.name);
            }
        }
    }
}

#[tokio::test]
async fn an_empty_list_is_successful_with_no_result_in_every_shape_that_the_command_takes() {
    for command in &documented() {
        for (shape, body) in [
            (ReplyShape::Array, "[]"),
            (ReplyShape::PageObject, r#"{"page":1,"totalPages":1,"totalCount":0,"items":[]}"#),
            (ReplyShape::PageObject, r#"{"page":1,"totalPages":0,"totalCount":0,"items":""}"#),
            (ReplyShape::Empty, ""),
        ] {
            if command.name == "Test Connection" || !command.reply.contains(&shape) {
                continue;
            }
            let url = serve_reply(CannedReply::json(body)).await;
            let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
            let ids = simulator(Generation::Current).await.known();
            let outcome = run(&*connector, &command.name, valid_parameters(command, &ids).into()).await;
            assert!(outcome.is_successful(), "{} {body:?}: {:?}", command.name, outcome.error);
            assert!(outcome.result.rows.is_empty() && outcome.receipt.missing.is_none(), "{} {body:?}", command.name);
        }
    }
}

#[tokio::test]
async fn a_page_past_the_last_is_successful_with_no_result() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        for command in manifest().commands.iter().filter(|command| command.input("Page").is_some()) {
            let mut parameters = valid_parameters(command, &simulator.known());
            parameters.insert("Page".into(), json!(9_999));
            let outcome = run(&*connector, &command.name, parameters.into()).await;
            assert!(outcome.is_successful(), "{} on {generation}: {:?}", command.name, outcome.error);
            assert!(outcome.result.rows.is_empty(), "{} on {generation}", command.name);
        }
    }
}

#[tokio::test]
async fn what_does_not_exist_is_not_found_in_the_commands_own_words() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        let ids = simulator.known();
        for command in &documented() {
            let mut parameters = valid_parameters(command, &ids);
            let code = match command.name.as_str() {
                "Get Technical Context" => {
                    parameters.insert("Context ID".into(), json!(ids.missing_context));
                    "context-not-found"
                }
                "Update Target Scan Scope" => {
                    parameters.insert("Target ID".into(), json!(ids.missing_target));
                    "target-not-found"
                }
                name if name.starts_with("List Device ") => {
                    parameters.insert("Device ID".into(), json!(ids.missing_device));
                    "device-not-found"
                }
                _ => {
                    simulator.inject("* status=404 skip=0".parse().unwrap());
                    "not-found"
                }
            };
            // A login that answers 404 is an instance without that endpoint; the session must be there already.
            let outcome = run(&*connector, &command.name, parameters.into()).await;
            simulator.clear_faults();
            let (found, text) = error_of(&outcome);
            assert_eq!(found, code, "{} on {generation}", command.name);
            let indicator = command.failure_indicator();
            assert_eq!(text, format!("{indicator}\nStatus Code: 404.\nMessage: Not Found."), "{generation}");
        }
    }
}

#[tokio::test]
async fn a_user_without_rights_is_denied_and_told_so() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = connect_as(&simulator, UserKind::NoRights);
        for command in &manifest().commands {
            let outcome = run(&*connector, &command.name, valid_parameters(command, &simulator.known()).into()).await;
            let (code, text) = error_of(&outcome);
            assert_eq!(code, "not-permitted", "{} on {generation}", command.name);
            let indicator = command.failure_indicator();
            assert_eq!(text, format!("{indicator}\nStatus Code: 401.\nMessage: Unauthorized."), "{generation}");
        }
        let logins = simulator.requests().iter().filter(|request| request.route == "/auth/token/").count();
        assert_eq!(logins, 2, "one login, and the fresh one of Test Connection: a denial renews no session");
    }
}

#[tokio::test]
async fn every_role_that_the_manifest_names_may_run_every_command() {
    for generation in GENERATIONS {
        for user in [UserKind::Administrator, UserKind::Management, UserKind::Operations, UserKind::Reporting] {
            let simulator = simulator(generation).await;
            let connector = connect_as(&simulator, user);
            for command in &commands_of(generation) {
                let parameters = valid_parameters(command, &simulator.known());
                let outcome = run(&*connector, &command.name, parameters.into()).await;
                assert!(outcome.is_successful(), "{} as {user:?}: {:?}", command.name, outcome.error);
            }
        }
    }
}

#[tokio::test]
async fn bad_parameters_send_nothing() {
    let simulator = simulator(Generation::Current).await;
    let connector = administrator(&simulator);
    for command in &manifest().commands {
        for input in &command.inputs {
            if input.name == "Scanner ID" {
                continue;
            }
            let mut parameters = valid_parameters(command, &simulator.known());
            parameters.insert(input.name.clone(), json!([["nonsense"]]));
            let outcome = run(&*connector, &command.name, parameters.into()).await;
            let (code, text) = error_of(&outcome);
            assert_eq!(code, "invalid-parameter", "{}", command.name);
            assert!(text.contains(&input.name) && text.contains("Status Code: N/A."), "{text}");
        }
    }
    assert!(simulator.requests().is_empty());
}

#[tokio::test]
async fn lists_without_a_page_input_are_read_whole() {
    let simulator = footprint_simulator::Simulator::start(footprint_simulator::Options {
        tenants: 230,
        ..footprint_simulator::Options::default()
    })
    .await
    .unwrap();
    let connector = administrator(&simulator);
    let outcome = run(&*connector, "List Tenants", json!({})).await;
    assert_eq!((outcome.result.rows.len(), outcome.receipt.pages), (230, 3));
    assert_eq!((outcome.receipt.total_rows, outcome.receipt.missing.as_deref()), (Some(230), None));
    let raw = serde_json::to_value(&outcome.raw_data).unwrap();
    assert_eq!(raw.as_array().map(Vec::len), Some(3), "one body per page");
    let ids: std::collections::BTreeSet<_> = outcome.key_fields[0].values.iter().map(Value::to_string).collect();
    assert_eq!(ids.len(), 230, "no tenant twice");
}

#[tokio::test]
async fn a_whole_list_that_shifts_or_falls_short_says_so() {
    let list = |fault: &'static str| async move {
        let simulator = footprint_simulator::Simulator::start(footprint_simulator::Options {
            tenants: 230,
            ..footprint_simulator::Options::default()
        })
        .await
        .unwrap();
        simulator.inject(fault.parse().unwrap());
        run(&*administrator(&simulator), "List Tenants", json!({})).await
    };
    let short = list("accounts short-page page=2").await;
    assert_eq!(
        short.receipt.missing.as_deref(),
        Some("1 of 230 rows are missing: the server sent 229 different rows, and page 2 is short.")
    );
    assert_eq!(short.warnings[0].code, "rows-missing");
    let repeated = list("accounts repeat-page page=2").await;
    let wrong = repeated.error.is_some() || repeated.receipt.missing.is_some();
    assert!(wrong, "a repeated page is never silently whole: {:?}", repeated.receipt);
}

#[tokio::test]
async fn a_single_page_that_lacks_rows_says_so() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        simulator.inject("devices short-page".parse().unwrap());
        let outcome = run(&*administrator(&simulator), "List Devices", json!({})).await;
        assert!(outcome.receipt.missing.is_some(), "{generation}: {:?}", outcome.receipt);
    }
}

#[tokio::test]
async fn raw_data_is_what_the_server_sent() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        let client = reqwest::Client::new();
        let user = simulator.user(UserKind::Administrator);
        let api = format!("{}/api", simulator.url());
        let login: Value = client
            .post(format!("{api}/auth/token/"))
            .json(&json!({ "username": user.user_name, "password": user.password }))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let sent = client
            .get(format!("{api}/console/elements/devices/"))
            .bearer_auth(login["access"].as_str().unwrap())
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let outcome = run(&*connector, "List Devices", json!({})).await;
        assert_eq!(serde_json::to_string(&outcome.raw_data).unwrap(), sent, "{generation}");
    }
}

#[tokio::test]
async fn writes_are_the_commands_that_the_manifest_calls_writes() {
    let simulator = simulator(Generation::Current).await;
    let connector = administrator(&simulator);
    for command in &manifest().commands {
        simulator.clear_requests();
        run(&*connector, &command.name, valid_parameters(command, &simulator.known()).into()).await;
        let is_write = |request: &footprint_simulator::RecordedRequest| request.method != "GET";
        let wrote = data_requests(&simulator).iter().any(is_write);
        assert_eq!(wrote, command.effect == Effect::Write, "{}", command.name);
    }
}

#[tokio::test]
async fn a_scope_goes_out_in_the_vendors_case_and_what_it_refuses_comes_back() {
    for (generation, scope, code) in [
        (Generation::Legacy, "in", None),
        (Generation::Legacy, "OUT", None),
        (Generation::Legacy, "All", None),
        (Generation::Middle, "in", None),
        (Generation::Middle, "ALL", None),
        (Generation::Current, "out", None),
        (Generation::Current, "In", Some("scope-refused")),
        (Generation::Current, "ALL", Some("scope-refused")),
    ] {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        let parameters = json!({ "Target ID": simulator.known().target, "Scope": scope });
        let outcome = run(&*connector, "Update Target Scan Scope", parameters).await;
        let sent = data_requests(&simulator);
        assert_eq!(sent[0].body, format!("{{\"scope\":\"{}\"}}", scope.to_uppercase()));
        let token = sent[0].headers.get("x-xsrf-token").expect("the XSRF token is echoed on writes");
        assert!(sent[0].headers["cookie"].contains(token.as_str()));
        assert_eq!(outcome.error.map(|error| error.code).as_deref(), code, "{scope} on {generation}");
    }
}
