//! A PostgreSQL server that stops and starts under a running host.

use std::time::Duration;

use soar_store::testing::{PostgresServer, Stop};

use super::work::{HostClient, prepare, times_done};
use crate::instance::Instance;

const CALLERS: usize = 4;
const CALLS: usize = 12;

/// The fault of the server during the calls of a round.
const ROUNDS: [&str; 3] = ["stopped at once", "stopped in order", "connections cut"];

#[tokio::test(flavor = "multi_thread")]
async fn a_host_whose_server_stops_amid_calls_loses_and_repeats_nothing_and_goes_on_by_itself() {
    let server = PostgresServer::alone();
    let address = server.new_database();
    let instance = Instance::on(address.clone());
    let of_round = |round: usize| -> Vec<Vec<String>> {
        let names = |caller| (0..CALLS).map(|call| format!("call{round}x{caller}x{call}")).collect();
        (0..CALLERS).map(names).collect()
    };
    let rounds: Vec<_> = (0..ROUNDS.len()).map(of_round).collect();
    prepare(&instance, rounds.iter().flatten().flatten());
    let log = instance.path().with_file_name("log");
    let mut served = instance.serve_after("", &log);
    let caller = HostClient::of(&instance, &served);
    for (what, calls) in ROUNDS.iter().zip(&rounds) {
        let answered = std::sync::atomic::AtomicUsize::new(0);
        let working = calls.iter().map(async |calls| {
            let mut unanswered = Vec::new();
            for call in calls {
                match caller.close(call).await.unwrap() {
                    (200, said) => assert_eq!(said, "Successful", "{call}"),
                    (status, said) => {
                        assert_eq!(status, 503, "{call}: {said}");
                        let tells = said.contains("Try again later") || said.contains("same Idempotency-Key");
                        assert!(tells, "{call}: {said}");
                        unanswered.push(call);
                    }
                }
                answered.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
            unanswered
        });
        let disturbing = async {
            while answered.load(std::sync::atomic::Ordering::Relaxed) < 5 {
                tokio::task::yield_now().await;
            }
            tokio::time::sleep(Duration::from_micros(fastrand::u64(0..20_000))).await;
            match *what {
                "connections cut" => {
                    for _ in 0..3 {
                        server.run_sql(
                            &address,
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                             WHERE datname = current_database() AND pid <> pg_backend_pid()",
                        );
                    }
                }
                how => {
                    server.stop(if how == "stopped at once" { Stop::Immediate } else { Stop::Fast });
                    let said = caller.becomes(503).await;
                    assert!(said.contains("does not answer"), "{said}");
                    assert_eq!(caller.page("/healthz").await.0, 200);
                    server.start_again();
                }
            }
        };
        let (unanswered, ()) = tokio::join!(futures_util::future::join_all(working), disturbing);
        caller.becomes(200).await;
        let unanswered: Vec<_> = unanswered.into_iter().flatten().collect();
        let times = times_done(&instance, calls.iter().flatten());
        for (call, times) in calls.iter().flatten().zip(times) {
            let is_open = unanswered.contains(&call);
            assert!(times == 1 || is_open && times == 0, "{what}: {call} was done {times} times, open: {is_open}");
        }
        for call in calls.iter().flatten() {
            assert_eq!(caller.close(call).await.unwrap(), (200, "Successful".to_owned()), "{what}: {call}");
        }
        assert!(times_done(&instance, calls.iter().flatten()).iter().all(|times| *times == 1), "{what}");
    }
    assert!(served.child.try_wait().unwrap().is_none(), "it is the same process");
    let logged = std::fs::read_to_string(&log).unwrap();
    assert!(logged.contains("Check that its file or its server is where the settings say"), "{logged}");
    assert!(logged.contains("The PostgreSQL server runs with fsync = off"), "{logged}");
    assert!(logged.lines().count() < 40, "{logged}");
}
