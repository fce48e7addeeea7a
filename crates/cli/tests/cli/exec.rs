//! `footprint exec`: requests on standard input, outcomes on standard output, and clients that misbehave.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::json_schema::JsonSchema;
use crate::support::{SimulatorProcess, ended, footprint};

/// A running `footprint exec`. Dropping it ends the process.
struct Exec {
    child: Child,
    input: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Exec {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_footprint"))
            .env_clear()
            .arg("exec")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { input: child.stdin.take(), answers, child }
    }

    fn send(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        assert!(self.answers.read_line(&mut line).unwrap() > 0, "no further answer");
        serde_json::from_str(&line).unwrap()
    }

    /// Ends the input. Returns the answers by their line, and the exit code.
    fn end(mut self) -> (BTreeMap<u64, Value>, i32) {
        drop(self.input.take());
        let mut answers = BTreeMap::new();
        for line in self.answers.by_ref().lines() {
            let answer: Value = serde_json::from_str(&line.unwrap()).unwrap();
            let twice = answers.insert(answer["line"].as_u64().unwrap(), answer);
            assert!(twice.is_none(), "a line was answered twice: {twice:?}");
        }
        (answers, self.child.wait().unwrap().code().unwrap())
    }

    /// The peak resident memory in MiB.
    fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    }
}

