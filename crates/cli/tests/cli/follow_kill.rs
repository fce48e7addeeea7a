//! `kill -9` of the host at random instants while it follows a scan: the scan is started once, the hosts after it follow the
//! same scan, and the run gets its result. `FOOTPRINT_FOLLOW_KILL_ROUNDS` sets the number of rounds. The default is 2.

use std::time::{Duration, Instant};

use footprint_simulator::{Options, Simulator, UserKind};
use serde_json::{Value, json};

use crate::instance::{HostProcess, Instance};

/// How long a scan takes.
const SCAN: Duration = Duration::from_secs(8);

/// How long after the last kill a run is to have its result: a lease of 15 s, a wait of 10 s, and a busy machine.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The sums of all rounds on one store.
#[derive(Debug, Default)]
struct FollowTally {
    kills: usize,
    /// Rounds in which the host was killed before the token was stored.
    cut_off: usize,
    followed: usize,
}

fn starts(simulator: &Simulator) -> usize {
    simulator.requests().iter().filter(|request| request.method == "PATCH").count()
}

/// Calls Rescan And Wait over the Command API. The answer is `None` if the host was killed first.
async fn call(url: String, key: String, scanner: Value) -> Option<Value> {
    let body = json!({
        "Username": "Admin", "Site": "Security Operations", "CommandParams": { "Scanner ID": scanner },
    });
    let url = format!("{url}RescanAndWait");
    reqwest::Client::new().post(url).header("d3key", key).json(&body).send().await.ok()?.json().await.ok()
}

fn runs(instance: &Instance) -> Vec<Value> {
    let all = instance.json(["runs", "list", "--command", "Rescan And Wait"]);
    all.as_array().cloned().unwrap()
}

