//! Output is complete or marked as incomplete: files, --strict, Ctrl-C, and rows that wait for no buffer.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use crate::support::{SimulatorProcess, ended};

/// The binary as a process beside the test.
fn beside(simulator: &SimulatorProcess, arguments: &[&str]) -> std::process::Child {
    let (user, password) = simulator.user("administrator");
    Process::new(env!("CARGO_BIN_EXE_footprint"))
        .args(arguments)
        .env_clear()
        .env("FOOTPRINT_SERVER_URL", simulator.url())
        .env("FOOTPRINT_USER_NAME", user)
        .env("FOOTPRINT_PASSWORD", password)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A simulator whose second page takes a minute.
fn stuck_on_page_two() -> SimulatorProcess {
    SimulatorProcess::start(&["--fault", "devices delay=60s page=2"])
}

#[test]
fn a_file_is_replaced_only_by_a_whole_one() {
    let simulator = SimulatorProcess::start(&["--no-oddities", "--fault", "devices status=500 skip=4"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("devices.csv");
    let path = file.display().to_string();
    let read = || ended(simulator.footprint(["run", "list-devices", "--all-pages", "--output-file", &path]));
    let (code, out, error) = read();
    assert_eq!((code, out.as_str()), (0, ""), "{error}");
    let whole = fs::read_to_string(&file).unwrap();
    assert_eq!(whole.lines().count(), 251);
    let (code, _, error) = read();
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("devices.csv is not written: the output is incomplete."), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), whole, "the file of before stays");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
}

#[test]
fn the_file_s_name_says_how_it_is_written_and_only_its_owner_reads_it() {
    let simulator = SimulatorProcess::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    for (name, start) in [("a.csv", "ID,Name,"), ("a.ndjson", "{"), ("a.json", "{\"returnData\""), ("a", "ID ")] {
        let file = folder.path().join(name);
        let path = file.display().to_string();
        let (code, out, error) = ended(simulator.footprint(["run", "list-devices", "--output-file", &path]));
        assert_eq!((code, out.as_str()), (0, ""), "{error}");
        assert!(fs::read_to_string(&file).unwrap().starts_with(start), "{name}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
    let (code, _, error) = ended(simulator.footprint(["run", "list-devices", "--output-file", "/nowhere/a.csv"]));
    assert_eq!(code, 2);
    assert_eq!(error, "error: The file /nowhere/a.csv cannot be written: No such file or directory (os error 2).\n");
}

#[test]
fn missing_rows_are_a_failure_with_strict_and_a_warning_without() {
    let simulator = SimulatorProcess::start(&["--fault", "devices short-page page=2"]);
    let read = |flags: &[&'static str]| {
        let arguments = ["run", "list-devices", "--all-pages", "--output", "csv"].into_iter();
        ended(simulator.footprint(arguments.chain(flags.iter().copied())))
    };
    let (code, _, error) = read(&[]);
    assert!(code == 0 && error.contains("warning: ") && error.contains("missing"), "{error}");
    let (code, _, error) = read(&["--strict"]);
    assert!(code == 1 && error.contains("Rows are missing, and --strict makes that a failure."), "{error}");
}

#[test]
fn rows_reach_their_reader_while_the_next_page_is_waited_for() {
    let simulator = stuck_on_page_two();
    for output in ["csv", "ndjson"] {
        let mut child = beside(&simulator, &["run", "list-devices", "--all-pages", "--output", output]);
        let begun = Instant::now();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty() && begun.elapsed() < Duration::from_secs(30), "{output}: {line}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_writes_what_is_there_and_says_that_it_is_not_whole() {
    let simulator = stuck_on_page_two();
    let mut child = beside(&simulator, &["run", "list-devices", "--all-pages", "--output", "ndjson"]);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut rows = String::new();
    out.read_line(&mut rows).unwrap();
    let killed = Process::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    out.read_to_string(&mut rows).unwrap();
    let mut error = String::new();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{error}");
    assert_eq!(rows.lines().count(), 100, "the whole first page");
    assert!(error.contains("Code: cancelled"), "{error}");
    assert!(error.contains("The output is incomplete: it ends where the command failed."), "{error}");
}
