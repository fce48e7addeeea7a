//! Calls without a good key: each that is answered has an entry of its own, at a limited rate; nobody else waits for them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use soar_host::server::HostSettings;
use soar_store::model::{AuditEntry, Surface};
use soar_store::{AuditFilter, Store};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::support::{TestHost, answer, certificate};

/// The most calls that wait of one address, and of all.
const PLACES_OF_ONE: usize = 100;
const PLACES: usize = 500;

/// What a call got: its number, and its answer's status and request id, or nothing.
type Got = (usize, Option<(u16, String)>);

/// Calls under way.
struct Calls {
    got: mpsc::UnboundedReceiver<Got>,
    tasks: Vec<JoinHandle<()>>,
    sender: mpsc::UnboundedSender<Got>,
}

impl Calls {
    fn new() -> Self {
        let (sender, got) = mpsc::unbounded_channel();
        Self { got, tasks: Vec::new(), sender }
    }

    fn send(&mut self, request: reqwest::RequestBuilder) {
        let (number, sender) = (self.tasks.len(), self.sender.clone());
        self.tasks.push(tokio::spawn(async move {
            let got = match request.send().await {
                Ok(response) => {
                    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
                    Some((response.status().as_u16(), id))
                }
                Err(_) => None,
            };
            sender.send((number, got)).unwrap();
        }));
    }

    /// What the next `count` of them got.
    async fn next(&mut self, count: usize) -> Vec<Got> {
        let mut all = Vec::new();
        while all.len() < count {
            all.push(self.got.recv().await.unwrap());
        }
        all
    }

    fn none_yet(&mut self) -> bool {
        self.got.try_recv().is_err()
    }
}

/// The request ids of calls that were all answered so.
fn ids(got: &[Got], status: u16) -> Vec<String> {
    let id = |(number, got): &Got| match got {
        Some((given, id)) if *given == status => id.clone(),
        got => panic!("call {number}: {got:?}"),
    };
    let mut ids: Vec<_> = got.iter().map(id).collect();
    ids.sort();
    ids
}

async fn figure(host: &TestHost, line: &str) -> usize {
    let metrics = host.client.get(format!("{}/metrics", host.url)).bearer_auth(&host.key).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let value = metrics.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("{line} is not in\n{metrics}")).parse().unwrap()
}

/// Returns once so many calls wait.
async fn wait_for_waiting(host: &TestHost, count: usize) {
    while figure(host, "soar_host_refusals_waiting").await != count {
        tokio::task::yield_now().await;
    }
}

async fn closed(host: &TestHost) -> usize {
    figure(host, r#"soar_host_calls_unanswered_total{why="closed"}"#).await
}

/// The log of calls without a key, the oldest first.
async fn log(store: &Store) -> Vec<AuditEntry> {
    let filter = AuditFilter { accepted: Some(false), ..AuditFilter::default() };
    let log = store.reader().await.unwrap().records().audit(&filter, 10_000).await.unwrap();
    log.into_iter().rev().map(|(_, entry)| entry).collect()
}

fn sorted_ids(log: &[AuditEntry]) -> Vec<String> {
    let mut ids: Vec<_> = log.iter().map(|entry| entry.request_id.clone()).collect();
    ids.sort();
    ids
}

/// Ends the host; its log as the store has it afterwards: of calls that were answered, and of those that were not.
async fn log_in_the_end(host: &mut TestHost) -> (Vec<AuditEntry>, Vec<AuditEntry>) {
    host.running.take().unwrap().shutdown().await.unwrap();
    let log = log(&Store::open(&host.test.address).await.unwrap()).await;
    log.into_iter().partition(|entry| entry.status != 0)
}

fn from(request: reqwest::RequestBuilder, address: &str) -> reqwest::RequestBuilder {
    request.header("x-forwarded-for", address)
}

fn behind_a_proxy(settings: &mut HostSettings) {
    settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    settings.refused_per_second = 1;
}

#[tokio::test]
async fn every_answer_of_a_flood_has_an_entry_of_its_own_and_they_come_at_the_limited_rate() {
    for host in TestHost::on_both_with(|settings| settings.refused_per_second = 5).await {
        let mut calls = Calls::new();
        for number in 0..5 {
            calls.send(host.bare("ShowNotes", json!({})).header("d3key", format!("d3k_{number}")));
        }
        let mut answered = ids(&calls.next(5).await, 401);
        // In whatever way a call has no key, it waits for its turn to get the answer that it would have got.
        let unknown = format!("d3k_{}_{}", "0".repeat(16), "x".repeat(32));
        for _ in 0..4 {
            calls.send(host.bare("ShowNotes", json!({})));
            calls.send(host.bare("ShowNotes", json!({})).header("d3key", &unknown));
            calls.send(host.client.get(format!("{}/api/manage/v1/sites", host.url)));
        }
        wait_for_waiting(&host, 12).await;
        for _ in 0..2 {
            // A good key waits for nobody, whatever becomes of its call.
            assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 200);
            assert_eq!(answer(host.manage("GET", "/sites")).await.0, 200);
            let get = host.client.get(format!("{}/VSOC/api/Command/ShowNotes", host.url));
            assert_eq!(answer(get.header("d3key", &host.key)).await.0, 405);
        }
        for (come, waiting) in [(5, 7), (5, 2), (2, 0)] {
            host.clock.advance(Duration::from_millis(999));
            assert_eq!(figure(&host, "soar_host_refusals_waiting").await, waiting + come);
            assert!(calls.none_yet());
            host.clock.advance(Duration::from_millis(1));
            answered.extend(ids(&calls.next(come).await, 401));
            wait_for_waiting(&host, waiting).await;
            answered.sort();
            let log = log(&host.test.store).await;
            let log: Vec<_> = log.into_iter().filter(|entry| entry.status == 401).collect();
            assert_eq!(sorted_ids(&log), answered);
            assert!(calls.none_yet());
        }
        let log = log(&host.test.store).await;
        let mut kinds: BTreeMap<_, usize> = BTreeMap::new();
        for entry in &log {
            assert_eq!((entry.address.as_str(), entry.accepted), ("127.0.0.1", false));
            *kinds.entry((entry.surface, entry.status, entry.reason.as_str())).or_default() += 1;
        }
        let counts: Vec<_> = kinds.values().copied().collect();
        assert_eq!(counts, [4, 4, 5, 2, 4], "{kinds:?}");
        assert_eq!(closed(&host).await, 0);
    }
}