/// One scan, amid which hosts are killed at random instants.
async fn round(instance: &Instance, simulator: &Simulator, number: usize, tally: &mut FollowTally) {
    let known = runs(instance).len();
    let before = starts(simulator);
    let mut served: HostProcess = instance.serve();
    let (url, key) = (served.ready["commands"].as_str().unwrap().to_owned(), instance.made["key"].as_str().unwrap());
    let calling = tokio::spawn(call(url, key.to_owned(), simulator.known().active_scanner.into()));
    // The first kill of every other round is amid the start.
    if !number.is_multiple_of(2) {
        let begun = Instant::now();
        while !runs(instance).iter().any(|run| run["following"].is_object()) {
            assert!(begun.elapsed() < TIMEOUT, "the scan is not started");
        }
    }
    tokio::time::sleep(Duration::from_millis(fastrand::u64(50..700))).await;
    served.kill();
    tally.kills += 1;
    let _ = calling.await;
    let run = || runs(instance).into_iter().nth_back(known);
    for _ in 0..2 {
        let mut next = instance.serve();
        tokio::time::sleep(Duration::from_millis(fastrand::u64(300..4_000))).await;
        next.kill();
        tally.kills += 1;
    }
    let next = instance.serve();
    let begun = Instant::now();
    let ended = loop {
        match run() {
            // Killed before the run was recorded: then nothing was sent.
            None => break None,
            Some(run) if run["status"] != "Running" => break Some(run),
            Some(run) => assert!(begun.elapsed() < TIMEOUT, "the run does not end: {run}"),
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    };
    drop(next);
    let sent = starts(simulator) - before;
    let Some(ended) = ended else {
        assert_eq!(sent, 0, "a start without a run");
        tally.cut_off += 1;
        return;
    };
    assert!(sent <= 1, "the scan was started {sent} times");
    match ended["status"].as_str().unwrap() {
        "Interrupted" => tally.cut_off += 1,
        "Successful" => {
            assert_eq!(sent, 1);
            let shown = instance.json(["runs", "show", &ended["id"].to_string()]);
            assert_eq!(shown["outcome"]["contextData"][0]["Status"], "done", "{shown}");
            tally.followed += 1;
        }
        other => panic!("{other}: {}", instance.json(["runs", "show", &ended["id"].to_string()])),
    }
    // A scan of a start that was cut off ends before the next round.
    tokio::time::sleep(if tally.followed > 0 { Duration::ZERO } else { SCAN }).await;
}

async fn survive(instance: Instance, rounds: usize) -> FollowTally {
    let simulator = Simulator::start(Options { scan_duration: SCAN, ..Options::default() }).await.unwrap();
    // Each request takes a while, so that the host is killed amid some.
    simulator.inject("* delay=100ms".parse().unwrap());
    instance.set("[executor]\ntime-limit-seconds = 60\nnode-lease-seconds = 6\n");
    let user = simulator.user(UserKind::Administrator);
    let (url, name) = (format!("Server URL={}", simulator.url()), format!("User Name={}", user.user_name));
    let mut add = instance.footprint(["connection", "add", "Production", "--param", &url, "--param", &name]);
    add.args(["--secret-stdin", "Password"]).write_stdin(user.password.clone()).assert().success();
    let mut tally = FollowTally::default();
    for number in 1..=rounds {
        round(&instance, &simulator, number, &mut tally).await;
    }
    tally
}

#[test]
fn a_host_that_is_killed_while_it_follows_a_scan_never_starts_another_and_the_run_gets_its_result() {
    let rounds = std::env::var("FOOTPRINT_FOLLOW_KILL_ROUNDS").map_or(2, |rounds| rounds.parse().unwrap());
    let [sqlite, postgres] = Instance::on_both().map(|instance| {
        std::thread::spawn(move || tokio::runtime::Runtime::new().unwrap().block_on(survive(instance, rounds)))
    });
    for (store, tally) in [("SQLite", sqlite), ("PostgreSQL", postgres)] {
        let FollowTally { kills, cut_off, followed } = tally.join().unwrap();
        println!(
            "{store}: {rounds} scans and {kills} kills; {followed} scans were followed to their end by later hosts, \
             {cut_off} starts were cut off; no scan was started twice"
        );
        assert!(followed > 0, "{store}: no scan was followed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_terminal_an_interrupted_wait_leaves_the_run_to_the_hosts() {
    let [sqlite, postgres] = tokio::task::spawn_blocking(Instance::on_both).await.unwrap();
    for instance in [sqlite, postgres] {
        let simulator = Simulator::start(Options { scan_duration: SCAN, ..Options::default() }).await.unwrap();
        let user = simulator.user(UserKind::Administrator);
        let (url, name) = (format!("Server URL={}", simulator.url()), format!("User Name={}", user.user_name));
        let mut add = instance.footprint(["connection", "add", "Production", "--param", &url, "--param", &name]);
        add.args(["--secret-stdin", "Password"]).write_stdin(user.password.clone()).assert().success();
        let scanner = format!("Scanner ID={}", simulator.known().active_scanner);
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_footprint"));
        command.env_clear().env("FOOTPRINT_INSTANCE", instance.path());
        command.env("FOOTPRINT_STORE", instance.store_address().unwrap_or_default());
        if instance.store_address().is_none() {
            command.env_remove("FOOTPRINT_STORE");
        }
        command.args(["connection", "run", "Production", "rescan-and-wait", "--param", &scanner]);
        let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        while !runs(&instance).iter().any(|run| run["following"].is_object()) {
            assert!(begun.elapsed() < TIMEOUT, "the scan is not started");
        }
        let run = runs(&instance)[0]["id"].to_string();
        let shown = instance.successful(["runs", "show", &run]);
        assert!(shown.contains("Running (") && shown.contains("of at most 1440 minutes"), "{shown}");
        let interrupt = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(interrupt.unwrap().success());
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        let error = error.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(&format!("The host follows it as run {run}")), "{error}");
        // A process that runs another command does not follow the scan; a host does.
        assert_eq!(instance.json(["runs", "show", &run])["status"], "Running");
        let _served = instance.serve();
        let begun = Instant::now();
        loop {
            let shown = instance.json(["runs", "show", &run]);
            if shown["status"] != "Running" {
                assert_eq!(shown["status"], "Successful", "{shown}");
                break;
            }
            assert!(begun.elapsed() < TIMEOUT, "{shown}");
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        assert_eq!(starts(&simulator), 1);
    }
}
