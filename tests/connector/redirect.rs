//! Redirects are never followed, so that credentials go nowhere but to the server of the settings.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::stub::{CannedReply, logged_in, serve};
use crate::support::{connect, error_of, run};

/// A server that counts its requests.
async fn recording() -> (String, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let requests = Arc::clone(&count);
    let url = serve(move |_, _, _| {
        requests.fetch_add(1, Ordering::Relaxed);
        logged_in()
    })
    .await;
    (url.replace("127.0.0.1", "localhost"), count)
}

#[tokio::test]
async fn a_redirect_to_another_host_is_reported_and_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        for (what, redirected) in
            [("the login", "/api/auth/token/"), ("a list", "/api/console/"), ("a write", "/api/console/")]
        {
            let (other, requests) = recording().await;
            let target = format!("{other}/api/stolen/");
            let location = target.clone();
            let url = serve(move |_, path, _| {
                if path.starts_with(redirected) {
                    CannedReply::status(status, "").with_header("Location", location.clone())
                } else {
                    logged_in()
                }
            })
            .await;
            let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
            let command = if what == "a write" { "Patch Rescan" } else { "List Devices" };
            let (code, text) = error_of(&run(&*connector, command, json!({})).await);
            assert_eq!(code, "redirected", "{status} from {what}: {text}");
            assert!(text.contains(&format!("Status Code: {status}.")), "{text}");
            if what != "the login" {
                assert!(text.contains(&target), "{status} from {what}: {text}");
            }
            assert_eq!(requests.load(Ordering::Relaxed), 0, "{status} from {what}");
        }
    }
}

#[tokio::test]
async fn a_redirect_of_the_login_names_its_target() {
    let url =
        serve(|_, _, _| CannedReply::status(302, "").with_header("Location", "https://sso.example.com/login")).await;
    let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
    let (code, text) = error_of(&run(&*connector, "List Devices", json!({})).await);
    assert_eq!(code, "redirected");
    assert!(text.contains("\"https://sso.example.com/login\""), "{text}");
}
