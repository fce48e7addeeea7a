//! Health: from the list of all connections to the error of a failure.

use fantoccini::key::Key;
use soar_host::connections::ConnectionChange;
use soar_store::model::ConnectionId;

use crate::browser::{Browser, WIDE};
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_user_finds_the_worst_connection_and_reads_why_it_fails() {
    let (world, browser) = (World::new().await, Browser::start().await);
    world.checks().await;
    browser.sign_in(&world, "Manager").await;
    browser.look(WIDE).await;
    browser.follow("Health").await;
    browser.wait_for("#connections tbody tr").await;
    let first = browser.evaluate("document.querySelector('#connections tbody tr').textContent").await;
    let first = first.as_str().unwrap();
    assert!(first.contains("Footprint of Acme") && first.contains("Failing"), "{first}");
    browser.check("health").await;
    browser.look(WIDE).await;
    browser.select("state", "Healthy").await;
    browser.press("Filter").await;
    browser.wait_for_text("Rows 1 to 1 of 1").await;
    assert!(!browser.text().await.contains("Footprint of Acme"));
    browser.follow("Clear").await;
    browser.wait_for_text("Rows 1 to 2 of 2").await;
    browser.select("group", "Server").await;
    browser.press("Filter").await;
    browser.wait_for_text("Connections by server").await;
    browser.check("health-groups").await;
    browser.goto(&world.page("/health")).await;
    browser.follow("Footprint of Acme").await;
    browser.wait_for_text("Message: wrong password.").await;
    let text = browser.text().await;
    assert!(text.contains("Status Code: 401.") && text.contains("Uptime, 30 days"), "{text}");
    browser.check("health-history").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_of_connections_is_filtered_by_keyboard_and_exported() {
    let (world, browser) = (World::new().await, Browser::start().await);
    world.checks().await;
    browser.sign_in(&world, "Analyst").await;
    browser.goto(&world.page("/health")).await;
    let [tab, enter] = [Key::Tab, Key::Enter].map(char::from);
    browser.focus("#q").await;
    browser.keys(&format!("acme{enter}")).await;
    browser.wait_for_text("Rows 1 to 1 of 1").await;
    // From the list to the history.
    browser.focus("#connections .scroll").await;
    browser.keys(&tab.to_string()).await;
    assert_eq!(browser.focused().await, "Footprint of Acme");
    browser.keys(&enter.to_string()).await;
    browser.wait_for("#checks").await;
    browser.end().await;
    let cookie = world.cookie("Analyst").await;
    let (status, text) = world.get(&cookie, "/health.csv?q=acme").await;
    assert_eq!(status, 200);
    let lines: Vec<&str> =
        text.lines().filter(|line| line.starts_with("Connection,") || line.starts_with("Footprint")).collect();
    assert!(lines.len() == 2 && lines[1].starts_with("Footprint of Acme,Security Operations,Failing,"), "{text}");
    // Charts have no column.
    assert!(!lines[0].contains("Last 30 days"), "{text}");
    let (status, text) = world.get(&cookie, "/health/2/checks.csv").await;
    assert!(status == 200 && text.contains("wrong password"), "{text}");
    assert_eq!(world.get(&cookie, "/health?state=Splendid").await.0, 400);
    assert_eq!(world.get(&cookie, "/health/99").await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_tells_why_the_health_of_a_connection_is_unknown() {
    let world = World::new().await;
    let cookie = world.cookie("Manager").await;
    let why = "Not checked: set Test every";
    let (_, text) = world.get(&cookie, "/").await;
    assert!(text.contains("not known to be healthy") && !text.contains(why), "{text}");
    let change = ConnectionChange { health_check_minutes: Some(None), ..ConnectionChange::default() };
    world.change(ConnectionId(2), change).await;
    let (_, text) = world.get(&cookie, "/").await;
    assert_eq!(text.matches(why).count(), 1, "{text}");
}
