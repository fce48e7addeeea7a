//! `kill -9` of the host at random instants while it runs what is due: each due time is run once, and none is lost.
//! `FOOTPRINT_DUE_KILL_ROUNDS` says how many rounds; 5 unless given.

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use footprint_simulator::{Options, Simulator, UserKind};
use soar_store::model::{Cadence, HealthState, Moment, Schedule, ScheduleKind, ScheduleRunStatus};
use soar_store::{ScheduleFilter, Store};

use crate::instance::Instance;

/// Connections that are checked; as many schedules run a command that changes something.
const CONNECTIONS: usize = 10;

/// From one due time to the next: shorter than a form may ask for, so that each round has some.
const INTERVAL_MS: i64 = 2_000;

/// How long after the last round each schedule is to have run again: a lease of 15 s, and a busy machine.
const TIMEOUT: Duration = Duration::from_secs(90);

/// One run of a due time.
#[derive(Debug)]
struct DueRun {
    due_at: Moment,
    started_at: Moment,
    ended_at: Moment,
    interrupted: bool,
}

/// The sums of all rounds on one store.
#[derive(Debug, Default)]
struct DueTally {
    due_times: usize,
    interrupted: usize,
    /// Due times that a host was too late for, and ran together with an earlier one.
    merged: i64,
    writes: usize,
}

fn now() -> Moment {
    Moment(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap())
}

/// Connections with a health check and a schedule each, due every two seconds.
async fn prepare(instance: &Instance, store: &Store, simulator: &Simulator) -> Vec<Schedule> {
    let user = simulator.user(UserKind::Administrator);
    for number in 0..CONNECTIONS {
        let name = format!("Production {number}");
        let (url, user_name) = (format!("Server URL={}", simulator.url()), format!("User Name={}", user.user_name));
        let mut add = instance.footprint(["connection", "add", &name, "--param", &url, "--param", &user_name]);
        add.args(["--secret-stdin", "Password", "--health-check-minutes", "1"]);
        add.write_stdin(user.password.clone()).assert().success();
        let schedule = format!("Rescan {number}");
        instance.successful([
            "schedule",
            "add",
            &schedule,
            "patch-rescan",
            "--connection",
            &name,
            "--every-minutes",
            "1",
        ]);
    }
    let mut transaction = store.transaction().await.unwrap();
    let mut records = transaction.records();
    let mut schedules: Vec<_> = records.schedules(ScheduleFilter::Kind(ScheduleKind::Command)).await.unwrap();
    let checks = records.health_table(ScheduleKind::HealthCheck).await.unwrap();
    schedules.extend(checks.into_iter().map(|(schedule, _)| schedule));
    for Schedule { id, what, .. } in &mut schedules {
        what.cadence = Cadence::Every { interval_ms: INTERVAL_MS };
        records.change_schedule(*id, what).await.unwrap();
    }
    transaction.commit().await.unwrap();
    assert_eq!(schedules.len(), 2 * CONNECTIONS);
    schedules
}

/// The runs of a schedule, the earliest due first.
async fn runs(store: &Store, schedule: &Schedule) -> Vec<DueRun> {
    let mut reader = store.reader().await.unwrap();
    let mut records = reader.records();
    let mut runs: Vec<_> = match schedule.what.kind {
        ScheduleKind::HealthCheck => {
            let checks = records.checks(schedule.what.connection_id, Moment::MAX, 100_000).await.unwrap();
            assert!(checks.iter().all(|check| check.result != HealthState::Failing), "{checks:?}");
            let run = |check: soar_store::model::Check| DueRun {
                due_at: check.due_at,
                started_at: check.started_at,
                ended_at: check.ended_at,
                interrupted: false,
            };
            checks.into_iter().map(run).collect()
        }
        ScheduleKind::Command => {
            let entries = records.schedule_runs(schedule.id, None, 100_000).await.unwrap();
            let run = |entry: soar_store::model::ScheduleRun| {
                assert_ne!(entry.status, ScheduleRunStatus::Failed, "{entry:?}");
                let (due_at, started_at, ended_at) = (entry.due_at, entry.started_at, entry.ended_at);
                DueRun { due_at, started_at, ended_at, interrupted: entry.status == ScheduleRunStatus::Interrupted }
            };
            entries.into_iter().map(run).collect()
        }
    };
    runs.sort_by_key(|run| run.due_at);
    runs
}

