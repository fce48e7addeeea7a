//! A hostile provider, network or browser: nobody is signed in, and the audit log says why.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use soar_connector::Clock as _;
use soar_store::model::{SignInMethod, Surface};

use super::fake::{Fake, ProviderKey};
use super::*;

/// The reason of the last entry of the audit log, which is a refusal.
async fn refusal(stage: &SignInStage) -> String {
    let entry = stage.audit().await.pop().unwrap();
    assert_eq!((entry.accepted, entry.surface, entry.command.as_str()), (false, Surface::Console, "sign in"));
    entry.reason
}

#[tokio::test]
async fn a_sign_in_is_asked_for_with_pkce_and_the_secret_and_is_carried_out_once() {
    for stage in SignInStage::on_both().await {
        let fake = Fake::start().await;
        let host = host(&stage, settings(&fake.url)).await;
        let sign_in = host.sign_in();
        let start = sign_in.begin_openid().await.unwrap();
        let asked = |name: &str| parameter(&start.address, name).unwrap();
        assert_eq!((asked("response_type").as_str(), asked("scope").as_str()), ("code", "openid profile"));
        assert_eq!(asked("redirect_uri"), format!("{PUBLIC}{OPENID_PATH}"));
        assert_eq!(asked("code_challenge_method"), "S256");
        fake.answer_token(&fake.key.sign(&fake.claims(&stage, &start, "erin")));
        let session = sign_in.finish_openid(returned(&start, "the code")).await.unwrap();
        let (authorization, form) = fake.script.lock().unwrap().asked.clone();
        let sent = |name: &str| parameter(&format!("http://form/?{form}"), name);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(sent("code_verifier").unwrap()));
        assert_eq!((challenge, sent("code").as_deref()), (asked("code_challenge"), Some("the code")));
        // Both parts are encoded as in forms before they are joined.
        let expected = base64::engine::general_purpose::STANDARD.encode("soar:a%20secret%3A%20with%20%2F%20signs");
        assert_eq!(authorization, format!("Basic {expected}"));
        assert!(!form.contains("client_secret"), "{form}");
        let entered = sign_in.session(&session.token).await.unwrap().unwrap();
        assert_eq!((entered.user.name.as_str(), entered.session.method), ("erin", SignInMethod::OpenIdConnect));
        for secret in [SECRET, start.flow.expose_secret(), "the code", session.token.expose_secret()] {
            assert!(!format!("{:?}", stage.audit().await).contains(secret));
        }
    }
}

#[tokio::test]
async fn a_token_that_is_not_for_this_sign_in_is_refused() {
    type Tamper = fn(&mut Value);
    let cases: &[(&str, Tamper)] = &[
        ("another issuer", |claims| claims["iss"] = json!("https://evil.example")),
        ("another issuer", |claims| claims["iss"] = json!(null)),
        ("another client", |claims| claims["aud"] = json!("other")),
        ("another client", |claims| claims["aud"] = json!([])),
        ("another client", |claims| claims["aud"] = json!(["soar", "other"])),
        ("another client", |claims| claims["azp"] = json!("other")),
        ("another client", |claims| claims["azp"] = json!(5)),
        ("expired", |claims| claims["exp"] = json!(claims["iat"].as_i64().unwrap() - 61)),
        ("expired", |claims| claims["exp"] = json!("tomorrow")),
        ("expired", |claims| drop(claims.as_object_mut().unwrap().remove("exp"))),
        ("from the future", |claims| claims["iat"] = json!(claims["iat"].as_i64().unwrap() + 3_600)),
        ("from the future", |claims| claims["nbf"] = json!(claims["iat"].as_i64().unwrap() + 3_600)),
        ("nonce", |claims| claims["nonce"] = json!("of another sign-in")),
        ("nonce", |claims| drop(claims.as_object_mut().unwrap().remove("nonce"))),
        ("subject", |claims| claims["sub"] = json!("")),
        ("subject", |claims| claims["sub"] = json!(7)),
        ("list of groups", |claims| claims["groups"] = json!("soc-analysts")),
        ("list of groups", |claims| claims["groups"] = json!([1])),
    ];
    for stage in SignInStage::on_both().await {
        let fake = Fake::start().await;
        let host = host(&stage, settings(&fake.url)).await;
        for (expected, change) in cases {
            // Failed sign-ins of an address are limited.
            stage.clock.advance(Duration::from_secs(90));
            let refused = fake.sign_in(&stage, host.sign_in(), "erin", change).await.unwrap_err();
            assert!(matches!(refused, SignInError::Provider), "{expected}: {refused:?}");
            let reason = refusal(&stage).await;
            assert!(reason.contains(expected), "{expected}: {reason}");
        }
        assert!(fake.sign_in(&stage, host.sign_in(), "erin", |claims| claims["aud"] = json!(["soar"])).await.is_ok());
        let both = |claims: &mut Value| {
            claims["aud"] = json!(["soar", "other"]);
            claims["azp"] = json!("soar");
        };
        assert!(fake.sign_in(&stage, host.sign_in(), "erin", both).await.is_ok());
    }
}

