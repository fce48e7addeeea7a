//! The session over time: renewal, keys, rejections, retries and waits, with a clock that the test moves.

use std::time::Duration;

use footprint_simulator::{Generation, Options, Simulator, UserKind};
use serde_json::json;
use soar_connector::testing::ManualClock;

use crate::support::{
    GENERATIONS, administrator, commands_of, connect, connect_as, connect_with, error_of, manifest, plugin_with, run,
    settings, simulator, valid_parameters,
};

/// The routes of the requests that a simulator got, and forgets them.
fn routes(simulator: &Simulator) -> Vec<String> {
    let routes = simulator.requests().into_iter().map(|request| request.route.to_string()).collect();
    simulator.clear_requests();
    routes
}

const SCANNERS: &str = "/console/scanSurface/scanners/";
const LOGIN: &str = "/auth/token/";
const REFRESH: &str = "/auth/token/refresh/";

#[tokio::test]
async fn a_token_is_renewed_before_it_ends_by_refresh_token_first_and_by_login_when_that_fails() {
    for generation in GENERATIONS {
        let clock = ManualClock::new();
        let options = Options { generation, token_lifetime: Duration::from_secs(600), ..Options::default() };
        let simulator = Simulator::start(options).await.unwrap();
        let connector = {
            let url = simulator.url();
            connect_with(&plugin_with(clock.clone()), &settings(&url, simulator.user(UserKind::Administrator)))
        };
        let step = |seconds| {
            clock.advance(Duration::from_secs(seconds));
            simulator.advance(Duration::from_secs(seconds));
        };
        let read = || run(&*connector, "List Scanners", json!({}));
        assert!(read().await.is_successful());
        assert_eq!(routes(&simulator), [LOGIN, SCANNERS]);
        step(560);
        assert!(read().await.is_successful());
        assert_eq!(routes(&simulator), [SCANNERS], "{generation}: 40 s before its end a token is good");
        for _ in 0..2 {
            step(575);
            assert!(read().await.is_successful());
            assert_eq!(routes(&simulator), [REFRESH, SCANNERS], "{generation}: within 30 s of its end it is renewed");
        }
        simulator.inject("refresh status=401".parse().unwrap());
        step(575);
        assert!(read().await.is_successful());
        assert_eq!(routes(&simulator), [REFRESH, LOGIN, SCANNERS], "{generation}");
    }
}

#[tokio::test]
async fn a_caller_without_rights_disturbs_nobody() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        let foreign = simulator.known().foreign_tenant;
        let tasks: Vec<_> = (0..40)
            .map(|number| {
                let connector = connector.clone();
                tokio::spawn(async move {
                    let parameters =
                        if number % 2 == 0 { json!({ "Footprint Tenant ID": foreign }) } else { json!({}) };
                    (number, run(&*connector, "List Scanners", parameters).await)
                })
            })
            .collect();
        for task in tasks {
            let (number, outcome) = task.await.unwrap();
            match number % 2 {
                0 => assert_eq!(error_of(&outcome).0, "not-permitted"),
                _ => assert!(outcome.is_successful(), "{:?}", outcome.error),
            }
        }
        assert_eq!(routes(&simulator).iter().filter(|route| *route == LOGIN).count(), 1, "{generation}");
    }
}

#[tokio::test]
async fn a_rejected_password_is_not_tried_again_until_it_changes_or_the_pause_is_over() {
    let clock = ManualClock::new();
    let plugin = plugin_with(clock.clone());
    let simulator = simulator(Generation::Current).await;
    let url = simulator.url();
    let user = simulator.user(UserKind::Administrator);
    let with_password = |password| {
        let mut given = settings(&url, user);
        given[2].1 = password;
        connect_with(&plugin, &given)
    };
    let logins = || routes(&simulator).iter().filter(|route| *route == LOGIN).count();
    let (first, second) = (with_password("wrong"), with_password("wrong"));
    for connector in [&first, &second, &first] {
        for command in ["List Devices", "Test Connection"] {
            let outcome = run(&**connector, command, json!({})).await;
            assert_eq!(error_of(&outcome).0, "invalid-credentials");
        }
    }
    assert_eq!(logins(), 1, "two connections, six commands, one attempt");
    assert!(run(&*with_password(&user.password), "Test Connection", json!({})).await.is_successful());
    assert_eq!(logins(), 1, "another password is tried at once");
    drop((first, second));
    let later = with_password("wrong");
    assert_eq!(error_of(&run(&*later, "List Devices", json!({})).await).0, "invalid-credentials");
    assert_eq!(logins(), 0, "a connection that is made anew remembers it too");
    clock.advance(Duration::from_secs(301));
    run(&*later, "List Devices", json!({})).await;
    assert_eq!(logins(), 1, "and the old one after the pause");
}

