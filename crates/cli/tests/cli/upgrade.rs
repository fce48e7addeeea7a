//! Instances of version 0.1.0 open under this version with all their data. `tests/fixtures/0.1.0` describes how they
//! were created.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use soar_store::testing::PostgresServer;

use crate::instance::{HostProcess, Instance};
use crate::support::{SimulatorProcess, ended};

/// The address in the fixtures' connections. The simulator's address replaces it.
const VENDOR: &str = "127.0.0.1:47600";

/// How long a schedule may take to run on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A copy of an instance of version 0.1.0.
struct Old {
    fixture: PathBuf,
    instance: Instance,
    /// The keys and the token that 0.1.0 created, and the answer that it kept.
    callers: Value,
    vendor_password: String,
}

impl Old {
    fn both(simulator: &SimulatorProcess) -> [Self; 2] {
        ["sqlite", "postgres"].map(|engine| Self::on(engine, simulator))
    }

    fn on(engine: &str, simulator: &SimulatorProcess) -> Self {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/0.1.0").join(engine);
        let vendor = simulator.url().trim_start_matches("http://");
        let read = |name: &str| std::fs::read(fixture.join(name)).unwrap();
        let mut files: Vec<_> = ["host.toml", "sealing.key"].into_iter().map(|name| (name, read(name))).collect();
        let mut store = None;
        if engine == "sqlite" {
            assert_eq!(vendor.len(), VENDOR.len(), "another length would change the file's layout");
            files.push(("host.db", replaced(read("host.db"), VENDOR.as_bytes(), vendor.as_bytes())));
        } else {
            let address = PostgresServer::shared().new_database();
            let dump = String::from_utf8(read("host.sql")).unwrap().replace(VENDOR, vendor);
            PostgresServer::shared().load_dump(&address, &dump);
            store = Some(address);
        }
        let callers = serde_json::from_slice(&read("callers.json")).unwrap();
        let vendor_password = simulator.user("administrator").1.to_owned();
        Self { instance: Instance::of_files(store, files), fixture, callers, vendor_password }
    }

    fn caller(&self, name: &str) -> &str {
        self.callers[name].as_str().unwrap()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.fixture.join(name)).unwrap()
    }

    /// All output of 0.1.0 must be in today's output, which may have more.
    fn assert_all_shown(&self) {
        let shown: Vec<Value> = serde_json::from_str(&self.read("shown.json")).unwrap();
        for one in shown {
            let arguments: Vec<_> =
                one["arguments"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
            let now = self.instance.json(arguments.iter().copied());
            assert!(holds(&now, &one["shown"]), "{arguments:?}: {now:#} does not hold {:#}", one["shown"]);
        }
    }

    /// The index of words did not exist in 0.1.0.
    fn assert_all_found_by_their_words(&self) {
        let incidents = self.read("incidents.ndjson");
        assert!(incidents.lines().count() > 0);
        for line in incidents.lines() {
            let incident: Value = serde_json::from_str(line).unwrap();
            let (number, title) = (incident["number"].as_str().unwrap(), incident["title"].as_str().unwrap());
            let found = self.instance.json(["incident", "list", "--text", &format!("{number} {title}")]);
            assert!(found.to_string().contains(number), "{number} is not found by {title}: {found}");
        }
    }

    /// Tests a connection, with its referenced password in the environment.
    fn assert_passes(&self, connection: &str, site: &str) {
        let mut command = self.instance.footprint(["connection", "test", connection, "--site", site]);
        command.env("FOOTPRINT_SECRET_VAULTED", &self.vendor_password);
        let (code, out, error) = ended(command);
        assert!(code == 0 && out == "✔ Passed\n", "{connection}: {out}{error}");
    }

    fn nightly_runs(&self) -> usize {
        let log = self.instance.json(["schedule", "log", "Nightly", "--site", "Security Operations"]);
        log.as_array().unwrap().iter().filter(|run| run.to_string().contains("Successful")).count()
    }
}

fn replaced(content: Vec<u8>, old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut content = content;
    for at in 0..=content.len() - old.len() {
        if content[at..].starts_with(old) {
            content[at..at + old.len()].copy_from_slice(new);
        }
    }
    content
}

/// Whether `now` has all that `before` has: each member of an object, and each element of a list. An absent member says the
/// same as null.
fn holds(now: &Value, before: &Value) -> bool {
    match (now, before) {
        (Value::Object(now), Value::Object(before)) => {
            before.iter().all(|(name, value)| holds(now.get(name).unwrap_or(&Value::Null), value))
        }
        (Value::Array(now), Value::Array(before)) => {
            before.iter().all(|before| now.iter().any(|now| holds(now, before)))
        }
        (Value::String(now), Value::String(before)) if before.contains(VENDOR) => now.starts_with("http://127.0.0.1:"),
        _ => now == before,
    }
}

