//! The pages of runs.

use std::time::Duration;

use footprint_simulator::Options;
use serde_json::json;

use crate::world::ConsoleWorld;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_followed_rescan_shows_its_scans_and_what_they_changed() {
    let options = Options { scan_duration: Duration::from_millis(500), ..Options::default() };
    let world = ConsoleWorld::made(options, |_| {}).await;
    world.run("Rescan And Wait").await;
    let cookie = world.cookie("Analyst").await;
    let (status, page) = world.get(&cookie, "/runs/1").await;
    assert_eq!(status, 200, "{page}");
    for text in ["Rescan And Wait", "Successful", "Scanner ID", "Scan UUID", "Opened", "Fixed", "Reopened"] {
        assert!(page.contains(text), "{text} is missing: {page}");
    }
    // Nothing is under way any more, so nothing can be cancelled.
    assert!(!page.contains("Cancel the run") && !page.contains("data-live=\"runs\""), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_run_has_its_inputs_error_and_receipt_and_leads_to_the_same_inputs() {
    let world = ConsoleWorld::new().await;
    let parameters = serde_json::from_value(json!({ "Device ID": 999_999 })).unwrap();
    world.run_with("List Device Users", parameters).await;
    let cookie = world.cookie("Analyst").await;
    let (status, page) = world.get(&cookie, "/runs/1").await;
    assert_eq!(status, 200, "{page}");
    for part in [
        "<h1>Run 1: List Device Users</h1>",
        "<dt>Connection</dt><dd><a href=\"/console/connections/1\"><bdi>Footprint</bdi></a>",
        "<dt>Device ID</dt><dd><bdi>999999</bdi>",
        "<dt>Status Code</dt><dd>404</dd>",
        "<dt>Cause</dt><dd><bdi>There is no such device in this tenant.",
        "<dt>Cure</dt><dd><bdi>Take Device ID from List Devices",
        "<code>device-not-found</code>",
        "<dt>Requests</dt><dd><bdi>2, of which 0 repeated",
        "<summary>Stored outcome, JSON</summary>",
        "href=\"/console/test-command?run=1\"",
    ] {
        assert!(page.contains(part), "{part} is missing: {page}");
    }
    let (status, form) = world.get(&cookie, "/test-command?run=1").await;
    assert_eq!(status, 200, "{form}");
    assert!(form.contains("value=\"999999\"") && form.contains("List Device Users</h2>"), "{form}");
    // The form of a run shows its inputs, so that only users who may see the run get it.
    let nobody = world.cookie("Nobody").await;
    let (status, page) = world.get(&nobody, "/test-command?run=1").await;
    assert!(status == 403 && !page.contains("999999"), "{status} {page}");
}
