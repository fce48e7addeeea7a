//! Test Command: choosing, running, reading and exporting.

use fantoccini::Locator;
use fantoccini::key::Key;

use crate::browser::Browser;
use crate::world::ConsoleWorld;

/// Chooses a command on a connection, by mouse.
async fn choose(browser: &Browser, world: &ConsoleWorld, connection: &str, command: &str) {
    browser.goto(&world.page("/test-command")).await;
    browser.select("connection", connection).await;
    browser.select("command", command).await;
    browser.press("Show the inputs").await;
    browser.wait_for("#inputs").await;
}

/// The address of the shown run, below the console.
async fn run_address(browser: &Browser) -> String {
    let address = browser.client.current_url().await.unwrap();
    address.path().trim_start_matches("/console").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_runs_a_command_reads_each_tab_and_exports_the_rows() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Analyst").await;
    choose(&browser, &world, "1", "List Devices").await;
    browser.check("test-command-inputs").await;
    browser.press("Run").await;
    browser.wait_for("#rows table").await;
    browser.check("test-command-result").await;
    browser.follow("Name").await;
    browser.wait_for("th[aria-sort=\"ascending\"]").await;
    let names =
        browser.evaluate("[...document.querySelectorAll('#rows tbody tr')].map(row => row.cells[1].textContent)").await;
    let names: Vec<_> = names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_lowercase()).collect();
    assert!(names.len() > 1 && names.is_sorted(), "{names:?}");
    browser.follow("Key Fields").await;
    browser.wait_for_text("Device IDs").await;
    browser.check("test-command-keys").await;
    browser.follow("Context Data").await;
    browser.wait_for("#context").await;
    assert!(browser.text().await.contains("\"Risk Level\""));
    browser.follow("Raw Data").await;
    browser.wait_for(".tree").await;
    browser.check("test-command-raw").await;
    browser.fill("path", "$.items[*].id").await;
    browser.press("Evaluate").await;
    browser.wait_for("#matches table").await;
    assert!(browser.text().await.contains("$['items'][0]['id']"), "{}", browser.text().await);
    browser.fill("path", "items").await;
    browser.press("Evaluate").await;
    browser.wait_for("#path-error").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.follow("Return Data").await;
    browser.wait_for_text("Successful").await;
    let address = run_address(&browser).await;
    let cookie = world.cookie("Analyst").await;
    // The settings leave the port open. The line for curl has the port at which the host listens.
    let (_, run) = world.get(&cookie, &address).await;
    assert!(run.contains(&format!("curl {}/VSOC/api/Command/ListDevices", world.url)), "{run}");
    let csv = world.get(&cookie, &format!("{address}/result.csv")).await;
    assert_eq!(csv.0, 200);
    assert!(csv.1.starts_with("ID,Name,IP,") && csv.1.lines().count() > 2, "{}", csv.1);
    let other = world.cookie("Manager").await;
    assert_eq!(world.get(&other, &address).await.0, 404, "a result belongs to one user");
    assert_eq!(world.get(&other, &format!("{address}/result.csv")).await.0, 404);
    world.accepted(&["List Devices", "as CSV"]).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_picked_from_the_list_of_another_command_and_other_inputs_stay() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Analyst").await;
    choose(&browser, &world, "1", "List Device Vulnerabilities").await;
    browser.fill("p.page", "1").await;
    browser.press("Choose from List Devices").await;
    browser.wait_for_text("Choose Device ID").await;
    browser.check("test-command-pick").await;
    browser.client.find(Locator::Css("tbody button")).await.unwrap().click().await.unwrap();
    browser.wait_for("#inputs").await;
    let value = browser.evaluate("document.getElementById('p.device-id').value").await;
    assert!(value.as_str().unwrap().parse::<u64>().is_ok(), "{value}");
    assert_eq!(browser.evaluate("document.getElementById('p.page').value").await, "1");
    browser.press("Run").await;
    browser.wait_for_text("Successful").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_changes_something_is_shown_before_it_runs() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Analyst").await;
    choose(&browser, &world, "1", "Patch Rescan").await;
    browser.press("Check and run").await;
    browser.wait_for_text("would start a rescan on every active scanner").await;
    browser.check("test-command-confirm").await;
    assert!(world.runs().await.is_empty(), "nothing has run yet");
    browser.press("Back to the inputs").await;
    browser.wait_for("#inputs").await;
    browser.press("Check and run").await;
    browser.wait_for_text("Run Patch Rescan?").await;
    browser.press("Run Patch Rescan").await;
    browser.wait_for("#receipt-title").await;
    assert_eq!(world.runs().await, ["Patch Rescan"]);
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_command_shows_the_error_tab_with_cause_and_cure() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Analyst").await;
    choose(&browser, &world, "2", "List Devices").await;
    browser.press("Run").await;
    browser.wait_for_text("List Devices failed.").await;
    let text = browser.text().await;
    assert!(text.contains("Status Code") && text.contains("Correct User Name and Password."), "{text}");
    browser.check("test-command-error").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_inputs_are_told_at_their_fields_and_stay() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.without_scripts().await;
    browser.sign_in(&world, "Analyst").await;
    browser.goto(&world.page("/test-command?connection=1&command=List+Devices")).await;
    browser.fill("p.filter", "{\"riskLevel\": ").await;
    browser.press("Run").await;
    browser.wait_for("#p\\.filter-error").await;
    browser.wait_for_text("This is not JSON").await;
    browser.fill("p.filter", "{\"riskLevel\": \"green\", \"colour\": 1}").await;
    browser.press("Run").await;
    browser.wait_for_text("Unknown parameter \"Filter.colour\".").await;
    browser.fill("p.filter", "{\"riskLevel\": \"critical\"}").await;
    browser.press("Run").await;
    // Without scripts the page loads itself again until the run has ended.
    browser.wait_for("#rows").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_runs_by_keyboard_alone() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    let [tab, enter] = [Key::Tab, Key::Enter].map(char::from);
    browser.sign_in(&world, "Analyst").await;
    browser.goto(&world.page("/test-command")).await;
    for (id, keys) in [("connection", ""), ("command", "List Tenants")] {
        while browser.focused().await != id {
            browser.keys(&tab.to_string()).await;
        }
        browser.keys(keys).await;
    }
    while browser.focused().await != "Show the inputs" {
        browser.keys(&tab.to_string()).await;
    }
    browser.keys(&enter.to_string()).await;
    browser.wait_for("#inputs").await;
    while browser.focused().await != "Run" {
        browser.keys(&tab.to_string()).await;
    }
    browser.keys(&enter.to_string()).await;
    browser.wait_for_text("Successful").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_the_right_runs_nothing() {
    let world = ConsoleWorld::new().await;
    for user in ["Viewer", "Nobody"] {
        let cookie = world.cookie(user).await;
        let page = world.get(&cookie, "/").await;
        assert!(!page.1.contains("/test-command"), "{user} sees Test Command");
        assert_eq!(world.get(&cookie, "/test-command").await.0, 403, "{user}");
        let body = "connection=1&command=List+Devices&do=run";
        assert_eq!(world.post(&cookie, "/test-command", body).await, 403, "{user}");
        assert_eq!(world.post(&cookie, "/test-command/pick", body).await, 404, "{user}");
    }
    assert!(world.runs().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_run_shows_its_progress_and_is_cancelled() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    world.simulator.inject("devices delay=30s skip=2".parse().unwrap());
    browser.sign_in(&world, "Analyst").await;
    choose(&browser, &world, "1", "List Devices").await;
    browser.select("p.all-pages", "Yes").await;
    browser.press("Run").await;
    browser.wait_for_text("Cancel the run").await;
    browser.wait_for_text("Rows: ").await;
    browser.check("test-command-running").await;
    browser.press("Cancel the run").await;
    browser.wait_for_text("A user cancelled it.").await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_of_many_rows_is_read_page_by_page() {
    let (world, browser) = (ConsoleWorld::new().await, Browser::start().await);
    browser.sign_in(&world, "Analyst").await;
    choose(&browser, &world, "1", "List Devices").await;
    browser.select("p.all-pages", "Yes").await;
    browser.press("Run").await;
    browser.wait_for_text("Rows 1 to 100 of 250").await;
    browser.follow("ID").await;
    browser.wait_for("th[aria-sort=\"ascending\"]").await;
    browser.follow("Next rows").await;
    browser.wait_for_text("Rows 101 to 200 of 250").await;
    browser.follow("Next rows").await;
    browser.wait_for_text("Rows 201 to 250 of 250").await;
    let rows = browser.evaluate("document.querySelectorAll('#rows tbody tr').length").await;
    assert_eq!(rows, 50);
    let address = run_address(&browser).await;
    let csv = world.get(&world.cookie("Analyst").await, &format!("{address}/result.csv")).await;
    assert_eq!(csv::Reader::from_reader(csv.1.as_bytes()).records().count(), 250);
    browser.end().await;
}