#[tokio::test]
async fn an_api_key_needs_no_login_and_runs_every_command() {
    let simulator = simulator(Generation::Current).await;
    let url = simulator.url();
    let key = &simulator.user(UserKind::Administrator).api_key;
    let connector = connect(&[("Server URL", &url), ("API Key", key)]);
    for command in &manifest().commands {
        let outcome = run(&*connector, &command.name, valid_parameters(command, &simulator.known()).into()).await;
        assert!(outcome.is_successful(), "{}: {:?}", command.name, outcome.error);
    }
    let requests = simulator.requests();
    assert!(requests.iter().all(|request| !request.path.contains("/auth/") || request.method != "POST"));
    for request in &requests {
        assert_eq!(&request.headers["footprintapikey"], key);
        assert!(!request.headers.contains_key("authorization") && !request.headers.contains_key("footprinttenantid"));
    }
}

#[tokio::test]
async fn a_wrong_api_key_is_no_lack_of_rights() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let url = simulator.url();
        let connector = connect(&[("Server URL", &url), ("API Key", "no-such-key")]);
        for command in ["List Devices", "Test Connection"] {
            let (code, text) = error_of(&run(&*connector, command, json!({})).await);
            assert!(
                matches!(code.as_str(), "invalid-credentials" | "not-logged-in"),
                "{command} on {generation}: {text}"
            );
        }
        assert!(simulator.requests().iter().all(|request| request.method == "GET"));
    }
    let simulator = simulator(Generation::Current).await;
    let url = simulator.url();
    let key = &simulator.user(UserKind::NoRights).api_key;
    if !key.is_empty() {
        let connector = connect(&[("Server URL", &url), ("API Key", key)]);
        assert_eq!(error_of(&run(&*connector, "List Devices", json!({})).await).0, "not-permitted");
    }
}

#[tokio::test]
async fn reads_are_repeated_until_they_succeed_and_the_receipt_says_how_often() {
    for fault in ["status=503", "status=502", "status=504", "status=408", "status=429", "close", "cut"] {
        let simulator = simulator(Generation::Current).await;
        let connector = administrator(&simulator);
        run(&*connector, "List Scanners", json!({})).await;
        simulator.inject(format!("devices {fault} count=2").parse().unwrap());
        let outcome = run(&*connector, "List Devices", json!({})).await;
        assert!(outcome.is_successful(), "{fault}: {:?}", outcome.error);
        assert_eq!((outcome.receipt.retries, outcome.receipt.requests), (2, 3), "{fault}");
    }
}

