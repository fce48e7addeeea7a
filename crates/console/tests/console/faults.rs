//! Faults while a person works: the store fails, the session ends, the tab is hidden.

use std::time::{Duration, Instant};

use fantoccini::Locator;
use serde_json::json;
use sqlx::Connection as _;

use crate::browser::{Browser, WIDE};
use crate::world::{ConsoleWorld, PASSWORD, SITE};

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_is_told_and_what_was_typed_is_there_until_it_works_again() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Analyst").await;
    browser.goto(&world.page("/incidents/new")).await;
    browser.select("site", SITE).await;
    browser.fill("type", "Phishing").await;
    browser.fill("title", "Typed before the fault").await;
    browser.fill("description", "Several words that nobody wants to type again.").await;
    world.break_store().await;
    browser.press("Create").await;
    browser.wait_for_text("store").await;
    assert_eq!(browser.value("title").await, "Typed before the fault");
    assert_eq!(browser.value("description").await, "Several words that nobody wants to type again.");
    world.mend_store().await;
    browser.press("Create").await;
    browser.wait_for_text("is created.").await;
    assert!(browser.text().await.contains("Typed before the fault"));
    // Nothing was created by the first attempt.
    let (_, list) = world.get(&world.cookie("Analyst").await, "/incidents").await;
    assert_eq!(list.matches("Typed before the fault").count(), 1, "{list}");
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_waits_only_briefly_for_a_store_that_another_program_holds() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Analyst").await;
    browser.goto(&world.page("/incidents/new")).await;
    browser.select("site", SITE).await;
    browser.fill("type", "Phishing").await;
    browser.fill("title", "Typed while the store was held").await;
    let mut held = world.hold_store().await;
    let started = Instant::now();
    browser.press("Create").await;
    browser.wait_for_text("did not take the change in time, so nothing was done").await;
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    assert_eq!(browser.value("title").await, "Typed while the store was held");
    sqlx::query("ROLLBACK").execute(&mut held).await.unwrap();
    browser.press("Create").await;
    browser.wait_for_text("is created.").await;
    let (_, list) = world.get(&world.cookie("Analyst").await, "/incidents").await;
    assert_eq!(list.matches("Typed while the store was held").count(), 1, "{list}");
    // The audit log gets the refusal once the store takes changes again.
    let (_, log) = world.get(&world.cookie("Admin").await, "/audit.csv?result=refused").await;
    assert!(log.contains("did not take the change in time"), "{log}");
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_too_a_store_that_fails_loses_nothing() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.without_scripts().await;
    browser.sign_in(&world, "Analyst").await;
    browser.goto(&world.page("/incidents/new")).await;
    browser.fill("type", "Phishing").await;
    browser.fill("title", "Typed before the fault").await;
    world.break_store().await;
    browser.press("Create").await;
    browser.wait_for_text("Your input is kept.").await;
    world.mend_store().await;
    browser.press("Continue with the form").await;
    browser.wait_for_text("Check your input and send it again.").await;
    let title = browser.client.find(Locator::Id("title")).await.unwrap();
    assert_eq!(title.prop("value").await.unwrap().unwrap(), "Typed before the fault");
    browser.press("Create").await;
    browser.wait_for_text("is created.").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_an_administrator_ends_in_the_middle_of_a_form_leaves_the_form() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Analyst").await;
    browser.goto(&world.page("/incidents/new")).await;
    browser.select("severity", "Critical").await;
    browser.fill("type", "Phishing").await;
    browser.fill("title", "Half an incident").await;
    assert_eq!(world.post(&world.cookie("Admin").await, "/users/Analyst/end-sessions", "").await, 303);
    browser.press("Create").await;
    browser.wait_for_text("Your session has ended.").await;
    browser.fill("user", "Analyst").await;
    browser.fill("secret.password", PASSWORD).await;
    browser.press("Sign in and continue").await;
    browser.press_when_there("Continue with the form").await;
    browser.wait_for_text("Check your input and send it again.").await;
    assert_eq!(browser.value("title").await, "Half an incident");
    assert_eq!(browser.value("severity").await, "Critical");
    browser.press("Create").await;
    browser.wait_for_text("is created.").await;
    browser.end().await;
}

/// The number of streams of events that the user may still begin.
async fn free_streams(world: &ConsoleWorld, cookie: &str) -> usize {
    let client = reqwest::Client::new();
    let mut open = Vec::new();
    loop {
        let answer = client.get(world.page("/events")).header("cookie", cookie).send().await.unwrap();
        if answer.status() == 429 {
            return open.len();
        }
        assert_eq!(answer.status(), 200);
        open.push(answer);
        assert!(open.len() < 100, "streams have no limit");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_tab_closes_its_stream_of_events_and_opens_it_again() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    let cookie = world.cookie("Analyst").await;
    let all = free_streams(&world, &cookie).await;
    browser.sign_in(&world, "Analyst").await;
    browser.look(WIDE).await;
    let becomes = async |wanted: usize| {
        let started = Instant::now();
        loop {
            let free = free_streams(&world, &cookie).await;
            if free == wanted {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "{free} streams are free, expected {wanted}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    becomes(all - 1).await;
    let first = browser.client.window().await.unwrap();
    let second = browser.client.new_window(true).await.unwrap();
    browser.client.switch_to_window(second.handle).await.unwrap();
    becomes(all).await;
    browser.client.close_window().await.unwrap();
    browser.client.switch_to_window(first).await.unwrap();
    assert_eq!(browser.evaluate("document.hidden").await, json!(false));
    becomes(all - 1).await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_was_sent_is_finished_without_its_browser() {
    let world = ConsoleWorld::new().await;
    let cookie = world.cookie("Admin").await;
    // The form waits for the store.
    let held = world.hold_store().await;
    let sent = world.answer(&cookie, "/sites/new", "name=Late&kind=Internal");
    tokio::time::timeout(Duration::from_secs(1), sent).await.unwrap_err();
    tokio::time::sleep(Duration::from_millis(300)).await;
    held.close().await.unwrap();
    let made = async {
        while world.host.store.reader().await.unwrap().records().site("Late").await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), made).await.unwrap();
}
