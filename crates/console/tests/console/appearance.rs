//! Each page in each width and each colour scheme. With `FOOTPRINT_CONSOLE=full` also for each role.

use serde_json::json;

use crate::browser::{Browser, is_full};
use crate::world::ConsoleWorld;

/// The pages with a name for pictures and their address below the console. `{incident}` and `{finding}` stand for the
/// number of an incident and the id of a finding.
const PAGES: &[(&str, &str)] = &[
    ("home", "/"),
    ("health", "/health"),
    ("health-groups", "/health?group=Server"),
    ("health-history", "/health/1"),
    ("findings", "/findings"),
    ("finding-changes", "/findings/changes"),
    ("finding-devices", "/findings/devices"),
    ("finding-cves", "/findings/cves"),
    ("finding-tenants", "/findings/tenants"),
    ("finding-collect", "/findings/collect"),
    ("finding-tenant-remove", "/findings/tenants/remove?connection=1&tenant=1"),
    ("finding", "/findings/items/{finding}"),
    ("rule-change", "/findings/rules/1/change"),
    ("incidents", "/incidents"),
    ("incident", "/incidents/{incident}"),
    ("incident-new", "/incidents/new"),
    ("incident-bulk", "/incidents/bulk/closeincidentinbulk?number={incident}"),
    ("cases", "/cases"),
    ("runs", "/runs"),
    ("run", "/runs/1"),
    ("schedules", "/schedules"),
    ("schedule-new", "/schedules/new"),
    ("sites", "/sites"),
    ("site-new", "/sites/new"),
    ("site", "/sites/Security%20Operations"),
    ("tenants", "/tenants"),
    ("tenant-new", "/tenants/new"),
    ("masters", "/tenants/masters"),
    ("syncs", "/tenants/syncs"),
    ("sync-new", "/tenants/syncs/new"),
    ("users", "/users"),
    ("user-new", "/users/new"),
    ("user", "/users/Viewer"),
    ("keys", "/keys"),
    ("key-new", "/keys/new"),
    ("audit", "/audit"),
    ("profile", "/profile"),
    ("integrations", "/integrations"),
    ("integration", "/integrations/coda-footprint"),
    ("command", "/integrations/coda-footprint/commands/list-devices"),
    ("connection-new", "/integrations/coda-footprint/connections/new"),
    ("connection", "/integrations/coda-footprint/connections/1"),
    ("connection-diagnosis", "/integrations/coda-footprint/connections/1/diagnose"),
    ("connection-remove", "/integrations/coda-footprint/connections/1/remove"),
    ("test-command", "/test-command"),
    ("not-found", "/nothing-here"),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_page_is_accessible_and_keeps_to_the_policy_in_each_look() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    world.checks().await;
    world.run("List Tenants").await;
    world.rule(json!({ "name": "Of the administrator", "then": { "incident": {} } })).await;
    let (finding, incident) = (world.findings().await.remove(0), world.incident("Open to the internet").await);
    browser.goto(&world.page("/sign-in")).await;
    browser.check("sign-in").await;
    let users: &[&str] = if is_full() { &["Admin", "Manager", "Analyst", "Viewer", "Nobody"] } else { &["Admin"] };
    for user in users {
        browser.client.delete_all_cookies().await.unwrap();
        browser.sign_in(&world, user).await;
        for (name, path) in PAGES {
            browser.goto(&world.page(&path.replace("{finding}", &finding).replace("{incident}", &incident))).await;
            // The browser itself reports a page that is refused, or is not there, by its status.
            if browser.evaluate("document.querySelector('.problem') !== null").await == json!(true) {
                let complaints = browser.complaints().await;
                assert!(complaints.iter().all(|one| one.contains("status of 40")), "{user} {path}: {complaints:?}");
                assert!(*user != "Admin" || *name == "not-found", "{user} {path}: {}", browser.text().await);
            }
            browser.check(&if *user == "Admin" { (*name).to_owned() } else { format!("{user}-{name}") }).await;
        }
    }
    browser.end().await;
}
