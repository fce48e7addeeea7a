//! News: what happens appears on an open page by itself.

use std::time::Duration;

use footprint_simulator::Options;
use serde_json::json;

use crate::browser::{Browser, WindowLook};
use crate::world::ConsoleWorld;

/// Counts what the page's script does: `heard` has the topics of news, `asked` and `answered` are the numbers of requests for
/// news. `stand` can answer such a request in the host's place, which gets no answer while `isAway` is true.
const COUNT: &str =
    "[window.heard, window.asked, window.answered, window.isAway, window.stand] = [[], 0, 0, false, () => null];
    window.EventSource = class extends EventSource {
        constructor(url) {
            super(url);
            this.addEventListener('message', ({ data }) => setTimeout(() => heard.push(...data.split(' '))));
        }
    };
    const plain = window.fetch;
    window.hold = Promise.resolve();
    window.fetch = async (url, options) => {
        const isNews = options.headers['Footprint-Region'] === 'live';
        if (isNews) asked += 1;
        if (isAway) throw new TypeError('away');
        if (!isNews) return plain(url, options);
        const response = stand(asked) ?? await plain(url, options);
        const { signal } = options;
        await Promise.race([hold, new Promise((_, fail) => { signal.onabort = () => fail(signal.reason); })]);
        setTimeout(() => { answered += 1; }, 200);
        return response;
    };";

/// Home, as an administrator sees it before the first run, with [`COUNT`].
async fn home() -> (ConsoleWorld, Browser) {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": COUNT })).await;
    browser.sign_in(&world, "Admin").await;
    browser.wait_for_text("No command has run yet.").await;
    // A stream of events is open: its first event has come.
    browser.wait_until("heard.includes('beginning')").await;
    browser.evaluate("heard.length = 0").await;
    (world, browser)
}