#[tokio::test]
async fn a_token_that_the_provider_did_not_sign_is_refused() {
    for stage in SignInStage::on_both().await {
        let fake = Fake::start().await;
        let host = host(&stage, settings(&fake.url)).await;
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let forge = |claims: &Value| -> Vec<(&str, String)> {
            let good = fake.key.sign(claims);
            let mut stripped = good.clone();
            stripped.truncate(good.rfind('.').unwrap() + 1);
            let kid = Some("one".to_owned());
            let hmac = |key: &[u8]| {
                let header = Header { kid: kid.clone(), ..Header::new(Algorithm::HS256) };
                encode(&header, claims, &EncodingKey::from_secret(key)).unwrap()
            };
            let other = ProviderKey::new("one");
            let mut critical = Header { kid: kid.clone(), ..Header::new(Algorithm::ES256) };
            critical.typ = Some("at+jwt".to_owned());
            vec![
                ("none", format!("{}.{}.", part(&json!({ "alg": "none", "kid": "one" })), part(claims))),
                ("none", format!("{}.{}.", part(&json!({ "alg": "None" })), part(claims))),
                ("no signature", stripped),
                ("HS256 with the client secret", hmac(SECRET.as_bytes())),
                ("HS256 with the public key", hmac(fake.script.lock().unwrap().keys[1].to_string().as_bytes())),
                ("another key of the same id", other.sign(claims)),
                ("an unknown key", ProviderKey::new("two").sign(claims)),
                ("another type", fake.key.sign_as(critical, claims)),
                ("crit", {
                    let header = json!({ "alg": "ES256", "kid": "one", "crit": ["x"], "x": 1 });
                    let rest = good.split_once('.').unwrap().1;
                    format!("{}.{rest}", part(&header))
                }),
                ("changed claims", {
                    let mut parts: Vec<_> = good.split('.').map(str::to_owned).collect();
                    let mut changed = claims.clone();
                    changed["sub"] = json!("Admin");
                    parts[1] = part(&changed);
                    parts.join(".")
                }),
                ("no token", "x".to_owned()),
                ("a long token", "x".repeat(100_000)),
            ]
        };
        for number in 0..12 {
            stage.clock.advance(Duration::from_secs(90));
            let start = host.sign_in().begin_openid().await.unwrap();
            let (what, token) = forge(&fake.claims(&stage, &start, "erin")).swap_remove(number);
            fake.answer_token(&token);
            let refused = host.sign_in().finish_openid(returned(&start, "code")).await.unwrap_err();
            assert!(matches!(refused, SignInError::Provider), "{what}: {refused:?}");
            let reason = refusal(&stage).await;
            assert!(reason.starts_with("The ID token is refused: "), "{what}: {reason}");
        }
        assert!(stage.test.store.reader().await.unwrap().records().user("erin").await.is_err());
    }
}

#[tokio::test]
async fn a_return_that_the_browser_did_not_begin_is_refused() {
    for stage in SignInStage::on_both().await {
        let fake = Fake::start().await;
        let host = host(&stage, settings(&fake.url)).await;
        let sign_in = host.sign_in();
        let (start, foreign) = (sign_in.begin_openid().await.unwrap(), sign_in.begin_openid().await.unwrap());
        fake.answer_token(&fake.key.sign(&fake.claims(&stage, &start, "erin")));
        let good = || returned(&start, "code");
        let cases = [
            ("did not begin", OpenIdReturn { flow: None, ..good() }),
            ("did not begin", OpenIdReturn { flow: Some("x".into()), ..good() }),
            ("did not begin", OpenIdReturn { flow: Some("AAAA".repeat(50).into()), ..good() }),
            ("state is not", OpenIdReturn { flow: Some(foreign.flow.clone()), ..good() }),
            ("state is not", OpenIdReturn { state: None, ..good() }),
            ("state is not", OpenIdReturn { state: Some("x".to_owned()), ..good() }),
            ("another issuer", OpenIdReturn { issuer: Some("https://evil.example".to_owned()), ..good() }),
            ("access_denied", OpenIdReturn { error: Some("access_denied".to_owned()), ..good() }),
            ("no usable code", OpenIdReturn { code: None, ..good() }),
            ("no usable code", OpenIdReturn { code: Some("x".repeat(10_000).into()), ..good() }),
        ];
        for (expected, returned) in cases {
            let refused = sign_in.finish_openid(returned).await.unwrap_err();
            assert!(matches!(refused, SignInError::Provider), "{expected}: {refused:?}");
            let reason = refusal(&stage).await;
            assert!(reason.contains(expected), "{expected}: {reason}");
        }
        assert_eq!(fake.script.lock().unwrap().asked.1, "", "the provider was asked for nothing");
        stage.clock.advance(Duration::from_secs(600));
        sign_in.finish_openid(good()).await.unwrap_err();
        assert!(refusal(&stage).await.contains("more than 10 minutes ago"));
        // Failed returns of one address do not go on for ever.
        let mut last = None;
        for _ in 0..10 {
            last = sign_in.finish_openid(OpenIdReturn { state: None, ..good() }).await.err();
        }
        assert!(matches!(last, Some(SignInError::TooMany { .. })), "{last:?}");
    }
}

