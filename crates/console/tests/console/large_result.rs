//! A result of 100,000 rows in Test Command. The test prints its times.

use std::time::{Duration, Instant};

use footprint_simulator::Options;

use crate::browser::{Browser, WIDE};
use crate::world::ConsoleWorld;

/// The rows of the result.
const ROWS: u32 = 100_000;

/// The longest time in which a page of the result may appear, in a build without optimisation on a busy machine.
const USABLE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_result_of_100_000_rows_stays_usable() {
    let sized = Options { devices: ROWS, page_size: 1_000, ..Options::default() };
    let (world, browser) = (ConsoleWorld::made(sized, |_| {}).await, Browser::start().await);
    browser.sign_in(&world, "Analyst").await;
    browser.look(WIDE).await;
    browser.goto(&world.page("/test-command")).await;
    browser.select("connection", "1").await;
    browser.select("command", "List Devices").await;
    browser.press("Show the inputs").await;
    browser.wait_for("#inputs").await;
    browser.select("p.all-pages", "Yes").await;
    let started = Instant::now();
    browser.press("Run").await;
    let shown = format!("Rows 1 to 100 of {ROWS}");
    while !browser.text().await.contains(&shown) {
        assert!(started.elapsed() < Duration::from_secs(300), "{}", browser.text().await);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    println!("run and first rows: {} ms", started.elapsed().as_millis());
    let timed = async |what: &str, wanted: &str| {
        // An element that the bar at the top covers cannot be clicked.
        browser.evaluate("scrollTo(0, 0)").await;
        let started = Instant::now();
        browser.follow(what).await;
        browser.wait_for_text(wanted).await;
        println!("{what}: {} ms", started.elapsed().as_millis());
        assert!(started.elapsed() < USABLE, "{what} took {:?}", started.elapsed());
    };
    timed("Next rows", &format!("Rows 101 to 200 of {ROWS}")).await;
    timed("Name", &format!("Rows 1 to 100 of {ROWS}")).await;
    timed("Next rows", &format!("Rows 101 to 200 of {ROWS}")).await;
    timed("Raw Data", "JSONPath").await;
    let address = browser.client.current_url().await.unwrap().path().trim_start_matches("/console").to_owned();
    let started = Instant::now();
    let csv = world.get(&world.cookie("Analyst").await, &format!("{address}/result.csv")).await;
    println!("CSV of all rows, {} bytes: {} ms", csv.1.len(), started.elapsed().as_millis());
    assert_eq!(csv::Reader::from_reader(csv.1.as_bytes()).records().count(), usize::try_from(ROWS).unwrap());
    browser.end().await;
}
