//! Integrations and connections: from the search to a tested and saved connection.

use fantoccini::Locator;
use fantoccini::key::Key;
use soar_host::connections::ConnectionChange;
use soar_store::model::ConnectionId;

use crate::browser::{Browser, WIDE};
use crate::world::{ConsoleWorld, SITE};

const NEW: &str = "/integrations/coda-footprint/connections/new";

async fn fill_new(browser: &Browser, world: &ConsoleWorld, name: &str, password: &str) {
    let user = world.account();
    browser.fill("name", name).await;
    browser.fill("parameter.server-url", &world.simulator.url()).await;
    browser.fill("parameter.user-name", &user.user_name).await;
    browser.fill("secret.parameter.password", password).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_finds_the_integration_understands_a_failed_test_and_adds_the_connection() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Manager").await;
    browser.look(WIDE).await;
    browser.follow("Integrations").await;
    browser.wait_for("#integrations").await;
    browser.fill("q", "coda").await;
    browser.press("Search").await;
    browser.wait_until("location.search === '?q=coda'").await;
    browser.follow("CODA Footprint").await;
    browser.wait_for_text("+ New Connection").await;
    browser.follow("+ New Connection").await;
    browser.wait_for("#connection").await;
    fill_new(&browser, &world, "Night shift", "wrong").await;
    browser.press("Test Connection").await;
    browser.wait_for_text("Test Connection: Failed").await;
    let text = browser.text().await;
    assert!(text.contains("Test Connection failed. Failed to check the connector."), "{text}");
    assert!(text.contains("Go to User Name") && text.contains("Go to Password"), "{text}");
    browser.wait_for("#found-user-name .error").await;
    browser.wait_for("#found-password .error").await;
    // The typed password is still there, since only the result was replaced.
    assert_eq!(browser.value("secret.parameter.password").await, "wrong");
    browser.check("connection-test-failed").await;
    browser.fill("secret.parameter.password", &world.account().password).await;
    browser.press("Test Connection").await;
    browser.wait_for_text("✔ Passed").await;
    assert!(browser.client.find(Locator::Css("#found-user-name .error")).await.is_err());
    browser.check("connection-test-passed").await;
    browser.press("+ Add").await;
    browser.wait_for_text("The connection Night shift is added.").await;
    assert_eq!(browser.value("secret.parameter.password").await, "");
    assert_eq!(browser.value("name").await, "Night shift");
    let source = browser.client.source().await.unwrap();
    assert!(!source.contains(&world.account().password), "the secret is in the page");
    world.accepted(&["not saved: Failed", "not saved: Passed"]).await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_value_is_told_at_its_field_and_a_new_address_needs_the_secret_again() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Admin").await;
    browser.goto(&world.page(NEW)).await;
    browser.fill("name", "Footprint").await;
    browser.fill("parameter.server-url", "ftp://example.com").await;
    browser.press("Test Connection").await;
    browser.wait_for_text("The test did not run").await;
    let text = browser.text().await;
    for field in ["Server URL: ", "User Name: It is missing.", "Password: It is missing."] {
        assert!(text.contains(field), "{field}: {text}");
    }
    browser.wait_for("#found-password .error").await;
    browser.only_refused_forms().await;
    browser.picture("connection-test-did-not-run").await;
    browser.fill("parameter.user-name", "soar@example.com").await;
    browser.press("+ Add").await;
    browser.wait_for("#parameter\\.password-error, #secret\\.parameter\\.password-error").await;
    assert_eq!(browser.value("parameter.user-name").await, "soar@example.com");
    // The browser itself reports the status 422.
    assert_eq!(browser.complaints().await.len(), 1);
    browser.check("connection-problems").await;
    browser.goto(&world.page("/connections/1")).await;
    browser.wait_for("#connection").await;
    browser.fill("parameter.server-url", "https://elsewhere.example.com").await;
    browser.press("Save").await;
    browser.wait_for("#parameter\\.server-url-error").await;
    assert!(browser.text().await.contains("give these secrets again: Password"));
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_of_two_users_sees_both_versions_before_saving() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Manager").await;
    browser.goto(&world.page("/connections/1")).await;
    browser.fill("description", "The night shift uses it").await;
    let change =
        ConnectionChange { description: Some("The day shift uses it".to_owned()), ..ConnectionChange::default() };
    world.change(ConnectionId(1), change).await;
    browser.press("Save").await;
    browser.wait_for_text("This was changed after you opened the form").await;
    let text = browser.text().await;
    assert!(text.contains("The day shift uses it") && text.contains("The night shift uses it"), "{text}");
    assert_eq!(browser.complaints().await.len(), 1);
    browser.check("connection-conflict").await;
    browser.press("Save").await;
    browser.wait_for_text("The connection Footprint is changed.").await;
    assert_eq!(browser.value("description").await, "The night shift uses it");
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_diagnosed_deactivated_and_removed_after_questions() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Manager").await;
    browser.goto(&world.page("/connections/1")).await;
    browser.follow("Diagnose").await;
    browser.wait_for_text("It changes nothing.").await;
    browser.press("Diagnose").await;
    browser.wait_for_text("Diagnosis of Footprint").await;
    let text = browser.text().await;
    assert!(text.contains("Login") && text.contains("List Devices"), "{text}");
    browser.check("diagnosis").await;
    browser.goto(&world.page("/connections/1")).await;
    browser.follow("Deactivate").await;
    browser.wait_for("dialog[open]").await;
    browser.press("Deactivate").await;
    browser.wait_for_text("The connection Footprint is inactive.").await;
    browser.follow("Remove").await;
    browser.wait_for("dialog[open]").await;
    browser.press("Remove").await;
    browser.wait_for_text("The connection Footprint is removed.").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_tested_and_added_by_keyboard() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    let tab = char::from(Key::Tab);
    browser.sign_in(&world, "Manager").await;
    browser.goto(&world.page(NEW)).await;
    browser.wait_for("#connection").await;
    assert_eq!(browser.focused().await, "name");
    browser.keys("By keyboard").await;
    for (id, text) in [
        ("parameter.server-url", world.simulator.url()),
        ("parameter.user-name", world.account().user_name),
        ("secret.parameter.password", world.account().password),
    ] {
        while browser.focused().await != id {
            browser.keys(&tab.to_string()).await;
        }
        browser.keys(&text).await;
    }
    while browser.focused().await != "Test Connection" {
        browser.keys(&tab.to_string()).await;
    }
    browser.keys(&char::from(Key::Enter).to_string()).await;
    browser.wait_for_text("✔ Passed").await;
    assert_eq!(browser.focused().await, "test-title");
    while browser.focused().await != "+ Add" {
        browser.keys(&tab.to_string()).await;
    }
    browser.keys(&char::from(Key::Enter).to_string()).await;
    browser.wait_for_text("The connection By keyboard is added.").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_tested_and_added_without_scripts() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.without_scripts().await;
    browser.sign_in(&world, "Manager").await;
    browser.goto(&world.page(NEW)).await;
    fill_new(&browser, &world, "Plain", &world.account().password).await;
    browser.press("Test Connection").await;
    browser.wait_for_text("✔ Passed").await;
    // The secret is never sent back, so it has to be typed again.
    assert!(browser.text().await.contains("Type them again before you save the connection."));
    browser.fill("secret.parameter.password", &world.account().password).await;
    browser.press("+ Add").await;
    browser.wait_for_text("The connection Plain is added.").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_the_right_sees_a_connection_and_can_change_nothing() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Analyst").await;
    browser.goto(&world.page("/integrations/coda-footprint")).await;
    assert!(!browser.text().await.contains("+ New Connection"));
    browser.goto(&world.page("/connections/1")).await;
    browser.wait_for_text("needs the right to manage connections").await;
    let text = browser.text().await;
    for hidden in ["Save", "Remove", "Deactivate", "Diagnose"] {
        assert!(!text.contains(hidden), "{hidden} is shown:\n{text}");
    }
    browser.check("connection-facts").await;
    let cookie = world.cookie("Analyst").await;
    for path in ["", "/active", "/remove", "/diagnose"] {
        let path = format!("/integrations/coda-footprint/connections/1{path}");
        assert_eq!(world.post(&cookie, &path, "name=x&site=Security+Operations").await, 403, "{path}");
        let shown = if path.ends_with("/1") { 200 } else { 403 };
        assert_eq!(world.get(&cookie, &path).await.0, shown, "{path}");
    }
    assert_eq!(world.post(&cookie, NEW, "name=x&site=Security+Operations").await, 403);
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_marks_each_field_with_a_problem_and_needs_no_name() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Manager").await;
    browser.goto(&world.page(NEW)).await;
    browser.wait_for("#connection").await;
    let user = world.account();
    browser.fill("parameter.server-url", &world.simulator.url()).await;
    browser.fill("parameter.user-name", &user.user_name).await;
    browser.fill("secret.parameter.password", &user.password).await;
    browser.fill("health-check-minutes", "5").await;
    browser.fill("health-check-email", "bad").await;
    browser.press("Test Connection").await;
    browser.wait_for("[id='found.health-check-email'] .error").await;
    browser.only_refused_forms().await;
    browser.fill("health-check-email", "soc@example.com").await;
    browser.press("Test Connection").await;
    browser.wait_for_text("✔ Passed").await;
    assert!(browser.client.find(Locator::Css("[id='found.health-check-email'] .error")).await.is_err());
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_host_refuses_of_a_connection_is_told_at_its_field() {
    let world = ConsoleWorld::new().await;
    let cookie = world.cookie("Manager").await;
    let user = world.account();
    let right: [(&str, &str); 7] = [
        ("name", "Other"),
        ("site", SITE),
        ("parameter.server-url", &world.simulator.url()),
        ("parameter.user-name", &user.user_name),
        ("secret.parameter.password", &user.password),
        ("health-check-minutes", "5"),
        ("do", "save"),
    ];
    let test = form_urlencoded::Serializer::new(String::new()).append_pair("do", "test").extend_pairs(right).finish();
    let (status, page) = world.answer(&cookie, NEW, &test).await;
    assert_eq!((status, page.matches(" autofocus").count()), (200, 1), "only the result has the focus: {page}");
    assert!(page.contains("Passed") && page.contains("Type them again before you save"), "{page}");
    for (field, value) in [
        ("name", "footprint"),
        ("name", "a\u{200b}b"),
        ("agent-name", "Stranger"),
        ("users", "Stranger"),
        ("health-check-minutes", "0"),
        ("health-check-email", "bad"),
        ("health-check-webhooks", "a\u{7}b"),
        ("health-check-webhooks", "nope"),
        ("alert-after", "101"),
        ("recover-after", "11"),
        ("slow-ms", "3600001"),
    ] {
        // The first of two values counts.
        let pairs = [(field, value)].into_iter().chain(right);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let (status, form) = world.answer(&cookie, NEW, &body).await;
        let errors = form.matches("class=\"error\" id=").count();
        assert!(errors == 1 && form.contains(&format!("id=\"{field}-error\"")), "{field}={value}: {status} {form}");
        assert_eq!(status, 422, "{field}={value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_integration_shows_the_health_of_its_connections_and_a_connection_leads_to_it() {
    let world = ConsoleWorld::new().await;
    world.checks().await;
    let change = ConnectionChange { active: Some(false), ..ConnectionChange::default() };
    world.change(ConnectionId(1), change).await;
    let cookie = world.cookie("Manager").await;
    let (_, page) = world.get(&cookie, "/integrations/coda-footprint").await;
    let list = page.split("id=\"connections\"").nth(1).unwrap();
    for state in [">Failing</span>", ">Inactive</span>"] {
        assert_eq!(list.matches(state).count(), 1, "{state}: {list}");
    }
    let own = "/integrations/coda-footprint/connections/1";
    for user in ["Manager", "Analyst"] {
        let (_, page) = world.get(&world.cookie(user).await, own).await;
        for part in ["href=\"/console/health/1\"", "connection=1\">Test Command</a>"] {
            assert!(page.contains(part), "{user} misses {part}: {page}");
        }
    }
}
