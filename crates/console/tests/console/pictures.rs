//! The README's pictures of the console. `tests/pictures` makes them; here they are checked.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::browser::{Browser, WindowLook};

/// The largest file.
const MOST_BYTES: usize = 150_000;

/// The address, the user and the password of a running demo, of which pictures are made.
const DEMO: &str = "FOOTPRINT_DEMO";

#[tokio::test(flavor = "multi_thread")]
async fn the_readme_shows_a_light_and_a_dark_picture() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(project.join("README.md")).unwrap();
    let demo = std::env::var(DEMO).ok();
    for scheme in ["light", "dark"] {
        let name = format!("docs/pictures/console-{scheme}.webp");
        if let Some(demo) = &demo {
            std::fs::create_dir_all(project.join("docs/pictures")).unwrap();
            std::fs::write(project.join(&name), picture(demo, scheme).await).unwrap();
        }
        let picture = std::fs::read(project.join(&name)).unwrap();
        assert!(picture.starts_with(b"RIFF") && picture.len() < MOST_BYTES, "{name}: {} bytes", picture.len());
        assert!(readme.contains(&name), "the README does not show {name}");
    }
}

/// A picture of the first page of the demo.
async fn picture(demo: &str, scheme: &'static str) -> Vec<u8> {
    let mut parts = demo.split_whitespace();
    let (address, user, password) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let address = address.trim_end_matches('/');
    let browser = Browser::start().await;
    browser.goto(&format!("{address}/sign-in")).await;
    browser.fill("user", user).await;
    browser.fill("secret.password", password).await;
    browser.press("Sign in").await;
    browser.wait_for("nav.side").await;
    browser.look(WindowLook { width: 1280, scheme }).await;
    browser.goto(&format!("{address}/")).await;
    let taken = browser.devtools("Page.captureScreenshot", json!({ "format": "webp", "quality": 80 })).await;
    browser.end().await;
    STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()
}
