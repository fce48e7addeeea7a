//! The console by keyboard alone.

use fantoccini::key::Key;

use crate::browser::Browser;
use crate::world::{PASSWORD, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_user_signs_in_and_changes_its_profile_by_keyboard() {
    let (world, browser) = (World::new().await, Browser::start().await);
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
    browser.keys(&format!("Europe/Berlin{enter}")).await;
    browser.wait_for_text("The display is changed.").await;
    browser.end().await;
}
