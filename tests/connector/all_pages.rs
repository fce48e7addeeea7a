//! All Pages: every row once, in order, counted; and whatever is missing is said.

use async_trait::async_trait;
use footprint_simulator::{Generation, Options, Simulator};
use serde_json::{Value, json};
use soar_connector::{ExecutionContext, ReplyPage, Sink, SinkError};

use crate::stub::{CannedReply, logged_in, serve};
use crate::support::{GENERATIONS, administrator, connect, error_of, manifest, run, simulator, valid_parameters};

async fn with_devices(generation: Generation, devices: u32) -> Simulator {
    Simulator::start(Options { generation, devices, ..Options::default() }).await.unwrap()
}

#[tokio::test]
async fn every_command_with_pages_reads_all_of_them_in_the_servers_order() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        for command in manifest().commands.iter().filter(|command| command.input("All Pages").is_some()) {
            let one_by_one = {
                let mut keys = Vec::new();
                for page in 1.. {
                    let mut parameters = valid_parameters(command, &simulator.known());
                    parameters.insert("Page".into(), json!(page));
                    let outcome = run(&*connector, &command.name, parameters.into()).await;
                    if outcome.result.rows.is_empty() {
                        break;
                    }
                    keys.extend(outcome.result.rows);
                }
                keys
            };
            let mut parameters = valid_parameters(command, &simulator.known());
            parameters.insert("All Pages".into(), json!("Yes"));
            let outcome = run(&*connector, &command.name, parameters.into()).await;
            assert!(outcome.is_successful(), "{}: {:?}", command.name, outcome.error);
            assert_eq!(outcome.result.rows, one_by_one, "{} on {generation}", command.name);
            assert_eq!(outcome.receipt.missing, None, "{} on {generation}", command.name);
            let total = outcome.receipt.total_rows.unwrap_or(outcome.receipt.rows);
            assert_eq!(outcome.receipt.rows, total, "{} on {generation}", command.name);
        }
    }
}

#[tokio::test]
async fn page_size_goes_out_and_may_not_contradict_the_filter() {
    let simulator = with_devices(Generation::Current, 250).await;
    let connector = administrator(&simulator);
    let outcome = run(&*connector, "List Devices", json!({ "Page Size": 10, "Page": 2 })).await;
    assert_eq!((outcome.result.rows.len(), outcome.receipt.total_pages), (10, Some(25)));
    let outcome = run(&*connector, "List Devices", json!({ "Page Size": 50, "All Pages": true })).await;
    assert_eq!((outcome.receipt.pages, outcome.receipt.rows), (5, 250));
    for bad in [json!({ "Page Size": 10, "Filter": { "pageSize": 20 } }), json!({ "Page": 2, "All Pages": "yes" })] {
        assert_eq!(error_of(&run(&*connector, "List Devices", bad).await).0, "invalid-parameter");
    }
}

#[tokio::test]
async fn what_goes_wrong_with_pages_is_failed_or_says_exactly_what_is_missing() {
    let mut text = String::new();
    for generation in GENERATIONS {
        for fault in [
            "devices short-page page=2",
            "devices repeat-page page=2",
            "devices shift page=2 count=1",
            "devices status=500 page=2",
            "devices status=503 page=2 count=2",
            "devices empty page=2",
            "devices html page=2",
            "devices status=404 page=3",
        ] {
            let simulator = with_devices(generation, 250).await;
            simulator.inject(fault.parse().unwrap());
            let outcome = run(&*administrator(&simulator), "List Devices", json!({ "All Pages": true })).await;
            let ended = match &outcome.error {
                Some(error) => format!("{}: {}", error.code, error.message),
                None => format!("{} rows, missing: {:?}", outcome.result.rows.len(), outcome.receipt.missing),
            };
            let dropped = outcome.receipt.duplicates_dropped;
            text.push_str(&format!("{generation} {fault}\n  {ended} ({dropped} dropped)\n"));
        }
    }
    insta::assert_snapshot!(text);
}

/// A server with three pages of ports, written by `page` from the number asked for.
async fn ports(page: impl Fn(u64) -> CannedReply + Send + Sync + 'static) -> soar_connector::Outcome {
    let url = serve(move |_, path, _| match path {
        "/api/auth/token/" => logged_in(),
        _ => page(path.split("page=").nth(1).and_then(|number| number.parse().ok()).unwrap_or(1)),
    })
    .await;
    let connector = connect(&[("Server URL", &url), ("User Name", "u"), ("Password", "p")]);
    run(&*connector, "List Current Targets Ports", json!({ "All Pages": true })).await
}

