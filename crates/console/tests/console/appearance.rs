//! Each page in each width and each colour scheme.

use crate::browser::{Browser, LOOKS};
use crate::world::World;

/// The pages with a name for pictures and their address below the console.
const PAGES: &[(&str, &str)] = &[
    ("home", "/"),
    ("incident-new", "/incidents/new"),
    ("cases", "/cases"),
    ("site-new", "/sites/new"),
    ("user-new", "/users/new"),
    ("sync-new", "/tenants/syncs/new"),
    ("profile", "/profile"),
    ("integrations", "/integrations"),
    ("integration", "/integrations/coda-footprint"),
    ("command", "/integrations/coda-footprint/commands/list-devices"),
    ("connection-new", "/integrations/coda-footprint/connections/new"),
    ("connection", "/connections/1"),
    ("test-command", "/test-command"),
    ("not-found", "/nothing-here"),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_page_is_accessible_and_keeps_to_the_policy_in_each_look() {
    let (world, browser) = (World::new().await, Browser::start().await);
    browser.goto(&world.page("/sign-in")).await;
    browser.check("sign-in", &LOOKS).await;
    browser.sign_in(&world, "Admin").await;
    for (name, path) in PAGES {
        browser.goto(&world.page(path)).await;
        // The browser itself reports the status 404.
        if *name == "not-found" {
            assert_eq!(browser.complaints().await.len(), 1);
        }
        browser.check(name, &LOOKS).await;
    }
    browser.end().await;
}
