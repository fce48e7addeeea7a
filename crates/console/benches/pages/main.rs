//! The pages of the console on a large store, with 50 people who click.
//!
//! `cargo bench --profile dist -p soar-console --bench pages -- [connections] [incidents] [checks] [findings]
//! [sqlite|postgres] [store=ADDRESS] [seconds=60]`: 10,000 connections, 1,000,000 incidents, 10,000,000 results of health
//! checks and 1,000,000 findings on SQLite unless said otherwise. `store=` names a store that stays: the first run fills it, further runs use it.
//! `seconds=0` only fills it.
//!
//! 50 signed-in users, ten of them administrators and the others analysts on some of the sites, each click once a
//! second on average: a pause of 0.5 to 1.5 s goes by between the end of an answer and the next click. Each click is a
//! whole page, chosen at random from all pages and filters, with an object chosen at random. A time runs from the
//! request to the last byte, over HTTP on loopback, with gzip as browsers ask for it. Clients and host share the
//! machine. SQLite commits durably; PostgreSQL is the tests' own unless `store=` names another.
//!
//! It prints the times and bytes of each page, and exits with status 1 if the 95th percentile of a page is above 200 ms
//! or a page without compression is above 100 kB.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    reason = "a measurement that cannot be made can only end"
)]

mod clicks;
#[path = "../../tests/console/password.rs"]
mod password;
mod stage;

use std::process::ExitCode;
use std::time::Duration;

use soar_store::Engine;

use clicks::{PAGES, PageTiming, SignedInUser};
use stage::PagesStage;

/// The number of people.
const PEOPLE: usize = 50;
/// The slowest 95th percentile of a page.
const SLOWEST: Duration = Duration::from_millis(200);
/// The largest page without compression, in bytes.
const LARGEST: usize = 100_000;

/// The sizes of the store, and the measurement.
#[derive(Debug, Clone)]
pub struct Arguments {
    pub connections: i64,
    pub incidents: i64,
    pub checks: i64,
    pub findings: i64,
    pub engine: Engine,
    pub store: Option<String>,
    pub seconds: u64,
}

fn arguments() -> Arguments {
    let mut arguments = Arguments {
        connections: 10_000,
        incidents: 1_000_000,
        checks: 10_000_000,
        findings: 1_000_000,
        engine: Engine::Sqlite,
        store: None,
        seconds: 60,
    };
    let mut numbers = 0;
    // Cargo adds flags.
    for argument in std::env::args().skip(1).filter(|argument| !argument.starts_with("--")) {
        match argument.split_once('=') {
            Some(("store", address)) => arguments.store = Some(address.to_owned()),
            Some(("seconds", seconds)) => arguments.seconds = seconds.parse().expect("seconds=NUMBER"),
            _ if argument == "sqlite" => arguments.engine = Engine::Sqlite,
            _ if argument == "postgres" => arguments.engine = Engine::Postgres,
            _ => {
                let number = argument.parse().expect("a number, sqlite, postgres, store=ADDRESS or seconds=NUMBER");
                let Arguments { connections, incidents, checks, findings, .. } = &mut arguments;
                let sizes = [connections, incidents, checks, findings];
                *sizes.into_iter().nth(numbers).expect("four numbers at most") = number;
                numbers += 1;
            }
        }
    }
    arguments
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1]
}

/// The time of all pages together is what one of 50 people sees; each page keeps to the target by itself.
fn print(measured: &[PageTiming], sizes: &[usize]) -> bool {
    let mut is_good = true;
    println!("{:<42} {:>6} {:>8} {:>8} {:>8} {:>9} {:>9}", "page", "clicks", "p50", "p95", "max", "bytes", "gzip");
    for (at, page) in PAGES.iter().enumerate() {
        let of_page = measured.iter().filter(|one| one.page == at);
        let mut times: Vec<_> = of_page.clone().map(|one| one.time).collect();
        times.sort_unstable();
        let Some(longest) = times.last() else { continue };
        let (median, slow) = (percentile(&times, 50), percentile(&times, 95));
        let sent = of_page.map(|one| one.bytes).max().unwrap_or_default();
        let is_kept = slow <= SLOWEST && sizes[at] <= LARGEST;
        is_good &= is_kept;
        println!(
            "{:<42} {:>6} {:>8.1?} {:>8.1?} {:>8.1?} {:>9} {:>9}{}",
            page.name,
            times.len(),
            median,
            slow,
            longest,
            sizes[at],
            sent,
            if is_kept { "" } else { "  missed" }
        );
    }
    let mut times: Vec<_> = measured.iter().map(|one| one.time).collect();
    times.sort_unstable();
    println!(
        "all pages: {} clicks, p50 {:.1?}, p95 {:.1?}, max {:.1?}",
        times.len(),
        percentile(&times, 50),
        percentile(&times, 95),
        times.last().unwrap()
    );
    is_good
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = arguments();
    let Arguments { connections, incidents, checks, findings, engine, seconds, .. } = arguments;
    println!(
        "{connections} connections, {incidents} incidents, {checks} results of health checks, {findings} findings, {engine:?}"
    );
    let stage = PagesStage::new(&arguments).await;
    if seconds == 0 {
        return ExitCode::SUCCESS;
    }
    let mut clients = Vec::new();
    for number in 0..PEOPLE {
        clients.push(SignedInUser::sign_in(&stage, number).await);
    }
    let sizes = clients[0].sizes().await;
    let until = tokio::time::Instant::now() + Duration::from_secs(seconds);
    let clicking: Vec<_> = clients.into_iter().map(|client| tokio::spawn(client.click(until))).collect();
    let mut measured = Vec::new();
    for one in clicking {
        measured.extend(one.await.unwrap());
    }
    println!(
        "{PEOPLE} people, one click a second each, {seconds} s; p95 at most {SLOWEST:?}, a page at most {LARGEST} bytes"
    );
    if print(&measured, &sizes) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