#[tokio::test]
async fn a_browser_may_return_to_a_host_whose_clock_is_behind() {
    for stage in SignInStage::on_both().await {
        let fake = Fake::start().await;
        let host = host(&stage, settings(&fake.url)).await;
        let clock = ManualClock::held_at(stage.clock.now() - Duration::from_secs(3_600));
        let behind = host_with(&stage, settings(&fake.url), clock).await;
        let start = host.sign_in().begin_openid().await.unwrap();
        let returned = OpenIdReturn { state: None, ..returned(&start, "code") };
        behind.sign_in().finish_openid(returned).await.unwrap_err();
        let reason = refusal(&stage).await;
        assert!(reason.contains("state is not"), "{reason}");
    }
}

#[tokio::test]
async fn a_rotated_key_is_read_once_and_unknown_keys_do_not_make_the_host_ask_again_and_again() {
    for stage in SignInStage::on_both().await {
        let mut fake = Fake::start().await;
        let host = host(&stage, settings(&fake.url)).await;
        let sign_in = host.sign_in();
        fake.sign_in(&stage, sign_in, "erin", |_| {}).await.unwrap();
        fake.rotate("two");
        fake.sign_in(&stage, sign_in, "erin", |_| {}).await.unwrap_err();
        assert_eq!(fake.key_readings.load(Ordering::SeqCst), 1, "the keys were read a moment ago");
        stage.clock.advance(Duration::from_secs(30));
        for _ in 0..5 {
            fake.sign_in(&stage, sign_in, "erin", |_| {}).await.unwrap();
        }
        assert_eq!(fake.key_readings.load(Ordering::SeqCst), 2);
        let unknown = ProviderKey::new("three");
        stage.clock.advance(Duration::from_secs(60));
        for _ in 0..5 {
            let start = sign_in.begin_openid().await.unwrap();
            fake.answer_token(&unknown.sign(&fake.claims(&stage, &start, "erin")));
            sign_in.finish_openid(returned(&start, "code")).await.unwrap_err();
        }
        assert_eq!(fake.key_readings.load(Ordering::SeqCst), 3);
        // The key that was rotated out is not accepted once the keys are read again.
        stage.clock.advance(Duration::from_secs(3_600));
        fake.sign_in(&stage, sign_in, "erin", |_| {}).await.unwrap();
    }
}

#[tokio::test]
async fn a_provider_that_fails_or_lies_about_itself_signs_nobody_in() {
    for stage in SignInStage::on_both().await {
        let fake = Fake::start().await;
        let other_issuer = settings(&format!("{}/", fake.url));
        let refused = host(&stage, other_issuer).await.sign_in().begin_openid().await.unwrap_err();
        assert!(matches!(refused, SignInError::Provider), "{refused:?}");
        let good = fake.script.lock().unwrap().metadata.clone();
        for field in ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"] {
            fake.script.lock().unwrap().metadata[field] = json!("http://evil.example/");
            let refused = host(&stage, settings(&fake.url)).await.sign_in().begin_openid().await.unwrap_err();
            assert!(matches!(refused, SignInError::Provider), "{field}: {refused:?}");
            fake.script.lock().unwrap().metadata = good.clone();
        }
        let host = host(&stage, settings(&fake.url)).await;
        // A failure is kept for a moment, so that the others need not wait for the provider's timeout one by one.
        fake.script.lock().unwrap().metadata = json!([]);
        host.sign_in().begin_openid().await.unwrap_err();
        fake.script.lock().unwrap().metadata = good;
        host.sign_in().begin_openid().await.unwrap_err();
        stage.clock.advance(Duration::from_secs(5));
        host.sign_in().begin_openid().await.unwrap();
        for (status, body, expected) in [
            (StatusCode::BAD_REQUEST, r#"{"error":"invalid_grant"}"#.to_owned(), "status 400, \"invalid_grant\""),
            (StatusCode::FOUND, String::new(), "status 302"),
            (StatusCode::OK, "<html>".to_owned(), "not as expected"),
            (StatusCode::OK, "{}".to_owned(), "not as expected"),
            (StatusCode::OK, " ".repeat(2 * 1024 * 1024), "more than 1048576 bytes"),
        ] {
            let start = host.sign_in().begin_openid().await.unwrap();
            fake.script.lock().unwrap().token = (status, body);
            host.sign_in().finish_openid(returned(&start, "code")).await.unwrap_err();
            let reason = refusal(&stage).await;
            assert!(reason.contains(expected), "{expected}: {reason}");
        }
        // Claims that the token lacks are read from the user information, if it is of the same subject.
        for (subject, is_good) in [("someone else", false), ("erin", true)] {
            fake.script.lock().unwrap().user = json!({ "sub": subject, "groups": ["soc-analysts"] });
            let without = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove("groups"));
            let entered = fake.sign_in(&stage, host.sign_in(), "erin", without).await;
            assert_eq!(entered.is_ok(), is_good, "{entered:?}");
        }
    }
}
