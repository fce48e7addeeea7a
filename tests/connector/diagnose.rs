//! A diagnosis says how far the way leads and which permission is missing, with few requests and no write.

use std::time::Duration;

use footprint_simulator::{Generation, Options, Simulator, UserKind};
use soar_connector::manifest::Effect;
use soar_connector::{Access, CommandAccess, Connector, Diagnosis, ExecutionContext, StageStatus};

use crate::stub::{CannedReply, logged_in, serve};
use crate::support::{GENERATIONS, administrator, connect, connect_as, manifest, settings, simulator};

async fn diagnose(connector: &dyn Connector) -> Diagnosis {
    connector.diagnose(&ExecutionContext::new()).await
}

fn stages(diagnosis: &Diagnosis) -> Vec<String> {
    diagnosis.stages.iter().map(|stage| format!("{}: {:?}", stage.name, stage.status)).collect()
}

fn row<'a>(diagnosis: &'a Diagnosis, command: &str) -> &'a CommandAccess {
    diagnosis.commands.iter().find(|row| row.command == command).unwrap()
}

fn commands_with(diagnosis: &Diagnosis, access: Access, inferred: bool) -> Vec<&str> {
    let of_kind = diagnosis.commands.iter().filter(|row| row.access == access && row.inferred == inferred);
    of_kind.map(|row| row.command.as_str()).collect()
}

fn no_write_was_sent(simulator: &Simulator) {
    assert!(simulator.requests().iter().all(|request| matches!(request.method.as_str(), "GET" | "POST")));
}

/// The commands that write, which are never tried.
fn writes() -> Vec<String> {
    let manifest = manifest();
    let writes = manifest.commands.iter().filter(|command| command.effect == Effect::Write);
    writes.map(|command| command.name.clone()).collect()
}

/// How many commands only read.
fn reads() -> usize {
    manifest().commands.iter().filter(|command| command.effect == Effect::Read).count()
}

#[tokio::test]
async fn a_healthy_connection_is_allowed_every_command_and_no_write_was_sent() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let before = simulator.state_fingerprint();
        let diagnosis = diagnose(&*administrator(&simulator)).await;
        assert!(diagnosis.is_healthy(), "{generation}: {diagnosis:#?}");
        assert_eq!(
            stages(&diagnosis),
            ["DNS: Skipped", "TCP: Passed", "TLS: Skipped", "Login: Passed", "Tenant: Passed"]
        );
        assert_eq!(diagnosis.commands.len(), manifest().commands.len());
        assert_eq!(commands_with(&diagnosis, Access::Allowed, true), writes(), "{generation}");
        assert_eq!(commands_with(&diagnosis, Access::Allowed, false).len(), reads(), "{generation}: {diagnosis:#?}");
        no_write_was_sent(&simulator);
        assert_eq!(simulator.state_fingerprint(), before);
        let sent: Vec<_> = simulator.requests().iter().map(crate::support::line).collect();
        let vouching = sent.iter().filter(|line| *line == "GET /common/auth/session/").count();
        assert_eq!(
            vouching, 2,
            "for the login, and for the network connections, whose shape nobody publishes: {sent:#?}"
        );
        assert_eq!(
            sent.len(),
            reads() + 3,
            "login, tenants, those two, and one for each of the other reads: {sent:#?}"
        );
        assert!(sent.contains(&"GET /console/elements/devices/?pageSize=1".to_owned()), "{sent:#?}");
    }
}

#[tokio::test]
async fn the_whole_diagnosis_reads_like_this() {
    let simulator = Simulator::start(Options { oddities: false, ..Options::default() }).await.unwrap();
    let context = ExecutionContext { request_id: "the-request-id".to_owned(), ..ExecutionContext::new() };
    let mut diagnosis = connect_as(&simulator, UserKind::AssignedOperations).diagnose(&context).await;
    diagnosis.stages[1].detail = diagnosis.stages[1].detail.replace(&simulator.url()[7..], "[address]");
    insta::assert_json_snapshot!(diagnosis, {
        ".stages[].elapsedMs" => "[elapsed]",
        ".commands[].latencyMs" => insta::dynamic_redaction(|value, _| {
            if value.is_nil() { value } else { "[latency]".into() }
        }),
    });
}