#[tokio::test]
async fn writes_are_repeated_only_when_the_first_surely_did_nothing() {
    for (fault, sent, code) in [
        ("status=429", 2, None),
        ("status=503", 1, Some("outcome-unknown")),
        ("status=408", 1, Some("outcome-unknown")),
        ("status=500", 1, Some("outcome-unknown")),
        ("status=501", 1, Some("not-supported")),
        ("html", 1, Some("outcome-unknown")),
        ("cut", 1, Some("outcome-unknown")),
        ("close", 1, Some("outcome-unknown")),
        ("broken", 1, Some("outcome-unknown")),
    ] {
        for (command, route) in [("Patch Rescan", "rescan"), ("Update Target Scan Scope", "target")] {
            let simulator = simulator(Generation::Current).await;
            let connector = administrator(&simulator);
            simulator.inject(format!("{route} {fault} count=1").parse().unwrap());
            let parameters = valid_parameters(manifest().command(command).unwrap(), &simulator.known());
            let outcome = run(&*connector, command, parameters.into()).await;
            assert_eq!(outcome.error.as_ref().map(|error| error.code.as_str()), code, "{command} {fault}");
            let patches = simulator.requests().iter().filter(|request| request.method == "PATCH").count();
            assert_eq!(patches, sent, "{command} {fault}");
            if code == Some("outcome-unknown") {
                let text = outcome.error.unwrap().to_string();
                assert!(text.contains("Outcome unknown: check before you repeat."), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn a_write_that_fails_at_the_login_leaves_no_doubt() {
    for (fault, code) in
        [("token status=500", "server-error"), ("token cut", "connection-lost"), ("token html", "html-reply")]
    {
        let simulator = simulator(Generation::Current).await;
        simulator.inject(fault.parse().unwrap());
        let outcome = run(&*administrator(&simulator), "Patch Rescan", json!({})).await;
        assert_eq!(error_of(&outcome).0, code, "{fault}: no PATCH was sent");
    }
}

#[tokio::test]
async fn a_test_that_fails_takes_nobodys_session_away() {
    let simulator = simulator(Generation::Current).await;
    let connector = administrator(&simulator);
    assert!(run(&*connector, "List Scanners", json!({})).await.is_successful());
    simulator.inject("token status=500".parse().unwrap());
    assert_eq!(error_of(&run(&*connector, "Test Connection", json!({})).await).0, "server-error");
    assert!(run(&*connector, "List Scanners", json!({})).await.is_successful());
}

#[tokio::test]
async fn an_account_that_gets_no_token_is_not_tried_again_and_again() {
    let simulator = simulator(Generation::Current).await;
    let connector = connect_as(&simulator, UserKind::OneTimePassword);
    for _ in 0..5 {
        assert_eq!(error_of(&run(&*connector, "List Scanners", json!({})).await).0, "one-time-password-required");
    }
    assert_eq!(routes(&simulator), [LOGIN]);
}

#[tokio::test]
async fn retry_after_is_waited_out_and_nothing_is_sent_before() {
    for form in ["retry-after=7", "retry-after=date:+7"] {
        let clock = ManualClock::new();
        let simulator = simulator(Generation::Current).await;
        let url = simulator.url();
        let given = settings(&url, simulator.user(UserKind::Administrator));
        let connector = connect_with(&plugin_with(clock.clone()), &given);
        simulator.inject(format!("devices status=429 {form} count=1").parse().unwrap());
        let outcome = run(&*connector, "List Devices", json!({})).await;
        assert!(outcome.is_successful(), "{:?}", outcome.error);
        let waited: Duration = clock.sleeps().iter().sum();
        assert!(waited >= Duration::from_secs(5), "{form}: waited {waited:?}");
    }
}

#[tokio::test]
async fn a_retry_after_beyond_the_deadline_fails_at_once_and_keeps_everybody_out_until_then() {
    let clock = ManualClock::new();
    let plugin = plugin_with(clock.clone());
    let simulator = simulator(Generation::Current).await;
    let url = simulator.url();
    let given = settings(&url, simulator.user(UserKind::Administrator));
    let (connector, other) = (connect_with(&plugin, &given), connect_with(&plugin, &given));
    run(&*connector, "List Scanners", json!({})).await;
    run(&*other, "List Scanners", json!({})).await;
    simulator.inject("devices status=429 retry-after=1000 count=1".parse().unwrap());
    simulator.clear_requests();
    let (code, text) = error_of(&run(&*connector, "List Devices", json!({})).await);
    assert_eq!(code, "rate-limited");
    assert!(text.contains("Status Code: 429.") && text.contains("come back in 1000 seconds, at "), "{text}");
    assert!(clock.sleeps().is_empty(), "it does not wait for what cannot be");
    let (code, text) = error_of(&run(&*other, "List Scanners", json!({})).await);
    assert_eq!(code, "rate-limited");
    assert!(text.contains("No request was sent"), "{text}");
    assert_eq!(simulator.requests().len(), 1, "nothing goes out inside the window");
    clock.advance(Duration::from_secs(1_000));
    assert!(run(&*other, "List Scanners", json!({})).await.is_successful());
}

#[tokio::test]
async fn a_test_connection_under_429_fails_fast() {
    let clock = ManualClock::new();
    let simulator = simulator(Generation::Current).await;
    let url = simulator.url();
    let given = settings(&url, simulator.user(UserKind::Administrator));
    let connector = connect_with(&plugin_with(clock.clone()), &given);
    simulator.inject("* status=429 retry-after=5".parse().unwrap());
    let (code, text) = error_of(&run(&*connector, "Test Connection", json!({})).await);
    assert_eq!((code.as_str(), simulator.requests().len(), clock.sleeps().len()), ("rate-limited", 1, 0));
    assert!(text.contains("Too Many Requests. The server asks to come back in 5 seconds, at "), "{text}");
    let (code, text) = error_of(&run(&*connector, "Test Connection", json!({})).await);
    assert_eq!((code.as_str(), simulator.requests().len()), ("rate-limited", 1), "{text}");
}

#[tokio::test]
async fn an_ended_session_is_renewed_whatever_the_token_says_of_itself() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = connect_as(&simulator, UserKind::Operations);
        for command in &commands_of(generation) {
            simulator.expire_tokens();
            let outcome = run(&*connector, &command.name, valid_parameters(command, &simulator.known()).into()).await;
            assert!(outcome.is_successful(), "{} on {generation}: {:?}", command.name, outcome.error);
        }
    }
}