fn ports_page(number: u64, rows: std::ops::Range<u64>, total: &str) -> CannedReply {
    let rows: Vec<_> = rows.map(|row| format!("{{\"userInput\":\"u\",\"ipAddress\":\"10.0.0.{row}\"}}")).collect();
    CannedReply::json(format!("{{\"page\":{number},\"totalPages\":3,{total}\"items\":[{}]}}", rows.join(",")))
}

#[tokio::test]
async fn pages_that_are_short_or_gone_are_told_even_by_a_server_that_counts_no_rows() {
    for total in ["", "\"totalCount\":\"None\","] {
        let whole = ports(move |number| ports_page(number, number * 10..number * 10 + 10, total)).await;
        assert_eq!((whole.result.rows.len(), whole.receipt.missing), (30, None));
        let outcome = ports(move |number| match number {
            2 => CannedReply::status(404, r#"{"detail":"Invalid page."}"#),
            _ => ports_page(number, number * 10..number * 10 + 10, total),
        })
        .await;
        assert_eq!(outcome.receipt.missing.as_deref(), Some("Rows are missing: page 2 is gone."), "{outcome:?}");
        let outcome = ports(move |number| match number {
            2 => ports_page(2, 20..23, total),
            _ => ports_page(number, number * 10..number * 10 + 10, total),
        })
        .await;
        assert_eq!(outcome.receipt.missing.as_deref(), Some("Rows are missing: page 2 is short."));
    }
}

#[tokio::test]
async fn a_page_that_comes_again_under_another_number_ends_the_list_and_is_told() {
    let outcome = ports(|number| match number {
        2 => ports_page(2, 10..20, "\"totalCount\":30,"),
        _ => ports_page(number, number * 10..number * 10 + 10, "\"totalCount\":30,"),
    })
    .await;
    assert_eq!((outcome.result.rows.len(), outcome.receipt.duplicates_dropped), (10, 10), "{outcome:?}");
    assert_eq!(
        outcome.receipt.missing.as_deref(),
        Some(
            "20 of 30 rows are missing: the server sent 10 different rows, and page 2 repeats rows of earlier pages, \
             so the server ignores Page."
        )
    );
}

/// Counts rows and keeps none.
#[derive(Default)]
struct Counter {
    pages: usize,
    rows: usize,
    last: Option<i64>,
    in_order: bool,
}

#[async_trait]
impl Sink for Counter {
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        self.pages += 1;
        for row in page.rows() {
            let row: Value = serde_json::from_str(row).unwrap();
            let id = row["id"].as_i64();
            self.in_order = (self.rows == 0 || self.in_order) && (self.last.is_none() || id < self.last);
            self.last = id;
            self.rows += 1;
        }
        Ok(())
    }
}

#[tokio::test]
async fn ten_thousand_devices_stream_in_order_page_by_page() {
    let simulator = with_devices(Generation::Current, 10_000).await;
    let connector = administrator(&simulator);
    let mut counter = Counter::default();
    let all = json!({ "All Pages": true });
    let all = connector.manifest().invocation("List Devices", all.as_object().unwrap()).unwrap();
    let ended = connector.execute_into(&all, &ExecutionContext::new(), &mut counter).await;
    assert_eq!(ended.error, None);
    assert_eq!((counter.pages, counter.rows, counter.in_order), (100, 10_000, true));
}

#[tokio::test]
async fn a_list_with_more_pages_than_allowed_is_refused_before_it_is_read() {
    let simulator = with_devices(Generation::Current, 1_000).await;
    let url = simulator.url();
    let mut given = crate::support::settings(&url, simulator.user(footprint_simulator::UserKind::Administrator));
    given.push(("Most Pages", "3"));
    let outcome = run(&*crate::support::connect(&given), "List Devices", json!({ "All Pages": true })).await;
    let (code, text) = error_of(&outcome);
    assert_eq!(code, "reply-too-large");
    assert!(text.contains("10 pages, more than the 3 that Most Pages allows"), "{text}");
}

/// A sink that fails on its second page.
struct BrokenPipe(usize);

#[async_trait]
impl Sink for BrokenPipe {
    async fn page(&mut self, _: ReplyPage) -> Result<(), SinkError> {
        self.0 += 1;
        if self.0 > 1 { Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe).into()) } else { Ok(()) }
    }
}

#[tokio::test]
async fn an_output_that_breaks_ends_the_command() {
    let simulator = with_devices(Generation::Current, 10_000).await;
    let connector = administrator(&simulator);
    let all = json!({ "All Pages": true });
    let all = connector.manifest().invocation("List Devices", all.as_object().unwrap()).unwrap();
    let ended = connector.execute_into(&all, &ExecutionContext::new(), &mut BrokenPipe(0)).await;
    assert_eq!(ended.error.map(|error| error.code).as_deref(), Some("output-failed"));
    assert!(simulator.requests().len() < 40, "the rest is not read: {}", simulator.requests().len());
}