#[tokio::test]
async fn an_account_without_rights_sees_what_is_missing() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let diagnosis = diagnose(&*connect_as(&simulator, UserKind::NoRights)).await;
        assert_eq!(stages(&diagnosis)[3..], ["Login: Passed", "Tenant: Failed"]);
        assert!(!diagnosis.is_healthy());
        // The current generation names no role of such an account, so its right to write stays unknown.
        let denied = if generation == Generation::Current { reads() } else { manifest().commands.len() };
        assert_eq!(diagnosis.denied().count(), denied, "{diagnosis:#?}");
        let scanners = row(&diagnosis, "List Scanners");
        assert_eq!((scanners.status_code.to_string().as_str(), scanners.inferred), ("401", false));
        let takes = "It takes one of the permissions Administrator, Management, Operations, Reporting; ";
        assert!(scanners.detail.contains(takes), "{}", scanners.detail);
        assert!(scanners.detail.ends_with(match generation {
            Generation::Legacy | Generation::Middle => "the account's role is none.",
            Generation::Current => "the server names no role of the account.",
        }));
        let error = scanners.error.as_ref().unwrap();
        assert_eq!(error.code, "not-permitted");
        assert!(!error.cause.is_empty() && !error.cure.is_empty());
        let users = row(&diagnosis, "List Device Users");
        assert!(users.inferred && users.detail.contains("List Devices, which is denied"), "{users:?}");
        no_write_was_sent(&simulator);
    }
}

#[tokio::test]
async fn an_account_that_may_read_is_told_by_its_role_that_it_may_not_write() {
    for user in [UserKind::AssignedOperations, UserKind::BusinessOwner] {
        let simulator = simulator(Generation::Current).await;
        let diagnosis = diagnose(&*connect_as(&simulator, user)).await;
        assert!(diagnosis.is_healthy(), "fewer rights are no illness: {diagnosis:#?}");
        assert_eq!(commands_with(&diagnosis, Access::Allowed, false).len(), reads());
        assert_eq!(commands_with(&diagnosis, Access::Denied, true), writes());
        let rescan = row(&diagnosis, "Patch Rescan");
        let role = &simulator.user(user).role;
        assert!(rescan.detail.starts_with(&format!("Inferred from role {role}; not tried.")), "{}", rescan.detail);
        no_write_was_sent(&simulator);
    }
}

#[tokio::test]
async fn every_role_that_the_manifest_permits_may_write() {
    for user in [UserKind::Administrator, UserKind::Management, UserKind::Operations, UserKind::Reporting] {
        let simulator = simulator(Generation::Legacy).await;
        let diagnosis = diagnose(&*connect_as(&simulator, user)).await;
        let rescan = row(&diagnosis, "Patch Rescan");
        let user = simulator.user(user);
        assert_eq!(rescan.access, Access::Allowed);
        assert_eq!(rescan.detail, format!("Inferred from role {} ({}); not tried.", user.role, user.permission));
    }
}

#[tokio::test]
async fn a_wrong_password_costs_one_login_and_nothing_after_it_is_tried() {
    let simulator = simulator(Generation::Current).await;
    let url = simulator.url();
    let mut given = settings(&url, simulator.user(UserKind::Administrator));
    given[2].1 = "not the password";
    let connector = connect(&given);
    for attempt in 0..2 {
        let diagnosis = diagnose(&*connector).await;
        assert_eq!(stages(&diagnosis)[3..], ["Login: Failed", "Tenant: Skipped"]);
        let login = &diagnosis.stages[3];
        let error = login.error.as_ref().unwrap();
        assert_eq!(error.code, "invalid-credentials");
        assert!(error.to_string().starts_with("Login failed.\nStatus Code: 401.\n"), "{error}");
        assert!(error.cure.contains("Password"), "{error:?}");
        assert_eq!(login.detail.contains("is not tried again for"), attempt == 1, "{}", login.detail);
        assert_eq!(diagnosis.stages[4].detail, "Not tried, because Login failed.");
        assert!(diagnosis.commands.iter().all(|row| row.access == Access::Skipped));
        assert_eq!(simulator.requests().len(), 1, "one attempt, however often it is diagnosed");
    }
}

#[tokio::test]
async fn an_api_key_is_diagnosed_without_a_login() {
    let simulator = simulator(Generation::Current).await;
    let url = simulator.url();
    let key = &simulator.user(UserKind::Operations).api_key;
    let diagnosis = diagnose(&*connect(&[("Server URL", &url), ("API Key", key)])).await;
    assert!(diagnosis.is_healthy(), "{diagnosis:#?}");
    assert_eq!(diagnosis.stages[3].detail, "Logged in as API Key, role technical.");
    let wrong = diagnose(&*connect(&[("Server URL", &url), ("API Key", "fpk_wrong")])).await;
    assert_eq!(stages(&wrong)[3..], ["Login: Failed", "Tenant: Skipped"]);
}