/// Serves, and kills at a random instant; how many commands arrived at the vendor that change something.
async fn round(instance: &Instance, simulator: &Simulator) -> usize {
    let mut served = instance.serve();
    tokio::time::sleep(Duration::from_millis(fastrand::u64(100..4_000))).await;
    served.kill();
    // Requests that the host sent before it died are recorded, or on their way.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let writes = simulator.requests().iter().filter(|request| request.path.contains("/rescan/")).count();
    simulator.clear_requests();
    writes
}

/// Each due time up to `until` was run once, or together with an earlier one that was still waiting.
fn check(schedule: &Schedule, runs: &[DueRun], until: Moment, tally: &mut DueTally) {
    let name = &schedule.what.name;
    let due: BTreeSet<_> = runs.iter().map(|run| run.due_at).collect();
    assert_eq!(due.len(), runs.len(), "{name}: a due time was run twice: {runs:?}");
    assert!(runs.last().unwrap().due_at >= until, "{name}: nothing was run after the last round");
    for pair in runs.windows(2) {
        let [run, next] = pair else { unreachable!() };
        let missed = next.due_at.milliseconds_since(run.due_at) / INTERVAL_MS - 1;
        // The log of an interrupted run does not say when its host began.
        let claimed = if run.interrupted { run.ended_at } else { run.started_at };
        let may_miss = claimed.milliseconds_since(run.due_at) / INTERVAL_MS;
        assert!(missed <= may_miss, "{name}: {missed} due times are lost between {run:?} and {next:?}");
        tally.merged += missed;
    }
    tally.due_times += runs.len();
    tally.interrupted += runs.iter().filter(|run| run.interrupted).count();
}

async fn survive(instance: Instance, rounds: usize) -> DueTally {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    // Each request takes a while, so that the host is killed amid some.
    simulator.inject("* delay=150ms".parse().unwrap());
    let file = instance.path().join("host.db").display().to_string();
    let store = Store::open(instance.store_address().unwrap_or(&file)).await.unwrap();
    let schedules = prepare(&instance, &store, &simulator).await;
    let mut tally = DueTally::default();
    for _ in 0..rounds {
        tally.writes += round(&instance, &simulator).await;
    }
    let until = now();
    let served = instance.serve();
    let begun = Instant::now();
    let mut histories;
    loop {
        histories = Vec::new();
        for schedule in &schedules {
            histories.push(runs(&store, schedule).await);
        }
        if histories.iter().all(|runs| runs.last().is_some_and(|run| run.due_at >= until)) {
            break;
        }
        assert!(begun.elapsed() < TIMEOUT, "a schedule does not run again");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    drop(served);
    let begun_after = |run: &&DueRun| run.started_at >= until && !run.interrupted;
    let mut succeeded = 0;
    for (schedule, runs) in schedules.iter().zip(&histories) {
        check(schedule, runs, until, &mut tally);
        if schedule.what.kind == ScheduleKind::Command {
            // Runs that began after the last round were not counted at the vendor.
            succeeded += runs.iter().filter(|run| !run.interrupted && !begun_after(run)).count();
        }
    }
    let (writes, most) = (tally.writes, succeeded + tally.interrupted);
    assert!((succeeded..=most).contains(&writes), "{writes} commands arrived; {succeeded} to {most} were expected");
    tally
}

#[test]
fn a_host_that_is_killed_amid_due_work_runs_each_due_time_once() {
    let rounds = std::env::var("FOOTPRINT_DUE_KILL_ROUNDS").map_or(5, |rounds| rounds.parse().unwrap());
    let [sqlite, postgres] = Instance::on_both().map(|instance| {
        std::thread::spawn(move || tokio::runtime::Runtime::new().unwrap().block_on(survive(instance, rounds)))
    });
    for (store, tally) in [("SQLite", sqlite), ("PostgreSQL", postgres)] {
        let DueTally { due_times, interrupted, merged, writes } = tally.join().unwrap();
        println!(
            "{store}: {rounds} kills; {due_times} due times were run once, of these {interrupted} were interrupted; \
             {merged} came while no host was there and were run with another; {writes} commands arrived at the vendor; \
             none lost, none doubled"
        );
    }
}
