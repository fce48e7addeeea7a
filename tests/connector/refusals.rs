//! Refusals: only those of Footprint's own are its verdicts. Status Code and Message stay the server's in every case.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use soar_connector::Outcome;

use crate::stub::{CannedReply, logged_in, serve};
use crate::support::{connect, error_of, run};

const PAGE: &str = "<html><head><title>Attention Required!</title></head></html>";

fn page(status: u16) -> CannedReply {
    CannedReply { content_type: "text/html", ..CannedReply::status(status, PAGE) }
}

fn says(text: &str) -> String {
    format!(r#"{{"detail":"{text}"}}"#)
}

#[tokio::test]
async fn a_refused_login_is_told_as_the_one_who_refused_it() {
    for (reply, code, pause) in [
        (CannedReply::status(400, says("Wrong.")), "invalid-credentials", Some("was rejected by Footprint")),
        (CannedReply::status(401, says("Wrong.")), "invalid-credentials", Some("was rejected by Footprint")),
        (CannedReply::status(403, says("Locked.")), "login-refused", Some("was refused by Footprint")),
        (CannedReply::status(423, says("Locked.")), "login-refused", Some("was refused by Footprint")),
        (page(400), "html-reply", None),
        (page(401), "login-refusal-unproven", Some("perhaps not by Footprint")),
        (page(403), "login-refusal-unproven", Some("perhaps not by Footprint")),
        (page(423), "login-refusal-unproven", Some("perhaps not by Footprint")),
        (CannedReply::status(401, ""), "login-refusal-unproven", Some("perhaps not by Footprint")),
        (CannedReply::status(403, ""), "login-refusal-unproven", Some("perhaps not by Footprint")),
        (CannedReply::status(401, r#"{"status":"error"}"#), "login-refusal-unproven", Some("perhaps not by Footprint")),
        // The body decides, not its label.
        (
            CannedReply { content_type: "text/html", ..CannedReply::status(401, says("Wrong.")) },
            "invalid-credentials",
            Some("was rejected by Footprint"),
        ),
        (CannedReply::status(401, format!("\u{feff}{}", says("Wrong."))), "invalid-credentials", Some("was rejected")),
        (page(404), "html-reply", None),
    ] {
        let logins = Arc::new(AtomicUsize::new(0));
        let (count, answer) = (Arc::clone(&logins), reply.clone());
        let url = serve(move |_, _, _| {
            count.fetch_add(1, Ordering::Relaxed);
            answer.clone()
        })
        .await;
        let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
        let (found, text) = error_of(&run(&*connector, "List Devices", json!({})).await);
        assert_eq!(found, code, "{reply:?}");
        assert!(text.contains(&format!("Status Code: {}.", reply.status)), "{text}");
        if reply.body == PAGE.as_bytes() {
            assert!(text.contains("Web page: \"Attention Required!\"."), "{text}");
        }
        let sent = logins.load(Ordering::Relaxed);
        assert_eq!(sent, if reply.status == 404 { 2 } else { 1 }, "{reply:?}: one attempt");
        let (found, text) = error_of(&run(&*connector, "List Devices", json!({})).await);
        assert_eq!(found, code, "{text}");
        match pause {
            Some(what) => {
                assert!(text.contains(what) && text.contains("is not tried again for"), "{text}");
                assert_eq!(logins.load(Ordering::Relaxed), sent, "{reply:?}: no other login during the pause");
            }
            None => assert!(logins.load(Ordering::Relaxed) > sent, "{reply:?} pauses nothing"),
        }
    }
}

/// Reads devices of a server that logs everybody in, answers `reply` for data and `session` for the session endpoint.
async fn devices(reply: CannedReply, session: CannedReply) -> (Outcome, Vec<String>) {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let url = serve(move |method, path, _| {
        notes.lock().unwrap().push(format!("{method} {path}"));
        match path {
            "/api/auth/token/" => logged_in(),
            "/api/auth/token/refresh/" => CannedReply::status(401, says("Token is blacklisted")),
            "/api/common/auth/session/" => session.clone(),
            _ => reply.clone(),
        }
    })
    .await;
    let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
    let outcome = run(&*connector, "List Devices", json!({})).await;
    let seen = seen.lock().unwrap().clone();
    (outcome, seen)
}

fn is_logged_in(is: bool) -> CannedReply {
    CannedReply::json(format!(r#"{{"isLoggedIn":{is}}}"#))
}

#[tokio::test]
async fn a_refused_read_is_a_verdict_of_footprints_only_where_that_is_proven() {
    let elsewhere = || CannedReply::status(404, "");
    for (reply, session, code) in [
        (CannedReply::status(403, says("No.")), is_logged_in(true), "not-permitted"),
        (CannedReply::status(401, says("No.")), is_logged_in(true), "not-permitted"),
        (CannedReply::status(403, ""), is_logged_in(true), "not-permitted"),
        (CannedReply::status(403, ""), elsewhere(), "refusal-unproven"),
        (page(403), is_logged_in(true), "html-reply"),
        (page(401), is_logged_in(true), "html-reply"),
        (page(400), elsewhere(), "html-reply"),
        (page(404), is_logged_in(true), "html-reply"),
        (CannedReply::status(404, ""), is_logged_in(true), "not-found"),
        (CannedReply::status(404, ""), elsewhere(), "refusal-unproven"),
        (CannedReply::status(400, "{}"), page(200), "refusal-unproven"),
        (CannedReply::status(404, says("Not found.")), elsewhere(), "not-found"),
        // A status that tells of the way to the server needs no proof.
        (page(504), elsewhere(), "service-unavailable"),
        (CannedReply::status(500, ""), elsewhere(), "server-error"),
    ] {
        let (outcome, seen) = devices(reply.clone(), session).await;
        let (found, text) = error_of(&outcome);
        assert_eq!(found, code, "{reply:?}: {text}");
        assert!(text.contains(&format!("Status Code: {}.", reply.status)), "{text}");
        let asked = seen.iter().filter(|line| line.ends_with("/session/")).count();
        assert!(asked <= 1, "the session endpoint is asked once: {seen:?}");
        assert_eq!(seen.iter().filter(|line| line.ends_with("/token/")).count(), 1, "{seen:?}");
    }
}

#[tokio::test]
async fn a_session_that_ends_right_after_each_login_is_told_as_that() {
    for status in [401, 403] {
        let (outcome, seen) = devices(CannedReply::status(status, says("No token.")), is_logged_in(false)).await;
        let error = outcome.error.unwrap();
        assert_eq!((error.code.as_str(), error.message.as_str()), ("session-ended", "No token."));
        assert!(error.cause.contains("perhaps by another login of the same account"), "{}", error.cause);
        assert_eq!(seen.iter().filter(|line| *line == "POST /api/auth/token/").count(), 2, "{seen:?}");
    }
}
