//! The README's script for a daily export, run unchanged.

use std::fs;
use std::path::Path;
use std::process::{Command as Process, Output};

use crate::support::SimulatorProcess;

/// The shell script under the README's heading.
fn recipe() -> String {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap();
    let (_, section) = readme.split_once("### A daily export\n").expect("the README has the section");
    let (_, script) = section.split_once("```sh\n").unwrap();
    script.split_once("```").unwrap().0.to_owned()
}

fn run(home: &Path) -> Output {
    let bin = Path::new(env!("CARGO_BIN_EXE_footprint")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", bin.display());
    Process::new("sh").args(["-c", &recipe()]).env_clear().env("HOME", home).env("PATH", path).output().unwrap()
}

#[test]
fn the_daily_export_writes_a_whole_file_in_silence_and_keeps_it_when_the_next_one_is_not() {
    let simulator = SimulatorProcess::start(&["--no-oddities", "--fault", "devices short-page skip=3"]);
    let home = tempfile::tempdir().unwrap();
    let (user, password) = simulator.user("administrator");
    let configuration = home.path().join(".config/footprint");
    fs::create_dir_all(&configuration).unwrap();
    fs::create_dir(home.path().join("exports")).unwrap();
    fs::write(configuration.join("password"), password).unwrap();
    let profile = format!(
        "[profiles.export]\nserver-url = \"{}\"\nuser-name = \"{user}\"\npassword-file = \"password\"\n",
        simulator.url()
    );
    fs::write(configuration.join("profiles.toml"), profile).unwrap();
    let output = run(home.path());
    assert!(output.status.success() && output.stderr.is_empty() && output.stdout.is_empty(), "{output:?}");
    let exported = || {
        let files = fs::read_dir(home.path().join("exports")).unwrap().map(|entry| entry.unwrap().path());
        let csv: Vec<_> = files.filter(|path| path.extension().is_some_and(|ending| ending == "csv")).collect();
        assert_eq!(csv.len(), 1, "{csv:?}");
        fs::read_to_string(&csv[0]).unwrap()
    };
    let whole = exported();
    assert_eq!(whole.lines().count(), 251);
    let output = run(home.path());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("missing") && told.contains("is not written"), "{told}");
    assert_eq!(exported(), whole, "the whole file of before stays");
}