#[test]
fn all_that_an_instance_of_0_1_0_holds_is_shown_and_exported() {
    let simulator = SimulatorProcess::start(&[]);
    for old in Old::both(&simulator) {
        old.assert_all_shown();
        let exported = old.instance.successful(["incident", "export", "--format", "ndjson"]);
        for (now, before) in exported.lines().zip(old.read("incidents.ndjson").lines()) {
            let (now, before): (Value, Value) =
                (serde_json::from_str(now).unwrap(), serde_json::from_str(before).unwrap());
            assert!(holds(&now, &before), "{now} does not hold {before}");
        }
        assert_eq!(exported.lines().count(), old.read("incidents.ndjson").lines().count());
        old.assert_all_found_by_their_words();
        assert_eq!(old.instance.successful(["case", "export", "--format", "ndjson"]), old.read("cases.ndjson"));
    }
}

/// Status and body of a call of Get Incidents under a header.
fn get_incidents(served: &HostProcess, header: &str, value: &str, user: &str) -> (u16, Value) {
    let url = format!("{}GetIncidents", served.ready["commands"].as_str().unwrap());
    let times = json!({ "Start Time": "2000-01-01 00:00:00", "End Time": "2099-12-31 00:00:00" });
    let body = json!({ "Username": user, "Site": "Security Operations", "CommandParams": times });
    post(&url, &[(header, value)], body.to_string())
}

fn post(url: &str, headers: &[(&str, &str)], body: String) -> (u16, Value) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let request = reqwest::Client::new().post(url).header("content-type", "application/json").body(body);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    })
}

#[test]
fn keys_answers_secrets_and_schedules_of_0_1_0_work() {
    let simulator = SimulatorProcess::start(&[]);
    for old in Old::both(&simulator) {
        let served = old.instance.serve();
        for (header, value, user) in [
            ("d3key", old.caller("key"), "Admin"),
            ("d3key", old.caller("playbooks"), "max"),
            ("d3jwt", old.caller("token"), "Admin"),
        ] {
            let (status, body) = get_incidents(&served, header, value, user);
            assert_eq!((status, &body["returnData"]), (200, &json!("Successful")), "{header} of {user}: {body}");
            assert_eq!(body["contextData"].as_array().map(Vec::len), Some(2), "{body}");
        }
        let unknown = old.caller("key").replace("d3k_", "d3k_0");
        assert_eq!(get_incidents(&served, "d3key", &unknown, "Admin").0, 401);
        let (_, other) = served.call(
            "ListDevices",
            old.caller("playbooks"),
            json!({ "Username": "max", "Site": "Security Operations" }),
        );
        assert!(other["error"].as_str().unwrap().contains("may not be used for the command"), "{other}");

        // The answer that was kept before the upgrade is repeated, and nothing is done twice.
        let url = format!("{}CloseIncidentInBulk", served.ready["commands"].as_str().unwrap());
        let headers = [("d3key", old.caller("key")), ("idempotency-key", "old-close")];
        let answer: Value = serde_json::from_str(old.caller("answer")).unwrap();
        assert_eq!(post(&url, &headers, old.caller("body").to_owned()), (200, answer));
        assert_eq!(old.instance.json(["incident", "show", "OLD-3"])["conclusion"], "Closed once.");

        old.assert_passes("Sealed", "Security Operations");
        old.assert_passes("Vaulted", "Acme Corp");
        old.assert_passes("Sealed", "TenantSite");

        let (before, begun) = (old.nightly_runs(), Instant::now());
        assert!(before > 0);
        old.instance.successful(["schedule", "run", "Nightly", "--site", "Security Operations"]);
        while old.nightly_runs() == before {
            assert!(begun.elapsed() < TIMEOUT, "the schedule did not run");
            std::thread::sleep(Duration::from_millis(200));
        }
        drop(served);
        // A rotation opens every sealed secret: three passwords, the JWT key, the instance's private key, and its
        // common secrets with its master and its tenant.
        let rotated = old.instance.json(["connection", "rotate-key"]);
        assert_eq!(rotated["resealed"], 7, "{rotated}");
        old.assert_passes("Sealed", "Security Operations");
    }
}

#[test]
fn master_and_tenant_of_0_1_0_still_trust_each_other() {
    let simulator = SimulatorProcess::start(&[]);
    let [sqlite, postgres] = Old::both(&simulator);
    for (master, tenant) in [(&sqlite, &postgres), (&postgres, &sqlite)] {
        let served = tenant.instance.serve();
        master.instance.successful(["tenant", "change", "Other", "--url", served.url()]);
        let site = ["--site", "Security Operations"];
        let change = ["connection", "change", "Sealed", "--description", "Changed after the upgrade"];
        master.instance.successful(change.into_iter().chain(site));
        let sync = ["utility", "sync-connection", "--site", "Security Operations", "--sync-all-shared"];
        let to = ["--tenant-region", "AMER", "--tenant-name", "Other", "--tenant-site", "TenantSite"];
        master.instance.successful(sync.into_iter().chain(to));
        let received = tenant.instance.json(["connection", "show", "Sealed", "--site", "TenantSite"]);
        assert_eq!(received["description"], "Changed after the upgrade");
    }
}
