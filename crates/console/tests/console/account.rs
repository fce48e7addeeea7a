//! A user's account: an authenticator app with its recovery codes, and signing in by OpenID Connect.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;

use soar_host::settings::OpenIdSettings;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use totp_rs::{Builder, Secret};

use crate::browser::{Browser, WIDE};
use crate::world::{ConsoleWorld, PASSWORD};

/// The current code of the app with this secret.
fn code(secret: &str) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let app = Builder::new().with_secret(secret).build().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    app.generate(now.as_secs()).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_adds_an_authenticator_app_and_signs_in_with_a_recovery_code() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Analyst").await;
    browser.look(WIDE).await;
    browser.goto(&world.page("/profile")).await;
    browser.press("Add an authenticator app").await;
    browser.wait_for("svg.qr").await;
    browser.check("authenticator").await;
    browser.look(WIDE).await;
    let secret = browser.evaluate("document.querySelector('.secret code').textContent").await;
    let secret = secret.as_str().unwrap().replace(char::is_whitespace, "");
    browser.fill("secret.code", "000000").await;
    browser.press("Confirm").await;
    // The secret is not shown a second time.
    browser.wait_for_text("The secret is not shown again.").await;
    assert!(!browser.text().await.replace(' ', "").contains(&secret));
    browser.fill("secret.code", &code(&secret)).await;
    browser.press("Confirm").await;
    browser.wait_for_text("The authenticator app is confirmed.").await;
    browser.only_refused_forms().await;
    browser.check("recovery-codes").await;
    browser.look(WIDE).await;
    let recovery = browser.evaluate("document.querySelector('.codes code').textContent").await;
    browser.follow("Done").await;
    browser.wait_for_text("Unused recovery codes: 10.").await;
    browser.press("Sign out").await;
    browser.wait_for_text("You are signed out.").await;
    for is_first in [true, false] {
        browser.goto(&world.page("/sign-in")).await;
        browser.fill("user", "Analyst").await;
        browser.fill("secret.password", PASSWORD).await;
        browser.press("Sign in").await;
        browser.wait_for("#secret\\.code, #code").await;
        let field = browser.evaluate("document.querySelector('#secret\\\\.code, #code').id").await;
        browser.fill("secret.password", PASSWORD).await;
        browser.fill(field.as_str().unwrap(), recovery.as_str().unwrap()).await;
        browser.press("Sign in").await;
        if is_first {
            browser.wait_for("nav.side").await;
            browser.press("Sign out").await;
            browser.wait_for_text("You are signed out.").await;
        } else {
            // Each recovery code signs in once.
            browser.wait_for_text("is wrong").await;
        }
    }
    browser.end().await;
}

/// A running provider of OpenID Connect, which signs in this account.
async fn provider(redirect: &str, account: &str) -> (Child, String) {
    let package = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../tools/oidc-provider/node_modules/oidc-provider");
    assert!(package.is_dir(), "oidc-provider is not installed. Run `tests/run`, which installs it.");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/oidc-provider/provider.mjs");
    let mut process = Command::new("node")
        .arg(script)
        .arg(package)
        .args(["0", redirect, account])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("node is not installed. Run `tests/run`, which installs it.");
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let issuer = lines.next_line().await.unwrap().unwrap();
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (process, issuer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_signs_in_by_openid_connect_with_the_roles_of_its_groups() {
    // The provider has to know the host's address before the host can name the provider.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let public = format!("http://127.0.0.1:{port}");
    let (_provider, issuer) = provider(&format!("{public}/console/sign-in/openid"), "alice").await;
    let openid: OpenIdSettings = serde_json::from_value(serde_json::json!({
        "issuer": issuer, "client-id": "public", "create-users": true,
        "groups": [{ "group": "soc-analysts", "site": crate::world::SITE, "role": "Analyst" }],
    }))
    .unwrap();
    let world = ConsoleWorld::with(|settings| {
        settings.listen = ([127, 0, 0, 1], port).into();
        settings.sign_in.public_address = Some(public);
        settings.sign_in.openid = Some(openid);
    });
    let (world, browser) = (world.await, Browser::start().await);
    browser.look(WIDE).await;
    browser.goto(&world.page("/sign-in")).await;
    browser.follow("Sign in by OpenID Connect").await;
    browser.wait_for("nav.side").await;
    let text = browser.text().await;
    assert!(text.contains("alice") && text.contains("Incidents") && !text.contains("Audit log"), "{text}");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.end().await;
}
