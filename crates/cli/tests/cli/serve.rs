//! `footprint serve`: its first output, its end, and the faults that keep it from starting.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::instance::Instance;
use crate::support::{ended, redacted};

#[test]
fn a_program_gets_one_line_of_json() {
    let instance = Instance::new();
    let served = instance.serve();
    let url = served.ready["url"].as_str().unwrap();
    assert!(url.starts_with("http://127.0.0.1:") && !url.ends_with(":0"), "{url}");
    assert_eq!(served.ready["commands"], format!("{url}/VSOC/api/Command/"));
}

#[test]
fn a_person_reads_first_where_it_listens() {
    let instance = Instance::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_footprint"))
        .env_clear()
        .env("FOOTPRINT_INSTANCE", instance.path())
        .arg("serve")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut shown = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        shown.push_str(&format!("{}\n", line.unwrap()));
        if shown.ends_with("Ctrl-C ends it.\n") {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    insta::assert_snapshot!(redacted(&shown.replace(&instance.path().display().to_string(), "[instance]")));
}

#[cfg(unix)]
#[test]
fn the_signal_of_service_managers_ends_it_in_order() {
    for instance in Instance::on_both() {
        let mut served = instance.serve();
        let process = served.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
        assert_eq!(served.child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn what_keeps_it_from_starting_is_said_with_what_to_do() {
    let instance = Instance::new();
    let served = instance.serve();
    let address = served.ready["url"].as_str().unwrap().trim_start_matches("http://");
    let error = instance.refused(1, ["serve", "--listen", address]);
    assert!(error.contains(&format!("cannot listen on {address}")) && error.contains("another address"), "{error}");
    let error = instance.refused(2, ["serve", "--listen", "0.0.0.0:0"]);
    assert!(error.contains("without TLS"), "{error}");
    let settings = instance.path().join("host.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, format!("{text}\nrequests-per-second = \"canary\"\n")).unwrap();
    let error = instance.refused(2, ["serve"]);
    assert!(error.contains("requests-per-second") && !error.contains("canary"), "{error}");
    std::fs::write(&settings, text).unwrap();
    let key = instance.path().join("sealing.key");
    std::fs::rename(&key, instance.path().join("elsewhere")).unwrap();
    let error = instance.refused(1, ["serve"]);
    assert!(error.contains("sealing.key cannot be read"), "{error}");
    let mut nowhere = crate::support::footprint(["serve"]);
    nowhere.env("FOOTPRINT_INSTANCE", instance.beside("nowhere"));
    let (code, _, error) = ended(nowhere);
    assert!(code == 2 && error.contains("Create one with `footprint init`"), "{error}");
}

#[test]
fn the_key_of_the_keyring_that_sealed_something_must_be_there() {
    let instance = Instance::new();
    instance.successful(["key", "add", "portal", "--jwt"]);
    std::fs::remove_file(instance.path().join("sealing.key")).unwrap();
    let other = Instance::new();
    std::fs::copy(other.path().join("sealing.key"), instance.path().join("sealing.key")).unwrap();
    let error = instance.refused(1, ["serve"]);
    assert!(error.contains("which is not in the keyring"), "{error}");
}

#[test]
fn what_is_changed_beside_it_counts_at_once() {
    let instance = Instance::new();
    let served = instance.serve();
    instance.successful(["user", "add", "alice", "--role", "Analyst"]);
    let key = instance.successful(["key", "add", "hers", "--owner", "alice"]);
    let call = || {
        let parameters = json!({ "IncidentType": "Phishing" });
        let body = json!({ "Username": "alice", "Site": "Security Operations", "CommandParams": parameters });
        served.call("CreateAnIncident", key.trim_end(), body)
    };
    let begun = std::time::Instant::now();
    while call().0 != 200 {
        assert!(begun.elapsed().as_secs() < 5, "the host never noticed the key");
    }
    assert_eq!(instance.json(["incident", "list", "--owner", "System"])[0]["incidentType"], "Phishing");
}

#[test]
fn a_limit_of_all_callers_that_is_met_is_in_the_log_once_a_minute() {
    let instance = Instance::new();
    let log = instance.file("log", "");
    let served = instance.serve_after("", &log);
    // The rest of the file does not come.
    let head = format!(
        "POST /api/manage/v1/transfer/incidents HTTP/1.1\r\nHost: x\r\nd3key: {}\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\n\r\n[",
        instance.made["key"].as_str().unwrap()
    );
    let (mut arriving, mut refused) = (Vec::new(), 0);
    while refused < 3 {
        assert!(arriving.len() < 5, "four files may arrive at once");
        let mut stream = TcpStream::connect(served.url().trim_start_matches("http://")).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let mut said = [0; 12];
        match stream.read_exact(&mut said) {
            Ok(()) => {
                assert_eq!(said, *b"HTTP/1.1 503");
                refused += 1;
            }
            Err(_) => arriving.push(stream),
        }
    }
    let log = std::fs::read_to_string(log).unwrap();
    let told = "The limit of files that arrive at once is met. Calls beyond it are answered 503";
    assert_eq!(log.matches(told).count(), 1, "{log}");
}
