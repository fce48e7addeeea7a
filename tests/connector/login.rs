//! Logging in: once, with what the account allows, and with an error that says what it does not.

use footprint_simulator::{Generation, Options, Simulator, UserKind};
use serde_json::json;

use crate::stub::{CannedReply, serve};
use crate::support::{GENERATIONS, administrator, connect, connect_as, error_of, run, settings, simulator};

fn logins(simulator: &Simulator) -> usize {
    simulator.requests().iter().filter(|request| request.method == "POST").count()
}

#[tokio::test]
async fn many_commands_share_one_login() {
    let simulator = simulator(Generation::Current).await;
    let connector = administrator(&simulator);
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let connector = connector.clone();
            tokio::spawn(async move { run(&*connector, "List Scanners", json!({})).await.is_successful() })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert_eq!(logins(&simulator), 1);
}

#[tokio::test]
async fn an_expired_session_is_renewed_once_for_all_who_wait_and_none_fails() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        run(&*connector, "List Scanners", json!({})).await;
        simulator.expire_tokens();
        simulator.clear_requests();
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let connector = connector.clone();
                tokio::spawn(async move { run(&*connector, "List Scanners", json!({})).await.error })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), None, "{generation}");
        }
        assert_eq!(logins(&simulator), 1, "{generation}");
    }
}

#[tokio::test]
async fn accounts_that_get_no_token_are_told_what_to_do() {
    for generation in GENERATIONS {
        for (user, codes) in [
            (UserKind::OneTimePassword, ["one-time-password-required", "no-access-token"]),
            (UserKind::SsoOnly, ["single-sign-on-only", "no-access-token"]),
        ] {
            let simulator = simulator(generation).await;
            let outcome = run(&*connect_as(&simulator, user), "List Tenants", json!({})).await;
            let code = error_of(&outcome).0;
            assert!(codes.contains(&code.as_str()), "{user:?} on {generation}: {code}");
            assert_eq!(simulator.requests().len(), 1, "one attempt, and nothing after it");
        }
    }
}

#[tokio::test]
async fn what_counts_is_whether_a_token_came_not_a_flag() {
    let url = serve(|_, path, _| match path {
        "/api/auth/token/" => CannedReply::json(r#"{"isOtpEnabled":true,"isSsoOnly":true,"access":"t","refresh":""}"#),
        _ => CannedReply::json(r#"[{"id":1,"state":"Online"}]"#),
    })
    .await;
    let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
    assert!(run(&*connector, "List Scanners", json!({})).await.is_successful());
}

#[tokio::test]
async fn a_token_that_is_no_readable_jwt_works() {
    for generation in GENERATIONS {
        let options = Options { generation, opaque_tokens: true, ..Options::default() };
        let simulator = Simulator::start(options).await.unwrap();
        let connector = administrator(&simulator);
        assert!(run(&*connector, "List Devices", json!({})).await.is_successful(), "{generation}");
        simulator.expire_tokens();
        assert!(run(&*connector, "List Devices", json!({})).await.is_successful(), "{generation}");
    }
}

#[tokio::test]
async fn an_instance_without_the_token_endpoint_is_logged_in_to_like_a_browser() {
    for generation in GENERATIONS {
        let options = Options { generation, token_endpoint: false, ..Options::default() };
        let simulator = Simulator::start(options).await.unwrap();
        let connector = administrator(&simulator);
        assert!(run(&*connector, "List Devices", json!({})).await.is_successful(), "{generation}");
        let url = simulator.url();
        let mut wrong = settings(&url, simulator.user(UserKind::Administrator));
        wrong[2].1 = "not the password";
        let (code, text) = error_of(&run(&*connect(&wrong), "List Devices", json!({})).await);
        assert_eq!(code, "invalid-credentials", "{text}");
        assert!(text.contains("Status Code: 400."), "{text}");
    }
}

#[tokio::test]
async fn a_rejected_login_is_not_tried_again_by_those_who_wait() {
    let simulator = simulator(Generation::Current).await;
    let url = simulator.url();
    let mut given = settings(&url, simulator.user(UserKind::Administrator));
    given[2].1 = "not the password";
    let connector = connect(&given);
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let connector = connector.clone();
            tokio::spawn(async move { run(&*connector, "List Devices", json!({})).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(error_of(&task.await.unwrap()).0, "invalid-credentials");
    }
    assert_eq!(logins(&simulator), 1, "twenty callers cost the account one attempt");
    let again = run(&*connector, "Test Connection", json!({})).await;
    assert!(error_of(&again).1.contains("is not tried again for"), "{again:?}");
}

#[tokio::test]
async fn a_server_that_echoes_the_password_in_its_refusal_shows_it_to_nobody() {
    let url = serve(|_, _, _| {
        CannedReply::status(400, r#"{"password":["hunter2-canary is wrong"],"b64":["aHVudGVyMi1jYW5hcnk"]}"#)
    })
    .await;
    let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "hunter2-canary")]);
    let (_, text) = error_of(&run(&*connector, "List Devices", json!({})).await);
    assert!(text.contains("[redacted] is wrong"), "{text}");
    assert!(!text.contains("hunter2") && !text.contains("aHVudGVy"), "{text}");
}
