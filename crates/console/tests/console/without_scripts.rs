//! The pages with scripts off.

use crate::browser::Browser;
use crate::world::ConsoleWorld;

#[tokio::test(flavor = "multi_thread")]
async fn forms_work_without_scripts() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.without_scripts().await;
    browser.sign_in(&world, "Admin").await;
    browser.goto(&world.page("/profile")).await;
    browser.fill("time-zone", "Nowhere/Land").await;
    browser.press("Save").await;
    browser.wait_for("#time-zone-error").await;
    browser.fill("time-zone", "Europe/Berlin").await;
    browser.press("Save").await;
    browser.wait_for_text("The display is changed.").await;
    browser.end().await;
}
