//! The console by keyboard alone.

use fantoccini::key::Key;
use serde_json::json;

use crate::browser::Browser;
use crate::world::{ConsoleWorld, PASSWORD};

#[tokio::test(flavor = "multi_thread")]
async fn a_user_signs_in_and_changes_its_profile_by_keyboard() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    let [tab, enter] = [Key::Tab, Key::Enter].map(char::from);
    browser.goto(&world.page("/profile")).await;
    // The first field has the focus.
    browser.keys(&format!("Admin{tab}{PASSWORD}{enter}")).await;
    browser.wait_for("#display").await;
    // The first stop leads past the navigation.
    browser.keys(&tab.to_string()).await;
    assert_eq!(browser.focused().await, "Skip to the content");
    browser.keys(&format!("{enter}{tab}")).await;
    assert_eq!(browser.focused().await, "time-zone");
    // The step past the navigation loads nothing, which would lose what is typed.
    browser.evaluate("document.getElementById('display').isSameForm = true").await;
    browser.keys("Europe/Berlin").await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(browser.evaluate("document.getElementById('display').isSameForm").await, json!(true));
    browser.keys(&enter.to_string()).await;
    browser.wait_for_text("The display is changed.").await;
    browser.end().await;
}