#[tokio::test]
async fn addresses_take_turns_however_many_calls_each_has() {
    for host in TestHost::on_both_with(behind_a_proxy).await {
        let mut calls = Calls::new();
        let bare = || host.bare("ShowNotes", json!({}));
        // Ten addresses have their one turn of this second, and these are all there are.
        (1..=10).for_each(|number| calls.send(from(bare(), &format!("203.0.113.{number}"))));
        ids(&calls.next(10).await, 401);
        for number in 1..=10 {
            (0..5).for_each(|_| calls.send(from(bare(), &format!("203.0.113.{number}"))));
        }
        wait_for_waiting(&host, 50).await;
        calls.send(from(bare(), "2001:db8::1"));
        calls.send(from(bare(), "2001:db8::2"));
        wait_for_waiting(&host, 52).await;
        let mut by_address: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for second in 1..=6 {
            host.clock.advance(Duration::from_secs(1));
            let count = if second == 6 { 2 } else { 10 };
            let answered = ids(&calls.next(count).await, 401);
            let log = log(&host.test.store).await;
            for entry in log.into_iter().filter(|entry| answered.contains(&entry.request_id)) {
                let address = if entry.address.starts_with("2001") { "2001:db8::/64" } else { &entry.address };
                by_address.entry(address.to_owned()).or_default().push(second);
            }
        }
        // One a second and address, and nobody had to be idle for more than the second that the ten are too many by one.
        for (address, seconds) in &by_address {
            let pauses: Vec<_> = seconds.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert!(pauses.iter().all(|pause| (1..=2).contains(pause)), "{address}: {seconds:?}");
        }
        assert_eq!(by_address["2001:db8::/64"], [2, 3], "{by_address:?}");
        assert_eq!(by_address.len(), 11);
    }
}

#[tokio::test]
async fn beyond_the_places_connections_are_closed_and_the_log_says_how_many_and_a_shutdown_answers_who_waits() {
    for mut host in TestHost::on_both_with(|settings| settings.refused_per_second = 1).await {
        let mut calls = Calls::new();
        calls.send(host.bare("ShowNotes", json!({})));
        let mut answered = ids(&calls.next(1).await, 401);
        (0..PLACES_OF_ONE).for_each(|_| calls.send(host.bare("ShowNotes", json!({}))));
        wait_for_waiting(&host, PLACES_OF_ONE).await;
        (0..7).for_each(|_| calls.send(host.bare("ShowNotes", json!({}))));
        assert!(calls.next(7).await.iter().all(|(_, got)| got.is_none()));
        calls.send(host.client.get(format!("{}/api/manage/v1/sites", host.url)));
        assert!(calls.next(1).await[0].1.is_none());
        assert_eq!(closed(&host).await, 8);
        assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 200);

        // The clock stands: nobody's turn comes by time.
        let (entries, summaries) = log_in_the_end(&mut host).await;
        answered.extend(ids(&calls.next(PLACES_OF_ONE).await, 401));
        answered.sort();
        assert_eq!(sorted_ids(&entries), answered);
        let [by_command, by_manage] = summaries.as_slice() else { panic!("{summaries:?}") };
        assert_eq!((by_command.surface, by_manage.surface), (Surface::Command, Surface::Management));
        assert_eq!((by_command.address.as_str(), by_command.accepted), ("127.0.0.1", false));
        assert!(by_command.reason.starts_with("7 calls without a good key, from "), "{by_command:?}");
        let told = "got no answer: 7 found too many waiting for theirs, 0 went away while they waited.";
        assert!(by_command.reason.ends_with(told), "{by_command:?}");
        assert!(by_manage.reason.starts_with("1 call "), "{by_manage:?}");
    }
}