impl Drop for Exec {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn settings(simulator: &SimulatorProcess) -> Value {
    let (user, password) = simulator.user("administrator");
    json!({"Server URL": simulator.url(), "User Name": user, "Password": password, "Requests per Second": 10000})
}

fn code(answer: &Value) -> &str {
    answer["outcome"]["error"]["code"].as_str().unwrap_or("none")
}

fn schema(which: &str) -> JsonSchema {
    let (status, text, _) = ended(footprint(["exec", "--schema", which]));
    assert_eq!(status, 0);
    JsonSchema::of(&serde_json::from_str(&text).unwrap())
}

#[test]
fn each_line_gets_one_outcome_and_no_bad_line_ends_the_process() {
    let simulator = SimulatorProcess::start(&[]);
    let mut exec = Exec::start(&[]);
    let good = json!({"id": "good", "command": "List Devices", "parameters": {"Page": 1}});
    let lines = [
        // No connection is known yet.
        (json!({"id": 1, "command": "List Devices"}).to_string(), "no-connection"),
        (json!({"settings": settings(&simulator)}).to_string(), ""),
        (good.to_string(), "none"),
        ("{\"id\": 4, \"command\"".to_owned(), "broken-line"),
        ("not json \u{1b}[31m".to_owned(), "broken-line"),
        ("[]".to_owned(), "broken-line"),
        (json!({"id": 7, "command": "Lst Devices"}).to_string(), "unknown-command"),
        (json!({"id": 8, "command": "List Devices", "parameters": {"Page": "x"}}).to_string(), "invalid-parameter"),
        (json!({"id": 9, "command": "List Devices", "parameters": {"Pge": 1}}).to_string(), "unknown-parameter"),
        (json!({"id": 10, "command": "List Devices", "parameters": []}).to_string(), "broken-line"),
        (json!({"id": 11, "command": "List Devices", "profile": "nope"}).to_string(), "invalid-settings"),
        (json!({"id": 12, "command": "List Devices", "settings": {"Server": "x"}}).to_string(), "invalid-settings"),
        (json!({"cancel": "never sent"}).to_string(), "not-under-way"),
        (json!({"id": 14, "command": "Patch Rescan", "parameters": {"Scanner ID": "101"}}).to_string(), "none"),
    ];
    let request_schema = schema("request");
    for (line, expected) in &lines {
        exec.send(line);
        let of_schema = serde_json::from_str(line).is_ok_and(|line: Value| request_schema.fault(&line).is_none());
        assert_eq!(of_schema, *expected != "broken-line", "{line}");
    }
    let (answers, status) = exec.end();
    assert_eq!(status, 0);
    let answer_schema = schema("answer");
    for (number, (line, expected)) in (1_u64..).zip(&lines) {
        let Some(answer) = answers.get(&number) else {
            assert_eq!(*expected, "", "{line} has no answer");
            continue;
        };
        assert_eq!(code(answer), *expected, "{line}: {answer}");
        assert_eq!(answer_schema.fault(answer), None);
        let outcome = &answer["outcome"];
        if *expected != "none" {
            let is_told = |part: &str| outcome["error"][part].as_str().is_some_and(|text| !text.is_empty());
            assert!(is_told("message") && is_told("cause") && is_told("cure"), "{outcome}");
            assert_eq!(outcome["returnData"], "Failed");
        }
    }
    assert_eq!(answers[&3]["id"], "good");
    // A line that is JSON keeps its id, whatever else is wrong with it.
    assert_eq!((&answers[&10]["id"], &answers[&4]["id"]), (&json!(10), &Value::Null));
    assert!(answers[&3]["outcome"]["contextData"].as_array().is_some_and(|rows| !rows.is_empty()));
}

#[test]
fn a_line_of_100_mb_is_refused_without_being_kept_and_the_next_line_is_answered() {
    let simulator = SimulatorProcess::start(&[]);
    let mut exec = Exec::start(&[]);
    exec.send(&json!({"settings": settings(&simulator)}).to_string());
    let megabyte = "x".repeat(1_000_000);
    for _ in 0..100 {
        write!(exec.input.as_mut().unwrap(), "{megabyte}").unwrap();
    }
    exec.send("");
    let refused = exec.answer();
    assert_eq!((code(&refused), &refused["line"], &refused["id"]), ("line-too-long", &json!(2), &Value::Null));
    exec.send(&json!({"id": 1, "command": "List Tenants"}).to_string());
    let answered = exec.answer();
    assert_eq!((code(&answered), &answered["line"]), ("none", &json!(3)));
    assert!(exec.peak_memory() < 96, "{} MiB", exec.peak_memory());
}

#[test]
fn requests_of_one_connection_share_one_session_and_other_settings_have_their_own() {
    let simulator = SimulatorProcess::start(&[]);
    let mut exec = Exec::start(&[]);
    let (user, password) = simulator.user("reporting");
    let other = json!({"password": password, "server-url": simulator.url(), "user name": user});
    let same = json!({"User Name": user, "Password": password, "Server URL": simulator.url()});
    exec.send(&json!({"settings": settings(&simulator)}).to_string());
    for id in 0..100 {
        let request = json!({"id": id, "command": "List Tenants"});
        let with = |settings: &Value| json!({"id": id, "command": "List Tenants", "settings": settings});
        exec.send(&[request, with(&other), with(&same), with(&same)][id % 4].to_string());
    }
    let (answers, _) = exec.end();
    assert!(answers.values().all(|answer| code(answer) == "none"));
    let requests: u64 = answers.values().map(|one| one["outcome"]["receipt"]["requests"].as_u64().unwrap()).sum();
    assert_eq!(requests, 102, "100 requests and one login for each of two connections");
}

#[test]
fn requests_start_in_the_order_of_their_lines() {
    let simulator = SimulatorProcess::start(&[]);
    let mut exec = Exec::start(&["--at-once", "1"]);
    exec.send(&json!({"settings": settings(&simulator)}).to_string());
    let ids: Vec<u64> = (0..200).collect();
    for id in &ids {
        exec.send(&json!({"id": id, "command": "List Tenants"}).to_string());
    }
    let started: Vec<u64> = ids.iter().map(|_| exec.answer()["id"].as_u64().unwrap()).collect();
    assert_eq!(started, ids);
}

#[test]
fn a_request_under_way_can_be_cancelled_and_its_id_is_taken_until_then() {
    let simulator = SimulatorProcess::start(&["--fault", "devices delay=60s", "--fault", "rescan delay=60s"]);
    let mut exec = Exec::start(&["--at-once", "2"]);
    exec.send(&json!({"settings": settings(&simulator)}).to_string());
    exec.send(&json!({"id": "read", "command": "List Devices"}).to_string());
    exec.send(&json!({"id": "read", "command": "List Tenants"}).to_string());
    let refused = exec.answer();
    assert_eq!((code(&refused), &refused["line"]), ("duplicate-id", &json!(3)));
    exec.send(&json!({"id": "write", "command": "Patch Rescan"}).to_string());
    // Both places are taken, so this request waits.
    exec.send(&json!({"id": "waiting", "command": "List Tenants"}).to_string());
    for (id, cure) in [("waiting", "Nothing was sent"), ("read", "It changes nothing")] {
        exec.send(&json!({"cancel": id}).to_string());
        let answer = exec.answer();
        assert_eq!((code(&answer), &answer["id"]), ("cancelled", &json!(id)));
        assert!(answer["outcome"]["error"]["cure"].as_str().unwrap().contains(cure), "{answer}");
    }
    // The place of the cancelled request is free again, and so is its id.
    exec.send(&json!({"id": "read", "command": "List Tenants"}).to_string());
    assert_eq!(code(&exec.answer()), "none");
    exec.send(&json!({"cancel": "write"}).to_string());
    let answer = exec.answer();
    assert!(answer["outcome"]["error"]["cure"].as_str().unwrap().contains("may have been carried out"), "{answer}");
    assert_eq!(answer["outcome"]["error"]["retryable"], false);
}

#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_goes_away_ends_the_process_and_the_requests_under_way_have_failed() {
    let simulator = SimulatorProcess::start(&["--fault", "devices delay=60s"]);
    for (under_way, status) in [(false, 0), (true, 1)] {
        let mut exec = Exec::start(&[]);
        exec.send(&json!({"settings": settings(&simulator)}).to_string());
        if under_way {
            exec.send(&json!({"id": 1, "command": "List Devices"}).to_string());
        }
        exec.send(&json!({"id": 2, "command": "List Tenants"}).to_string());
        assert_eq!(exec.answer()["id"], 2);
        // The reader of the answers is gone, while the input stays open and nothing is written.
        drop(std::mem::replace(&mut exec.answers, BufReader::new(nothing())));
        let gone = std::time::Instant::now();
        assert_eq!(exec.child.wait().unwrap().code(), Some(status));
        assert!(gone.elapsed() < Duration::from_secs(30));
    }
}