/// Holds the answers to requests for news back until `release()`.
async fn hold_news(browser: &Browser) {
    browser.evaluate("window.hold = new Promise(release => { window.release = release; }); 0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_appears_on_the_open_home_page_by_itself() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Admin").await;
    browser.wait_for_text("No command has run yet.").await;
    world.run("List Tenants").await;
    browser.wait_for_text("List Tenants").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_is_not_lost_to_news_that_arrive_while_the_button_is_down() {
    let (world, browser) = home().await;
    hold_news(&browser).await;
    world.run("List Tenants").await;
    browser.wait_until("asked === 1").await;
    let place = browser
        .evaluate(
            "(link => { link.scrollIntoView(); link.addEventListener('click', event => { event.preventDefault(); window.isClicked = true; }); \
             const { x, y, width, height } = link.getBoundingClientRect(); return [x + width / 2, y + height / 2]; })\
             (document.querySelector('#runs a'))",
        )
        .await;
    let mouse = async |kind: &str| {
        let event = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
        browser.devtools("Input.dispatchMouseEvent", event).await;
    };
    mouse("mousePressed").await;
    browser.evaluate("document.activeElement.blur(); release()").await;
    browser.wait_until("answered === 1").await;
    mouse("mouseReleased").await;
    assert_eq!(browser.evaluate("window.isClicked").await, json!(true));
    // The link has the focus now.
    browser.evaluate("document.activeElement.blur()").await;
    browser.wait_for_text("List Tenants").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_a_user_works_in_catches_up_when_the_user_leaves_it() {
    let (world, browser) = home().await;
    browser.evaluate("document.querySelector('#runs a').focus()").await;
    world.run("List Tenants").await;
    browser.wait_until("heard.includes('runs')").await;
    assert_eq!(browser.evaluate("asked").await, json!(0), "nothing else on the page is about runs");
    browser.evaluate("document.activeElement.blur()").await;
    browser.wait_for_text("List Tenants").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selected_text_stays_until_it_is_not_selected() {
    let (world, browser) = home().await;
    browser.evaluate("getSelection().selectAllChildren(document.querySelector('#runs h2'))").await;
    world.run("List Tenants").await;
    browser.wait_until("heard.includes('runs')").await;
    assert_eq!(browser.evaluate("[asked, getSelection().type]").await, json!([0, "Range"]));
    browser.evaluate("getSelection().removeAllRanges()").await;
    browser.wait_for_text("List Tenants").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_was_clicked_or_scrolled_shows_news_and_keeps_its_place() {
    let (world, browser) = home().await;
    world.run("List Tenants").await;
    browser.wait_for("#runs-scroll").await;
    browser.look(WindowLook { width: 360, scheme: "light" }).await;
    browser.evaluate("document.getElementById('runs-scroll').focus()").await;
    browser.evaluate("document.getElementById('runs-scroll').scrollLeft = 40").await;
    world.run("List Devices").await;
    browser.wait_until("document.getElementById('runs').textContent.includes('List Devices')").await;
    assert_eq!(browser.focused().await, "runs-scroll");
    assert_eq!(browser.evaluate("document.getElementById('runs-scroll').scrollLeft").await, json!(40));
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn news_of_one_page_are_not_put_into_the_next_page() {
    let (world, browser) = home().await;
    hold_news(&browser).await;
    world.checks().await;
    browser.wait_until("asked === 1").await;
    // Both pages have a region with this id. On Home a heading names it, on Health a label.
    browser.evaluate("document.querySelector('#states a').click()").await;
    browser.wait_for_text("Connections, the worst first").await;
    let shown = browser.evaluate("document.getElementById('states').outerHTML").await;
    browser.evaluate("release()").await;
    browser.wait_until("answered === 1").await;
    assert_eq!(browser.evaluate("document.getElementById('states').outerHTML").await, shown);
    // A step back that fails leaves the page, whose address is then that of Home.
    browser.evaluate("window.isAway = true; history.back()").await;
    browser.wait_for_text("The host did not answer.").await;
    browser.evaluate("isAway = false; answered = 0").await;
    world.failed_check("Test Connection failed.").await;
    browser.wait_until("answered > 0").await;
    let label = "document.getElementById('states').ariaLabel";
    assert_eq!(browser.evaluate(label).await, json!("Connections by state"));
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn news_that_arrive_while_others_are_loaded_are_loaded_afterwards() {
    let (world, browser) = home().await;
    hold_news(&browser).await;
    // A run can be news twice, when it starts and when it ends. A check is news once.
    world.checks().await;
    browser.wait_until("asked === 1").await;
    browser.evaluate("heard.length = 0").await;
    world.failed_check("Test Connection failed.").await;
    browser.wait_until("heard.includes('health')").await;
    assert_eq!(browser.evaluate("asked").await, json!(1), "one request is under way, and goes on");
    browser.evaluate("release()").await;
    browser.wait_until("answered === 2").await;
    browser.wait_until("document.getElementById('states').textContent.includes('2')").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(browser.evaluate("asked").await, json!(2), "nothing is loaded again");
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn news_that_cannot_be_loaded_are_told_and_loaded_later() {
    let (world, browser) = home().await;
    // The first answer is a failure, the second lacks the region, the third says that there is no such page.
    browser
        .evaluate(
            "window.stand = number => [null, new Response('', { status: 503 }), new Response('<p>Other.</p>'), \
             new Response('', { status: 404 })][number]",
        )
        .await;
    world.checks().await;
    browser.wait_for_text("The host answers with an error. This page is not up to date.").await;
    assert_eq!(browser.evaluate("asked").await, json!(1));
    browser.wait_until("asked === 2 && document.getElementById('live').textContent === ''").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(browser.evaluate("asked").await, json!(2), "a region that a page lacks is not asked for again");
    world.checks().await;
    browser.wait_for_text("The host answers with an error. This page is not up to date.").await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(browser.evaluate("asked").await, json!(3), "a page that is not there is not asked for again");
    browser.wait_for_text("The host answers with an error. This page is not up to date.").await;
    world.checks().await;
    browser.wait_until("asked === 4 && document.getElementById('live').textContent === ''").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_for_news_that_hangs_is_given_up() {
    let (world, browser) = home().await;
    browser.evaluate("AbortSignal.timeout = () => { const end = new AbortController(); setTimeout(() => end.abort(), 500); return end.signal; }").await;
    hold_news(&browser).await;
    world.run("List Tenants").await;
    browser.wait_for_text("The host does not answer. This page is not up to date.").await;
    browser.evaluate("release()").await;
    browser.wait_for_text("List Tenants").await;
    browser.wait_until("document.getElementById('live').textContent === ''").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn news_do_not_wipe_the_message_about_a_failed_step() {
    let (world, browser) = home().await;
    browser.evaluate("window.isAway = true; document.querySelector('#states a').click()").await;
    browser.wait_for_text("The host did not answer. Nothing that you typed is lost.").await;
    // Nor do news that cannot be loaded.
    world.checks().await;
    browser.wait_until("asked === 1").await;
    browser.evaluate("isAway = false; document.activeElement.blur()").await;
    world.run("List Tenants").await;
    browser.wait_for_text("List Tenants").await;
    browser.wait_for_text("The host did not answer. Nothing that you typed is lost.").await;
    browser.evaluate("document.querySelector('#states a').click()").await;
    browser.wait_for_text("Connections, the worst first").await;
    assert_eq!(browser.evaluate("document.getElementById('live').textContent").await, json!(""));
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_says_when_its_session_has_ended() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Admin").await;
    browser.wait_for_text("No command has run yet.").await;
    let mut transaction = world.host.store.transaction().await.unwrap();
    transaction.records().end_sessions(world.caller.user.id, None).await.unwrap();
    transaction.commit().await.unwrap();
    world.run("List Tenants").await;
    browser.wait_for_text("Your session has ended.").await;
    // The user signs in in another tab, and goes on here.
    let cookie = world.cookie("Admin").await;
    let (name, value) = cookie.split_once('=').unwrap();
    browser.devtools("Network.setCookie", json!({ "name": name, "value": value, "url": world.page("/") })).await;
    browser.evaluate("document.body.dispatchEvent(new Event('focusout'))").await;
    browser.wait_for_text("List Tenants").await;
    browser.wait_until("document.getElementById('live').textContent === ''").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_says_when_its_host_is_gone_even_if_the_user_works_in_it() {
    let (world, browser) = home().await;
    world.run("List Tenants").await;
    browser.goto(&world.page("/runs")).await;
    browser.wait_until("heard.includes('beginning')").await;
    browser.evaluate("document.querySelector('[data-live] a').focus()").await;
    assert_eq!(browser.evaluate("document.querySelectorAll('[data-live]').length").await, json!(1));
    // The message of a copied text gives way.
    let copy = "navigator.clipboard.writeText = async () => {}; const one = document.createElement('button'); \
                one.dataset.copy = 'main'; document.body.append(one); one.click()";
    browser.evaluate(copy).await;
    browser.wait_for_text("Copied.").await;
    world.running.shutdown().await.unwrap();
    browser.wait_for_text("The host does not answer. This page is not up to date.").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_events_begins_with_the_topic_of_what_can_have_ended_before_it() {
    let world = ConsoleWorld::new().await;
    let cookie = world.cookie("Admin").await;
    let mut stream = reqwest::Client::new().get(world.page("/events")).header("cookie", &cookie).send().await.unwrap();
    let mut events = String::new();
    while !events.contains("data:") {
        events.push_str(&String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap()));
    }
    assert!(events.contains("beginning"), "{events}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_of_a_run_shows_its_end() {
    let options = Options { scan_duration: Duration::from_secs(4), ..Options::default() };
    let (world, browser) = (ConsoleWorld::made(options, |_| {}).await, Browser::start().await);
    browser.sign_in(&world, "Admin").await;
    let run = world.run("Rescan And Wait");
    let look = async {
        browser.wait_for_text("Running").await;
        browser.goto(&world.page("/runs/1")).await;
        browser.wait_for_text("Cancel the run").await;
        browser.wait_for_text("Successful").await;
        browser.wait_for_text("Receipt").await;
    };
    tokio::join!(run, look);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn loading_news_does_not_keep_a_session_alive() {
    let world = ConsoleWorld::new().await;
    let cookie = world.cookie("Analyst").await;
    let client = reqwest::Client::new();
    let seen = async || {
        let mut reader = world.host.store.reader().await.unwrap();
        let user = reader.records().user("Analyst").await.unwrap();
        reader.records().sessions(user.id).await.unwrap()[0].seen_at
    };
    world.move_last_requests_back().await;
    let earlier = seen().await;
    let load = async |region: &str| {
        let request = client.get(world.page("/")).header("cookie", &cookie).header("footprint-region", region);
        assert_eq!(request.send().await.unwrap().status(), 200);
    };
    load("live").await;
    assert_eq!(seen().await, earlier);
    load("main").await;
    assert!(seen().await > earlier);
}
