//! The pages of runs.

use std::time::Duration;

use footprint_simulator::Options;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_followed_rescan_shows_its_scans_and_what_they_changed() {
    let options = Options { scan_duration: Duration::from_millis(500), ..Options::default() };
    let world = World::made(options, |_| {}).await;
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
