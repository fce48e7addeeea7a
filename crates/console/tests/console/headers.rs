//! The headers of pages and static files, and forms from elsewhere.

use reqwest::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, SET_COOKIE, VARY};
use reqwest::redirect::Policy;

use crate::browser::Browser;
use crate::world::{ConsoleWorld, PASSWORD};

fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(Policy::none()).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_the_strict_policy_and_static_files_are_kept_for_a_year() {
    let (world, client) = (ConsoleWorld::with(|settings| settings.base_path = "/MainApp".to_owned()).await, client());
    let page = client.get(world.page("/sign-in")).send().await.unwrap();
    let header = |name| page.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header(CONTENT_SECURITY_POLICY), soar_console::POLICY);
    assert_eq!(header(CACHE_CONTROL), "no-store");
    assert!(page.headers().get_all(VARY).iter().any(|value| value == "footprint-region"), "{:?}", page.headers());
    let text = page.text().await.unwrap();
    let script = text.split("<script src=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(script.starts_with("/MainApp/console/static/console-"), "{script}");
    let file = client.get(format!("{}{script}", world.url)).send().await.unwrap();
    assert_eq!(file.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
    let docs = client.get(format!("{}/docs/", world.url)).send().await.unwrap();
    assert!(docs.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().contains("unsafe-inline"));
    for (address, target) in [("/", "console/"), ("/MainApp/", "console/"), ("/MainApp", "MainApp/console/")] {
        let start = client.get(format!("{}{address}", world.url)).send().await.unwrap();
        assert_eq!(start.headers()[LOCATION], target, "{address}");
    }
}

/// The page's script and styles come from a library, and its policy allows no other.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_api_shows_all_operations_in_a_browser() {
    let world = ConsoleWorld::with(|settings| settings.base_path = "/MainApp".to_owned()).await;
    let browser = Browser::start().await;
    for base in ["", "/MainApp"] {
        browser.goto(&format!("{}{base}/docs", world.url)).await;
        browser.wait_for_text("Close Incident in Bulk").await;
        assert_eq!(browser.complaints().await, [] as [&str; 0], "{base}");
    }
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_browser_stores_the_pages_of_a_session_and_those_with_a_new_secret() {
    let (world, client) = (ConsoleWorld::new().await, client());
    let cookie = world.cookie("Admin").await;
    let form = client.get(world.page("/keys/new")).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(form.headers()[CACHE_CONTROL], "no-store");
    let form = form.text().await.unwrap();
    let csrf = form.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    for (path, body) in [("/keys/new", "name=New&owner=Admin&kind=api&"), ("/users/Viewer/password-link", "")] {
        let request = client.post(world.page(path)).header("cookie", &cookie).body(format!("{body}csrf={csrf}"));
        let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()[CACHE_CONTROL], "no-store", "{path}");
        let page = answer.text().await.unwrap();
        // The script removes what is shown once before a browser keeps the page.
        let shown = page.split(" data-once>").nth(1).unwrap();
        assert!(shown.contains("<code id=\"secret\">"), "{path}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_another_site_or_another_session_does_nothing() {
    let (world, client) = (ConsoleWorld::new().await, client());
    let sign_in = |site: &'static str| {
        let body = format!("user=Admin&secret.password={}", PASSWORD.replace(' ', "+"));
        let request = client.post(world.page("/sign-in")).header("sec-fetch-site", site);
        request.header("content-type", "application/x-www-form-urlencoded").body(body).send()
    };
    let refused = sign_in("cross-site").await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.headers().get(SET_COOKIE)), (403, None));
    let signed_in = sign_in("same-origin").await.unwrap();
    assert_eq!(signed_in.status(), 303);
    let cookie = signed_in.headers()[SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    for body in ["theme=dark", "theme=dark&csrf=0000", ""] {
        let request = client.post(world.page("/profile/display")).header("cookie", &cookie).body(body);
        let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        assert_eq!(answer.status(), 403, "{body}");
    }
    let page = client.get(world.page("/profile")).header("cookie", &cookie).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("data-theme=\"system\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_bounded() {
    let (world, client) = (ConsoleWorld::with(|settings| settings.body_bytes = 1_000).await, client());
    let body = format!("user={}", "x".repeat(2_000));
    let request = client.post(world.page("/sign-in")).body(body);
    let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
    assert_eq!(answer.status(), 413);
    let answer = client.post(world.page("/sign-in")).json(&"x").send().await.unwrap();
    assert_eq!(answer.status(), 415);
}