#[tokio::test]
async fn a_server_that_is_gone_fails_at_tcp() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let diagnosis = diagnose(&*connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")])).await;
    assert_eq!(
        stages(&diagnosis),
        ["DNS: Skipped", "TCP: Failed", "TLS: Skipped", "Login: Skipped", "Tenant: Skipped"]
    );
    let tcp = &diagnosis.stages[1];
    assert!(tcp.detail.contains("Connection refused"), "{}", tcp.detail);
    let error = tcp.error.as_ref().unwrap();
    assert_eq!((error.code.as_str(), error.retryable), ("unreachable", true));
}

#[tokio::test]
async fn dns_tells_the_addresses_of_a_name_or_that_there_is_none() {
    let simulator = simulator(Generation::Current).await;
    let url = simulator.url().replace("127.0.0.1", "localhost");
    let diagnosis = diagnose(&*connect(&settings(&url, simulator.user(UserKind::Administrator)))).await;
    assert!(diagnosis.is_healthy(), "{diagnosis:#?}");
    assert_eq!(diagnosis.stages[0].status, StageStatus::Passed);
    assert!(diagnosis.stages[0].detail.contains("127.0.0.1"), "{}", diagnosis.stages[0].detail);
    let nowhere = [("Server URL", "https://footprint.invalid"), ("User Name", "u"), ("Password", "p")];
    let diagnosis = diagnose(&*connect(&nowhere)).await;
    assert_eq!(stages(&diagnosis)[..2], ["DNS: Failed", "TCP: Skipped"]);
    assert!(diagnosis.stages[0].detail.starts_with("No address of footprint.invalid: "), "{diagnosis:#?}");
}

