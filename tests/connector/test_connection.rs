//! Test Connection proves credentials, session and default tenant, and shows no session body.

use footprint_simulator::{Generation, Options, Simulator, UserKind};
use serde_json::json;
use soar_connector::{Outcome, RawData};

use crate::stub::{CannedReply, logged_in, serve};
use crate::support::{GENERATIONS, administrator, connect, connect_as, error_of, run, settings, simulator};
use crate::tls::{Authority, BOTH_VERSIONS, DAY};

const TEST: &str = "Test Connection";

fn details(outcome: &Outcome) -> Vec<String> {
    outcome.result.rows.iter().map(|row| format!("{}: {} {}", row[0], row[1], row[2]).replace('"', "")).collect()
}

#[tokio::test]
async fn a_good_connection_passes_with_what_was_proven() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let outcome = run(&*administrator(&simulator), TEST, json!({})).await;
        assert!(outcome.is_successful(), "{:?}", outcome.error);
        let user = &simulator.user(UserKind::Administrator).user_name;
        let tenant = &simulator.tenants()[0];
        assert_eq!(
            details(&outcome),
            [
                format!("Credentials: Passed {user}"),
                "Session: Passed logged in, role admin".to_owned(),
                format!("Default tenant: Passed {} ({})", tenant.id, tenant.name),
            ]
        );
        assert!(matches!(outcome.raw_data, RawData::None), "the session's body is not shown");
        let shown = serde_json::to_string(&outcome).unwrap();
        for word in ["access", "refresh", "registrationToken", "eyJ"] {
            assert!(!shown.contains(word), "{word}");
        }
    }
}

#[tokio::test]
async fn it_logs_in_afresh_even_with_a_session_at_hand() {
    let simulator = simulator(Generation::Current).await;
    let connector = administrator(&simulator);
    run(&*connector, "List Scanners", json!({})).await;
    run(&*connector, TEST, json!({})).await;
    run(&*connector, "List Scanners", json!({})).await;
    let routes: Vec<_> = simulator.requests().into_iter().map(|request| request.route).collect();
    assert_eq!(
        routes,
        [
            "/auth/token/",
            "/console/scanSurface/scanners/",
            "/auth/token/",
            "/common/auth/session/",
            "/common/auth/session/accounts/",
            "/console/scanSurface/scanners/",
        ]
    );
}

#[tokio::test]
async fn a_wrong_password_fails_with_the_documented_tab_and_a_cure() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let url = simulator.url();
        let mut given = settings(&url, simulator.user(UserKind::Administrator));
        given[2].1 = "not the password";
        let error = run(&*connect(&given), TEST, json!({})).await.error.unwrap();
        insta::allow_duplicates!(insta::assert_snapshot!(format!(
            "{error}\n{}\n{}\n{}",
            error.code, error.cause, error.cure
        )));
    }
}

#[tokio::test]
async fn the_default_tenant_is_the_original_one_wherever_the_login_names_it() {
    for (in_reply, original) in [(true, Some(2)), (false, Some(2)), (false, None)] {
        let options = Options { original_tenant_in_reply: in_reply, original_tenant: original, ..Options::default() };
        let simulator = Simulator::start(options).await.unwrap();
        let connector = administrator(&simulator);
        let outcome = run(&*connector, TEST, json!({})).await;
        let tenant = details(&outcome).pop().unwrap();
        match original {
            Some(id) => assert!(tenant.starts_with(&format!("Default tenant: Passed {id} (")), "{tenant}"),
            None => assert_eq!(tenant, "Default tenant: Passed chosen by the server"),
        }
        simulator.clear_requests();
        run(&*connector, "List Scanners", json!({})).await;
        let sent = simulator.requests()[0].headers.get("footprinttenantid").cloned();
        assert_eq!(sent, original.map(|id| id.to_string()), "no header where there is no original tenant");
    }
}

#[tokio::test]
async fn a_default_tenant_that_the_user_cannot_act_in_fails() {
    let options = Options { original_tenant: Some(2), ..Options::default() };
    let simulator = Simulator::start(options).await.unwrap();
    let outcome = run(&*connect_as(&simulator, UserKind::Reporting), TEST, json!({})).await;
    assert!(matches!(error_of(&outcome).0.as_str(), "tenant-unavailable" | "not-permitted"), "{outcome:?}");
    let url = serve(|_, path, _| match path {
        "/api/auth/token/" => CannedReply::json(r#"{"access":"a","refresh":"b","original_tenant_id":7}"#),
        "/api/common/auth/session/" => CannedReply::json(r#"{"isLoggedIn":true}"#),
        _ => CannedReply::json(r#"[{"id":1,"name":"One"}]"#),
    })
    .await;
    let outcome = run(&*connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]), TEST, json!({})).await;
    assert_eq!(error_of(&outcome).0, "tenant-unavailable");
}

#[tokio::test]
async fn a_login_that_opens_no_session_is_not_green() {
    for (session, code) in [
        (CannedReply::json(r#"{"isLoggedIn":false}"#), "not-logged-in"),
        (CannedReply::json(r#"{"isLoggedIn":"yes"}"#), "not-logged-in"),
        (CannedReply::json(r#"{"status":"ok"}"#), "unexpected-reply"),
        (CannedReply::json(""), "empty-reply"),
        (CannedReply { content_type: "text/html", ..CannedReply::json("<html>Welcome</html>") }, "html-reply"),
        (CannedReply::status(503, ""), "service-unavailable"),
    ] {
        let reply = session.clone();
        let url = serve(move |method, path, _| match (method, path) {
            ("POST", _) => logged_in(),
            (_, "/api/common/auth/session/") => reply.clone(),
            _ => CannedReply::json("[]"),
        })
        .await;
        let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
        let (found, text) = error_of(&run(&*connector, TEST, json!({})).await);
        assert_eq!(found, code, "{session:?}");
        assert!(text.starts_with("Test Connection failed. Failed to check the connector.\nStatus Code: "), "{text}");
    }
}

#[tokio::test]
async fn it_warns_of_a_certificate_that_is_about_to_end_and_of_no_other() {
    let simulator = simulator(Generation::Current).await;
    let authority = Authority::new();
    for (days, warned) in [(90, false), (14, false), (13, true), (0, true)] {
        let url = authority.serve("localhost", Ok(days * DAY + DAY / 2), BOTH_VERSIONS, &simulator.url()).await;
        let mut given = settings(&url, simulator.user(UserKind::Administrator));
        given.push(("CA File", authority.path()));
        let outcome = run(&*connect(&given), TEST, json!({})).await;
        assert!(outcome.is_successful(), "{:?}", outcome.error);
        let said: Vec<_> = outcome.warnings.iter().map(|one| (one.code.as_str(), one.message.as_str())).collect();
        let expected = format!(
            "The certificate of \"localhost\" issued by \"Test Authority\" ends in {days} days. Renew it on the server."
        );
        assert_eq!(said, if warned { vec![("certificate-expires", expected.as_str())] } else { vec![] });
    }
    let plain = run(&*administrator(&simulator), TEST, json!({})).await;
    assert!(plain.warnings.is_empty(), "without TLS there is no certificate");
}
