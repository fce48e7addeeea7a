//! Signing in and out.

use crate::browser::Browser;
use crate::world::ConsoleWorld;

#[tokio::test(flavor = "multi_thread")]
async fn a_user_signs_in_by_mouse_reaches_the_wanted_page_and_signs_out() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.goto(&world.page("/profile")).await;
    browser.fill("user", "Admin").await;
    browser.fill("secret.password", "not this").await;
    browser.press("Sign in").await;
    browser.wait_for_text("The user name or the password is wrong.").await;
    assert_eq!(browser.evaluate("document.getElementById('user').value").await, "Admin");
    assert_eq!(browser.evaluate("document.getElementById('secret.password').value").await, "");
    browser.fill("secret.password", crate::world::PASSWORD).await;
    browser.press("Sign in").await;
    browser.wait_for_text("Your profile").await;
    browser.press("Sign out").await;
    browser.wait_for_text("You are signed out.").await;
    browser.goto(&world.page("/")).await;
    browser.wait_for("#secret\\.password").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_whose_session_ended_is_there_after_signing_in_again() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Analyst").await;
    browser.goto(&world.page("/profile")).await;
    browser.fill("time-zone", "Europe/Berlin").await;
    browser.client.delete_all_cookies().await.unwrap();
    browser.press("Save").await;
    browser.wait_for_text("Your session has ended.").await;
    browser.fill("user", "Analyst").await;
    browser.fill("secret.password", crate::world::PASSWORD).await;
    browser.press("Sign in and continue").await;
    browser.press_when_there("Continue with the form").await;
    browser.wait_for_text("Check your input and send it again.").await;
    assert_eq!(browser.evaluate("document.getElementById('time-zone').value").await, "Europe/Berlin");
    browser.press("Save").await;
    browser.wait_for_text("The display is changed.").await;
    browser.end().await;
}