#[tokio::test]
async fn another_products_web_page_fails_at_the_login() {
    let url =
        serve(|_, _, _| CannedReply { content_type: "text/html", ..CannedReply::json("<html>Welcome</html>") }).await;
    let diagnosis = diagnose(&*connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")])).await;
    assert_eq!(stages(&diagnosis)[3..], ["Login: Failed", "Tenant: Skipped"]);
    assert_eq!(diagnosis.stages[3].error.as_ref().unwrap().code, "html-reply");
}

#[tokio::test]
async fn what_cannot_be_tried_says_why() {
    let options = Options { devices: 0, contexts: 0, ..Options::default() };
    let simulator = Simulator::start(options).await.unwrap();
    let diagnosis = diagnose(&*administrator(&simulator)).await;
    assert!(diagnosis.is_healthy(), "{diagnosis:#?}");
    for (command, list) in [("List Device Users", "List Devices"), ("Get Technical Context", "List Technical Contexts")]
    {
        let row = row(&diagnosis, command);
        assert_eq!(row.access, Access::Skipped);
        assert_eq!(row.detail, format!("Not tried: {list} shows nothing to try it with."));
    }
}

#[tokio::test]
async fn an_object_without_such_data_shows_that_the_account_may_ask() {
    for status in [404, 501] {
        let simulator = simulator(Generation::Current).await;
        simulator.inject(format!("device-users status={status} body=empty").parse().unwrap());
        let diagnosis = diagnose(&*administrator(&simulator)).await;
        assert!(diagnosis.is_healthy(), "{diagnosis:#?}");
        let row = row(&diagnosis, "List Device Users");
        assert_eq!((row.access, row.status_code.to_string()), (Access::Allowed, status.to_string()));
        assert!(row.detail.starts_with("It may be run. There was nothing to read of "), "{}", row.detail);
    }
}

#[tokio::test]
async fn a_list_that_the_instance_does_not_have_is_no_illness_unless_it_has_none() {
    let simulator = simulator(Generation::Current).await;
    simulator.inject("scanners status=404 body=detail".parse().unwrap());
    let diagnosis = diagnose(&*administrator(&simulator)).await;
    assert!(diagnosis.is_healthy(), "{diagnosis:#?}");
    assert_eq!(commands_with(&diagnosis, Access::Missing, false), ["List Scanners"]);
    assert_eq!(row(&diagnosis, "List Scanners").error.as_ref().unwrap().code, "not-found");
    let tenants = r#"{"page":1,"totalPages":1,"totalCount":1,"items":[{"id":1,"name":"a","label":"a"}]}"#;
    let url = serve(move |_, path, _| match path.split('?').next().unwrap_or_default() {
        "/api/auth/token/" => logged_in(),
        "/api/common/auth/session/" => CannedReply::json(r#"{"isLoggedIn":true,"role":"admin"}"#),
        "/api/common/auth/session/accounts/" => CannedReply::json(tenants),
        _ => CannedReply::status(404, r#"{"detail":"Not found."}"#),
    })
    .await;
    let hidden = diagnose(&*connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")])).await;
    assert_eq!(stages(&hidden)[3..], ["Login: Passed", "Tenant: Passed"]);
    assert!(!hidden.is_healthy() && commands_with(&hidden, Access::Missing, false).is_empty(), "{hidden:#?}");
}

#[tokio::test]
async fn one_broken_command_fails_alone_with_its_cure() {
    let simulator = simulator(Generation::Current).await;
    simulator.inject("ports status=500 body=empty".parse().unwrap());
    let diagnosis = diagnose(&*administrator(&simulator)).await;
    assert!(!diagnosis.is_healthy());
    assert_eq!(commands_with(&diagnosis, Access::Failed, false), ["List Current Targets Ports"]);
    let error = row(&diagnosis, "List Current Targets Ports").error.as_ref().unwrap();
    assert_eq!(error.code, "server-error");
    assert!(!error.cure.is_empty());
}

#[tokio::test]
async fn a_diagnosis_ends_at_its_time_limit_and_says_what_was_not_tried() {
    let simulator = simulator(Generation::Current).await;
    let connector = administrator(&simulator);
    simulator.inject("contexts delay=60s".parse().unwrap());
    let context = ExecutionContext { time_limit: Some(Duration::from_millis(700)), ..ExecutionContext::new() };
    let diagnosis = connector.diagnose(&context).await;
    assert!(!diagnosis.is_healthy());
    let contexts = row(&diagnosis, "List Technical Contexts");
    assert_eq!((contexts.access, contexts.error.as_ref().unwrap().code.as_str()), (Access::Failed, "timed-out"));
    assert_eq!(row(&diagnosis, "List Tenants").detail, "Not tried: the time limit was over.");
}

#[tokio::test]
async fn a_diagnosis_shows_no_secret() {
    let simulator = simulator(Generation::Current).await;
    let logs = soar_connector::testing::CapturedLogs::start();
    let diagnosis = diagnose(&*administrator(&simulator)).await;
    let shown = format!("{diagnosis:?}{}{}", serde_json::to_string(&diagnosis).unwrap(), logs.text());
    assert!(shown.contains("diagnose") && !shown.contains(&simulator.user(UserKind::Administrator).password));
    assert!(!shown.contains("eyJ"), "no token");
}

#[tokio::test]
async fn another_products_answer_to_a_probe_proves_no_access() {
    let greeted = std::sync::atomic::AtomicBool::new(false);
    let url = serve(move |_, path, _| match path.split('?').next().unwrap_or_default() {
        "/api/auth/token/" => logged_in(),
        // Footprint's once, for the login; then the address is another product's.
        "/api/common/auth/session/" if !greeted.swap(true, std::sync::atomic::Ordering::Relaxed) => {
            CannedReply::json(r#"{"isLoggedIn":true}"#)
        }
        "/api/console/elements/devices/" => CannedReply::json(
            r#"{"page":1,"totalPages":1,"totalCount":1,"items":[{"id":7,"ip":"10.0.0.7","name":"a","type":"AgentDevice"}]}"#,
        ),
        "/api/common/auth/session/" => CannedReply::json(r#"{"status":"ok"}"#),
        _ => CannedReply::json(r#"[{"uid":"x"}]"#),
    })
    .await;
    let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
    let diagnosis = connector.diagnose(&ExecutionContext::new()).await;
    assert!(!diagnosis.is_healthy());
    let allowed = diagnosis.commands.iter().filter(|command| command.access == Access::Allowed && !command.inferred);
    let allowed: Vec<_> = allowed.map(|command| command.command.as_str()).collect();
    // Both ask for devices.
    assert_eq!(allowed, ["List Devices", "Find Devices"], "{diagnosis:#?}");
}