#[tokio::test]
async fn a_few_addresses_do_not_take_all_places_from_others() {
    for host in TestHost::on_both_with(behind_a_proxy).await {
        let mut calls = Calls::new();
        for number in 1..=PLACES / PLACES_OF_ONE {
            for _ in 0..=PLACES_OF_ONE {
                calls.send(from(host.bare("ShowNotes", json!({})), &format!("203.0.113.{number}")));
            }
        }
        calls.send(from(host.bare("ShowNotes", json!({})), "192.0.2.1"));
        ids(&calls.next(6).await, 401);
        wait_for_waiting(&host, PLACES).await;
        let late = calls.tasks.len();
        calls.send(from(host.bare("ShowNotes", json!({})), "192.0.2.1"));
        let lost = calls.next(1).await;
        assert!(lost[0].0 < late && lost[0].1.is_none(), "{lost:?}");
        assert_eq!(figure(&host, "soar_host_refusals_waiting").await, PLACES);
        host.clock.advance(Duration::from_secs(1));
        let come = calls.next(6).await;
        ids(&come, 401);
        assert!(come.iter().any(|(number, _)| *number == late), "{come:?}");
    }
}

#[tokio::test]
async fn callers_who_go_away_free_their_places() {
    for mut host in TestHost::on_both_with(|settings| settings.refused_per_second = 1).await {
        let mut calls = Calls::new();
        calls.send(host.bare("ShowNotes", json!({})));
        ids(&calls.next(1).await, 401);
        (0..PLACES_OF_ONE).for_each(|_| calls.send(host.bare("ShowNotes", json!({}))));
        wait_for_waiting(&host, PLACES_OF_ONE).await;
        calls.tasks[1..].iter().take(40).for_each(JoinHandle::abort);
        wait_for_waiting(&host, PLACES_OF_ONE - 40).await;
        (0..30).for_each(|_| calls.send(host.bare("ShowNotes", json!({}))));
        wait_for_waiting(&host, PLACES_OF_ONE - 10).await;
        assert_eq!(figure(&host, r#"soar_host_calls_unanswered_total{why="left"}"#).await, 40);
        host.clock.advance(Duration::from_secs(1));
        // The first that is still there.
        assert_eq!(calls.next(1).await.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [41]);
        let (entries, summaries) = log_in_the_end(&mut host).await;
        ids(&calls.next(PLACES_OF_ONE - 11).await, 401);
        assert_eq!(entries.len(), 1 + PLACES_OF_ONE - 10);
        let [summary] = summaries.as_slice() else { panic!("{summaries:?}") };
        let told = "got no answer: 0 found too many waiting for theirs, 40 went away while they waited.";
        assert!(summary.reason.ends_with(told), "{summary:?}");
    }
}

#[tokio::test]
async fn over_tls_and_http_2_a_call_without_a_place_gets_no_answer_either_and_others_of_its_connection_do() {
    let folder = tempfile::tempdir().unwrap();
    let (files, certificate) = certificate(folder.path());
    let change = |settings: &mut HostSettings| {
        settings.tls = Some(files.clone());
        settings.refused_per_second = 1;
    };
    for is_http_1 in [true, false] {
        for mut host in TestHost::on_both_with(change).await {
            let authority = reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap();
            let client = reqwest::Client::builder().tls_certs_only([authority]);
            host.client = if is_http_1 { client.http1_only() } else { client }.build().unwrap();
            let mut calls = Calls::new();
            calls.send(host.bare("ShowNotes", json!({})));
            let mut answered = ids(&calls.next(1).await, 401);
            (0..PLACES_OF_ONE).for_each(|_| calls.send(host.bare("ShowNotes", json!({}))));
            wait_for_waiting(&host, PLACES_OF_ONE).await;
            (0..3).for_each(|_| calls.send(host.bare("ShowNotes", json!({}))));
            assert!(calls.next(3).await.iter().all(|(_, got)| got.is_none()));
            assert_eq!(closed(&host).await, 3);
            assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 200);
            let (entries, _) = log_in_the_end(&mut host).await;
            answered.extend(ids(&calls.next(PLACES_OF_ONE).await, 401));
            answered.sort();
            assert_eq!(sorted_ids(&entries), answered);
        }
    }
}

#[tokio::test]
async fn a_call_that_waits_keeps_no_place_from_those_that_run() {
    let change = |settings: &mut HostSettings| {
        settings.refused_per_second = 1;
        settings.calls_in_flight = 1;
    };
    for host in TestHost::on_both_with(change).await {
        let mut calls = Calls::new();
        calls.send(host.bare("ShowNotes", json!({})));
        ids(&calls.next(1).await, 401);
        // Of a body that is longer than what is read at once, nothing is waited for either.
        let long = reqwest::Body::wrap_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
        calls.send(host.bare("ShowNotes", json!({})).body(long));
        calls.send(host.client.post(format!("{}/api/manage/v1/sites", host.url)).json(&json!({})));
        wait_for_waiting(&host, 2).await;
        assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 200);
        host.clock.advance(Duration::from_secs(1));
        ids(&calls.next(1).await, 401);
        host.clock.advance(Duration::from_secs(1));
        ids(&calls.next(1).await, 401);
    }
}
