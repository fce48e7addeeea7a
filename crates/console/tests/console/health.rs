//! Health: from the list of all connections to the error of a failure.

use fantoccini::key::Key;
use soar_host::connections::ConnectionChange;
use soar_store::model::ConnectionId;

use crate::browser::{Browser, WIDE};
use crate::world::ConsoleWorld;

#[tokio::test(flavor = "multi_thread")]
async fn a_user_finds_the_worst_connection_and_reads_why_it_fails() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
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
    browser.wait_for("#failure").await;
    let failure = browser.evaluate("document.getElementById('failure').innerText").await;
    let failure = failure.as_str().unwrap();
    for part in ["401", "wrong password.", CAUSE, CURE, "invalid-credentials", "Diagnose"] {
        assert!(failure.contains(part), "{part}: {failure}");
    }
    assert!(browser.text().await.contains("Uptime, 30 days"));
    browser.check("health-history").await;
    browser.look(WIDE).await;
    browser.press("Check now").await;
    browser.wait_for_text("The check failed.").await;
    browser.wait_for("#failure").await;
    browser.goto(&world.page("/health/1")).await;
    browser.press("Check now").await;
    browser.wait_for_text("The check passed.").await;
    world.accepted(&["Footprint of Acme: Failed", "Footprint: Passed"]).await;
    browser.end().await;
}

/// The cause and the beginning of the cure of a wrong password, as the manifest has them.
const CAUSE: &str = "Footprint rejected User Name and Password.";
const CURE: &str = "Correct User Name and Password.";

/// The number of checks in the history of a connection.
async fn checks(world: &ConsoleWorld, cookie: &str, id: ConnectionId) -> usize {
    let (status, text) = world.get(cookie, &format!("/health/{id}/checks.csv")).await;
    assert_eq!(status, 200, "{text}");
    text.lines().filter(|line| line.contains(",Healthy,") || line.contains(",Failing,")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_a_user_asks_for_is_a_check_of_the_history_and_changes_the_state() {
    let world = ConsoleWorld::new().await;
    let cookie = world.cookie("Manager").await;
    for (id, state) in [(ConnectionId(1), "Healthy"), (ConnectionId(2), "Failing")] {
        let path = format!("/health/{id}");
        assert_eq!(checks(&world, &cookie, id).await, 0);
        let (_, before) = world.get(&cookie, &path).await;
        assert!(before.contains("Check now") && before.contains("Unknown"), "{before}");
        assert_eq!(world.post(&cookie, &format!("{path}/check"), "").await, 303);
        assert_eq!(checks(&world, &cookie, id).await, 1);
        let (_, after) = world.get(&cookie, &path).await;
        assert!(after.contains(state) && after.contains("Check now"), "{after}");
        assert_eq!(after.contains(CAUSE) && after.contains(CURE), state == "Failing", "{after}");
    }
    assert_eq!(world.runs().await, ["Test Connection", "Test Connection"]);
    let (_, list) = world.get(&cookie, "/health?column=cause&column=cure").await;
    assert!(list.contains(CAUSE) && list.contains(CURE), "{list}");
    // A form that the end of the session interrupted checks nothing.
    assert_eq!(world.post(&cookie, "/health/1/check", "resumed=yes").await, 303);
    assert_eq!(checks(&world, &cookie, ConnectionId(1)).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_without_a_known_cure_leads_to_the_diagnosis_and_to_the_connection() {
    let world = ConsoleWorld::new().await;
    world.failed_check("The store failed.").await;
    let own = "/console/integrations/coda-footprint/connections/1";
    let (_, shown) = world.get(&world.cookie("Manager").await, "/health/1").await;
    let (diagnosis, connection) = (format!("\"{own}/diagnose\""), format!("\"{own}\""));
    for part in ["The store failed.", "The host knows no cure", diagnosis.as_str(), connection.as_str()] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("<dt>Cause</dt>"), "{shown}");
    // An analyst may not diagnose.
    let (_, shown) = world.get(&world.cookie("Analyst").await, "/health/1").await;
    assert!(shown.contains("The host knows no cure") && !shown.contains("/diagnose"), "{shown}");
    // Another error has a cause and a cure again.
    world.checks().await;
    let (_, shown) = world.get(&world.cookie("Analyst").await, "/health/2").await;
    assert!(shown.contains(CAUSE) && !shown.contains("The host knows no cure"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_runs_nothing_or_that_a_user_does_not_manage_is_not_checked() {
    let world = ConsoleWorld::new().await;
    let (manager, analyst) = (world.cookie("Manager").await, world.cookie("Analyst").await);
    let (_, shown) = world.get(&analyst, "/health/1").await;
    assert!(!shown.contains("Check now"), "{shown}");
    assert_eq!(world.post(&analyst, "/health/1/check", "").await, 403);
    world.change(ConnectionId(1), ConnectionChange { active: Some(false), ..ConnectionChange::default() }).await;
    let (_, shown) = world.get(&manager, "/health/1").await;
    assert!(!shown.contains("Check now"), "{shown}");
    assert_eq!(world.post(&manager, "/health/1/check", "").await, 422);
    let without_csrf = reqwest::Client::new().post(world.page("/health/2/check")).header("cookie", &manager);
    let without_csrf = without_csrf.header("content-type", "application/x-www-form-urlencoded").body("a=b");
    assert_eq!(without_csrf.send().await.unwrap().status(), 403);
    assert_eq!(checks(&world, &manager, ConnectionId(1)).await + checks(&world, &manager, ConnectionId(2)).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_checked_without_scripts() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.without_scripts().await;
    browser.sign_in(&world, "Manager").await;
    browser.goto(&world.page("/health/1")).await;
    browser.press("Check now").await;
    browser.wait_for_text("The check passed.").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_of_connections_is_filtered_by_keyboard_and_exported() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
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
    let world = ConsoleWorld::new().await;
    let cookie = world.cookie("Manager").await;
    let why = "Not checked: set Test every";
    let (_, text) = world.get(&cookie, "/").await;
    assert!(text.contains("not known to be healthy") && !text.contains(why), "{text}");
    let change = ConnectionChange { health_check_minutes: Some(None), ..ConnectionChange::default() };
    world.change(ConnectionId(2), change).await;
    let (_, text) = world.get(&cookie, "/").await;
    assert_eq!(text.matches(why).count(), 1, "{text}");
}