/// Standard output of another process.
#[cfg(target_os = "linux")]
fn nothing() -> ChildStdout {
    let mut child =
        Command::new(env!("CARGO_BIN_EXE_footprint")).arg("--version").stdout(Stdio::piped()).spawn().unwrap();
    let output = child.stdout.take().unwrap();
    child.wait().unwrap();
    output
}

#[test]
fn a_reader_that_stalls_stops_the_reading_of_requests_and_loses_no_answer() {
    const REQUESTS: u64 = 40_000;
    let simulator = SimulatorProcess::start(&[]);
    let mut exec = Exec::start(&[]);
    exec.send(&json!({"settings": settings(&simulator)}).to_string());
    let mut input = exec.input.take().unwrap();
    let (written, all_written) = mpsc::channel();
    let writer = std::thread::spawn(move || {
        for id in 0..REQUESTS {
            // Refused at once, so that only the reader limits the speed.
            writeln!(input, "{}", json!({"id": id, "command": "unknown"})).unwrap();
        }
        written.send(()).unwrap();
    });
    assert!(all_written.recv_timeout(Duration::from_secs(3)).is_err(), "all requests were read ahead");
    assert!(exec.peak_memory() < 200, "{} MiB", exec.peak_memory());
    let (answers, status) = exec.end();
    writer.join().unwrap();
    assert_eq!((answers.len() as u64, status), (REQUESTS, 0));
}

#[cfg(unix)]
#[test]
fn a_signal_cancels_the_requests_under_way_and_answers_each() {
    let simulator = SimulatorProcess::start(&["--fault", "devices delay=60s"]);
    let mut exec = Exec::start(&[]);
    exec.send(&json!({"settings": settings(&simulator)}).to_string());
    exec.send(&json!({"id": 1, "command": "List Tenants"}).to_string());
    exec.answer();
    exec.send(&json!({"id": 2, "command": "List Devices"}).to_string());
    exec.send(&json!({"id": 3, "command": "List Tenants"}).to_string());
    assert_eq!(exec.answer()["id"], 3);
    let kill = Command::new("kill").args(["-TERM", &exec.child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let answer = exec.answer();
    assert_eq!((code(&answer), &answer["id"]), ("cancelled", &json!(2)));
    assert_eq!(exec.child.wait().unwrap().code(), Some(1));
}

#[test]
fn secrets_come_with_the_requests_and_wrong_use_is_told_at_the_start() {
    let wrong: [(&[&str], &str); 3] = [
        (&["--password", "hunter2"], "There is no --password"),
        (&["--password-stdin"], "Standard input has the requests"),
        (&["--profile", "nope", "--profile-file", "/nonexistent"], "cannot be read"),
    ];
    for (arguments, problem) in wrong {
        let (code, _, error) = ended(footprint(["exec"].iter().chain(arguments).copied()));
        assert!(code == 2 && error.contains(problem) && !error.contains("hunter2"), "{arguments:?}: {error}");
    }
}
