//! `footprint simulate`: its output once it listens, and its refusals.

use crate::support::{SimulatorProcess, ended, footprint, outcome, redacted};

#[test]
fn it_prints_its_url_users_and_tenants_as_one_line_of_json() {
    let simulator = SimulatorProcess::start(&["--tenants", "2"]);
    assert!(simulator.url().starts_with("http://127.0.0.1:"));
    let users = simulator.ready["users"].as_array().unwrap();
    for member in ["user_name", "password", "role"] {
        assert!(users.iter().all(|user| user[member].as_str().is_some_and(|text| !text.is_empty())), "{member}");
    }
    let keys = users.iter().filter(|user| user["api_key"].as_str().unwrap().starts_with("fpk_"));
    assert_eq!((keys.count(), users.len()), (7, 9));
    assert!(simulator.ready.get("authority").is_none());
    let tenants = simulator.ready["tenants"].as_array().unwrap();
    assert!(tenants.len() == 2 && tenants.iter().all(|tenant| tenant["id"].is_u64() && tenant["name"].is_string()));
}

#[test]
fn the_same_seed_and_sizes_make_the_same_data() {
    let devices = |seed: &str| {
        let simulator = SimulatorProcess::start(&["--seed", seed, "--devices", "5", "--vulnerabilities", "2"]);
        outcome(simulator.footprint(["run", "List Devices", "--output", "json", "--show", "raw"])).1
    };
    assert_eq!(devices("7"), devices("7"));
    assert_ne!(devices("7"), devices("8"));
}

#[test]
fn faults_strike_as_they_are_written() {
    let simulator = SimulatorProcess::start(&["--fault", "scanners html", "--fault", "devices status=402"]);
    let (code, _, error) = ended(simulator.footprint(["run", "List Scanners"]));
    assert!(code == 1 && error.contains("Code: html-reply"), "{error}");
    let (code, _, error) = ended(simulator.footprint(["run", "List Devices"]));
    assert!(code == 1 && error.contains("Code: trial-expired"), "{error}");
}

#[test]
fn what_it_cannot_be_is_wrong_use() {
    let wrong: [(&[&str], &str); 4] = [
        (&["--generation", "future"], "use `legacy`, `middle` or `current`"),
        (&["--devices", "900001"], "--devices is 900001, but must be from 0 to 900000."),
        (&["--fault", "devices explode"], "no kind of fault is called `explode`"),
        (&["--listen", "localhost"], "expected an IP address and a port, such as 127.0.0.1:8080"),
    ];
    for (arguments, problem) in wrong {
        let (code, _, error) = ended(footprint(["simulate"].iter().chain(arguments).copied()));
        assert!(code == 2 && error.contains(problem), "{error}");
    }
}

#[test]
fn an_address_in_use_is_a_failure_that_says_so() {
    let simulator = SimulatorProcess::start(&[]);
    let address = simulator.url().trim_start_matches("http://");
    let (code, _, error) = ended(footprint(["simulate", "--listen", address]));
    assert!(code == 1 && error.contains(&format!("cannot listen on {address}: ")), "{error}");
    assert!(error.contains("Choose another port, or --listen 127.0.0.1:0 for a free one."), "{error}");
}

#[test]
fn with_tls_its_certificate_is_of_the_authority_that_it_prints() {
    let simulator = SimulatorProcess::start(&["--tls"]);
    assert!(simulator.url().starts_with("https://127.0.0.1:"));
    let (code, _, error) = ended(simulator.footprint(["test"]));
    assert!(code == 1 && error.contains("certificate"), "{error}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), simulator.ready["authority"].as_str().unwrap()).unwrap();
    let mut command = simulator.footprint(["test"]);
    command.env("FOOTPRINT_CA_FILE", file.path());
    let (code, out, error) = ended(command);
    assert_eq!(code, 0, "{out}{error}");
}

#[cfg(unix)]
#[test]
fn the_signal_of_service_managers_ends_it_in_order() {
    let mut simulator = SimulatorProcess::start(&[]);
    let process = simulator.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
    assert_eq!(simulator.child.wait().unwrap().code(), Some(0));
}

/// The output for a person until it listens, and the process.
#[cfg(unix)]
fn introduced(arguments: &[&str]) -> (String, std::process::Child) {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_footprint"))
        .arg("simulate")
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut shown = String::new();
    for line in lines {
        shown.push_str(&format!("{line}\n"));
        if line == "Ctrl-C ends it." {
            break;
        }
    }
    (shown, child)
}

#[cfg(unix)]
#[test]
fn a_person_gets_tables_and_lines_to_paste() {
    let (shown, mut child) = introduced(&["--tenants", "12"]);
    child.kill().unwrap();
    child.wait().unwrap();
    insta::assert_snapshot!(redacted(&shown));
}

#[cfg(unix)]
#[test]
fn with_tls_the_lines_to_paste_save_the_authority_and_connect() {
    let (shown, mut child) = introduced(&["--tls"]);
    let folder = tempfile::tempdir().unwrap();
    let (_, lines) = shown.split_once("In another terminal:\n").unwrap();
    let script = lines.replace("Ctrl-C ends it.", "");
    let mut shell = assert_cmd::Command::new("bash");
    shell.env_clear().current_dir(folder.path()).env("PATH", std::env::var_os("PATH").unwrap());
    // Scripts expand aliases only with this option.
    let (code, out, error) = ended({
        shell.args(["-e", "-O", "expand_aliases"]).write_stdin(script);
        shell
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(code == 0 && out.contains("LAPTOP"), "{out}{error}");
}
