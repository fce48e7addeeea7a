//! The load: calls of Get Incidents over kept-alive connections, each with parameters of its own.

use std::process::Command as Process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use axum::http::Request;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

pub const PATH: &str = "/VSOC/api/Command/GetIncidents";

/// The parameters of a load.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Load {
    /// The server, as `address:port`.
    pub server: String,
    pub key: String,
    /// Incidents per page.
    pub page: usize,
    pub connections: u32,
    pub seconds: u32,
    /// Calls per second, each at its own time, whether or not earlier ones are answered. Without it every connection
    /// makes its next call as soon as the one before is answered.
    pub rate: Option<u32>,
}

/// The results of the calls. Latencies are in microseconds. With a rate they count from the due time of the call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoadResult {
    pub calls: u32,
    pub per_second: f64,
    pub p50: u64,
    pub p99: u64,
}

/// The body of call `number`: its Start Time differs from all others' and is before the first incident.
pub fn body(page: usize, number: u32) -> String {
    let start = Timestamp::from_second(1_400_000_000 + i64::from(number)).expect("a time");
    let start = start.strftime("%Y-%m-%d %H:%M:%S");
    format!(
        r#"{{"Username":"Admin","Site":"Security Operations","CommandParams":{{"Filter":[[{{"field":"Status","operator":"=","value":"Open"}}]],"Static Fields":["Incident Number","Title","Status","Severity","Owner"],"Start Time":"{start}","End Time":"2099-12-31 10:15:00","Page Index":0,"Page Size":{page}}}}}"#
    )
}

impl Load {
    /// Makes the calls in a process of its own, so that the server's processor time is the server's alone.
    pub fn measure(&self) -> LoadResult {
        let load = serde_json::to_string(self).expect("JSON");
        let program = std::env::current_exe().expect("this program");
        let output = Process::new(program).args(["load", &load]).output().expect("the load's process");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("the load's figures")
    }

    /// Makes the calls.
    pub async fn run(self) -> LoadResult {
        let schedule = Arc::new(CallSchedule {
            due: Semaphore::new(0),
            next: AtomicU32::new(0),
            total: self.rate.map_or(u32::MAX, |rate| rate * self.seconds),
        });
        let mut connections = Vec::new();
        for _ in 0..self.connections {
            connections.push(connect(&self.server).await);
        }
        let begun = Instant::now();
        if let Some(rate) = self.rate {
            let (schedule, callers) = (Arc::clone(&schedule), self.connections);
            std::thread::spawn(move || schedule.keep_pace(begun, rate, callers));
        }
        let load = Arc::new(self);
        let callers: Vec<_> = connections
            .into_iter()
            .map(|connection| tokio::spawn(call(connection, Arc::clone(&load), Arc::clone(&schedule), begun)))
            .collect();
        let mut latencies = Vec::new();
        for caller in callers {
            latencies.extend(caller.await.expect("a caller"));
        }
        let seconds = begun.elapsed().as_secs_f64();
        latencies.sort_unstable();
        let at = |part: usize| latencies[(latencies.len() * part / 100).min(latencies.len() - 1)];
        let calls = u32::try_from(latencies.len()).expect("fewer calls than 2^32");
        LoadResult { calls, per_second: f64::from(calls) / seconds, p50: at(50), p99: at(99) }
    }
}

/// The due times of calls.
struct CallSchedule {
    /// One permit for each due call.
    due: Semaphore,
    next: AtomicU32,
    total: u32,
}

impl CallSchedule {
    /// Gives each call its permit in time. A thread's sleep is more exact than a timer of tokio, which counts
    /// milliseconds.
    fn keep_pace(&self, begun: Instant, rate: u32, callers: u32) {
        for number in 0..self.total {
            std::thread::sleep(due_at(begun, rate, number).saturating_duration_since(Instant::now()));
            self.due.add_permits(1);
        }
        // Tell each caller that no call is left.
        self.due.add_permits(callers as usize);
    }
}

fn due_at(begun: Instant, rate: u32, number: u32) -> Instant {
    begun + Duration::from_secs(1) * number / rate
}

async fn connect(server: &str) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(server).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket's option");
    let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a connection");
    tokio::spawn(connection);
    sender
}

/// Makes calls one after the other; returns their latencies in microseconds.
async fn call(
    mut connection: SendRequest<Full<Bytes>>,
    load: Arc<Load>,
    schedule: Arc<CallSchedule>,
    begun: Instant,
) -> Vec<u64> {
    let mut latencies = Vec::new();
    loop {
        if load.rate.is_some() {
            schedule.due.acquire().await.expect("a permit").forget();
        }
        let number = schedule.next.fetch_add(1, Ordering::Relaxed);
        let due = match load.rate {
            Some(rate) => due_at(begun, rate, number),
            None => Instant::now(),
        };
        let is_over = begun.elapsed() >= Duration::from_secs(load.seconds.into());
        if number >= schedule.total || (load.rate.is_none() && is_over) {
            return latencies;
        }
        let request = Request::post(PATH)
            .header("host", &load.server)
            .header("content-type", "application/json")
            .header("d3key", &load.key)
            .body(Full::from(body(load.page, number)))
            .expect("a request");
        let answer = connection.send_request(request).await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.into_body().collect().await.expect("a body");
        latencies.push(u64::try_from(due.elapsed().as_micros()).expect("less than an age"));
    }
}
