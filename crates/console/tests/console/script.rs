//! The script: regions, the browser's history, dialogs, failures.

use serde_json::json;

use crate::browser::{Browser, WIDE};
use crate::world::ConsoleWorld;

#[tokio::test(flavor = "multi_thread")]
async fn regions_are_swapped_and_the_browser_s_history_leads_back() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Viewer").await;
    browser.goto(&world.page("/gallery")).await;
    // It is lost when the page is loaded as a whole.
    browser.evaluate("window.isSamePage = true").await;
    browser.follow("Raw Data").await;
    browser.wait_for_text("The tab Raw Data is open.").await;
    assert_eq!(browser.focused().await, "main-tab-2", "the focus stays at the control");
    let hidden = "document.querySelector('.drop form').checkVisibility({ contentVisibilityAuto: true })";
    assert_eq!(browser.evaluate(hidden).await, json!(false), "what was folded stays folded");
    browser.follow("Runs").await;
    browser.wait_for("th[aria-sort=ascending] #list-by-count").await;
    browser.follow("Next rows").await;
    browser.wait_for_text("Rows 101 to 200 of 250").await;
    let address = browser.client.current_url().await.unwrap();
    assert_eq!(address.query(), Some("tab=Raw%20Data&sort=count&from=100"));
    browser.client.back().await.unwrap();
    browser.wait_for_text("Rows 1 to 100 of 250").await;
    browser.client.forward().await.unwrap();
    browser.wait_for_text("Rows 101 to 200 of 250").await;
    assert_eq!(browser.evaluate("window.isSamePage").await, json!(true));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_after_another_step_is_dropped() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Viewer").await;
    browser.goto(&world.page("/gallery")).await;
    let hold = "window.plain = window.fetch; window.held = []; window.fetch = async (url, options) => { \
                const answer = await plain(url, options); await new Promise(go => held.push(go)); return answer; }";
    browser.evaluate(hold).await;
    // The region `list` is loaded, and then the region `main`.
    browser.follow("Runs").await;
    browser.wait_until("held.length === 1").await;
    browser.evaluate("document.getElementById('main-tab-2').click()").await;
    browser.wait_until("held.length === 2").await;
    browser.evaluate("held[1]()").await;
    browser.wait_for_text("The tab Raw Data is open.").await;
    browser.evaluate("held[0](); new Promise(go => setTimeout(go, 300))").await;
    let address = browser.client.current_url().await.unwrap();
    assert_eq!(address.query(), Some("tab=Raw%20Data"));
    // A step back whose load is held, and a step forward.
    browser.evaluate("history.back()").await;
    browser.wait_until("held.length === 3").await;
    browser.evaluate("history.forward()").await;
    browser.wait_until("location.search === '?tab=Raw%20Data'").await;
    browser.evaluate("held[2](); new Promise(go => setTimeout(go, 300))").await;
    browser.wait_for_text("The tab Raw Data is open.").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_keeps_what_was_typed_but_no_secret_and_a_dialog_asks_first() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Viewer").await;
    browser.goto(&world.page("/gallery")).await;
    browser.evaluate("window.isSamePage = true").await;
    browser.fill("name", "Second connection").await;
    browser.fill("secret.password", "hush").await;
    browser.fill("interval", "0").await;
    browser.evaluate("document.querySelector('#days input[value=\"2\"]').click()").await;
    browser.press("Save").await;
    browser.wait_for("#interval-error").await;
    assert_eq!(browser.focused().await, "interval");
    let ticked = "[...document.querySelectorAll('#days input')].map(one => one.checked)";
    assert_eq!(browser.evaluate(ticked).await, json!([false, true]));
    let typed = "[document.getElementById('name').value, document.getElementById('secret.password').value]";
    assert_eq!(browser.evaluate(typed).await, json!(["Second connection", ""]));
    // The browser logs the status 422.
    assert_eq!(browser.complaints().await.len(), 1);
    browser.fill("interval", "5").await;
    browser.press("Save").await;
    browser.wait_for_text("Second connection is saved.").await;
    browser.follow("Remove").await;
    browser.wait_for("dialog[open]").await;
    assert_eq!(browser.accessibility().await, Vec::<String>::new());
    browser.picture("dialog").await;
    // Enter on a dialog about a loss does not cause the loss.
    assert_eq!(browser.evaluate("document.activeElement.textContent").await, json!("Cancel"));
    browser.follow("Cancel").await;
    browser.wait_for("dialog:not([open])").await;
    assert_eq!(browser.evaluate("window.isSamePage").await, json!(true));
    browser.follow("Remove").await;
    browser.press_when_there("Remove").await;
    browser.wait_for_text("Version 3 is removed.").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_does_not_answer_is_told_and_nothing_typed_is_lost() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Viewer").await;
    browser.goto(&world.page("/gallery")).await;
    browser.fill("name", "Typed before").await;
    browser.devtools("Network.enable", json!({})).await;
    let offline = json!({ "offline": true, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
    browser.devtools("Network.emulateNetworkConditions", offline).await;
    browser.press("Save").await;
    browser.wait_for_text("The host did not answer.").await;
    assert_eq!(browser.evaluate("document.getElementById('name').value").await, "Typed before");
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_menu_marks_the_page_that_is_shown_and_stays_in_view() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Manager").await;
    browser.look(WIDE).await;
    browser.evaluate("window.isSamePage = true").await;
    let marked = "[...document.querySelectorAll('#menu [aria-current=page]')].map(one => one.textContent)";
    assert_eq!(browser.evaluate(marked).await, json!(["Home"]));
    browser.evaluate("document.querySelector('#states a').click()").await;
    browser.wait_for_text("Connections, the worst first").await;
    assert_eq!(browser.evaluate(marked).await, json!(["Health"]));
    browser.client.back().await.unwrap();
    browser.wait_for_text("Latest runs").await;
    assert_eq!(browser.evaluate(marked).await, json!(["Home"]));
    assert_eq!(browser.evaluate("window.isSamePage").await, json!(true));
    browser.goto(&world.page("/gallery")).await;
    browser.evaluate("scrollTo(0, document.body.scrollHeight)").await;
    let edges = "[document.getElementById('menu'), document.querySelector('.bar')].flatMap(one => [Math.round(\
                 one.getBoundingClientRect().top), Math.round(one.getBoundingClientRect().bottom)])";
    assert_eq!(browser.evaluate(edges).await, json!([42, 900, 0, 42]));
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heading_that_orders_the_rows_has_a_sign() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Viewer").await;
    let signs = "[...document.querySelectorAll('#list thead a')].map(one => getComputedStyle(one, '::after').content)";
    for (query, expected) in [("", ["▲", "↕"]), ("?sort=-count", ["↕", "▼"])] {
        browser.goto(&world.page(&format!("/gallery{query}"))).await;
        let found = browser.evaluate(signs).await;
        let found: Vec<_> = found.as_array().unwrap().iter().map(|sign| sign.as_str().unwrap()).collect();
        assert_eq!(found.len(), expected.len(), "{query}: {found:?}");
        assert!(found.iter().zip(expected).all(|(found, sign)| found.contains(sign)), "{query}: {found:?}");
    }
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parts_are_accessible_in_each_look() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Viewer").await;
    browser.goto(&world.page("/gallery")).await;
    browser.check("gallery").await;
    browser.end().await;
}
