//! The completions of a shell on Tab, and the syntax of the scripts in each shell.

use std::process::Command as Process;

use crate::instance::Instance;
use crate::support::{ended, footprint};

/// Bash's candidates for the last of `words`.
fn completed(instance: Option<&Instance>, words: &[&str]) -> Vec<String> {
    let mut command = footprint(["--", "footprint"]);
    command.args(words).env("FOOTPRINT_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    if let Some(instance) = instance {
        command.env("FOOTPRINT_INSTANCE", instance.path());
    }
    let (code, out, error) = ended(command);
    assert_eq!(code, 0, "{error}");
    out.lines().map(str::to_owned).collect()
}

#[test]
fn the_scripts_are_valid_in_their_shells() {
    for shell in ["bash", "zsh", "fish"] {
        let (code, script, _) = ended(footprint(["completions", shell]));
        assert_eq!(code, 0);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("script");
        std::fs::write(&file, &script).unwrap();
        let checked = Process::new(shell).arg("-n").arg(&file).output().expect("tests/run installs the shells");
        assert!(checked.status.success(), "{shell}: {}", String::from_utf8_lossy(&checked.stderr));
    }
}

#[test]
fn bash_completes_a_command_its_parameters_and_their_choices() {
    let folder = tempfile::tempdir().unwrap();
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_footprint")).parent().unwrap();
    let (_, script, _) = ended(footprint(["completions", "bash"]));
    let file = folder.path().join("script");
    std::fs::write(&file, script).unwrap();
    let typed = "source \"$1\"; COMP_WORDS=(footprint run list-technical-contexts -p risk-level=cr); COMP_CWORD=4; \
                 _clap_complete_footprint footprint risk-level=cr -p; echo \"${COMPREPLY[@]}\"";
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let output = Process::new("bash").args(["-c", typed, "bash"]).arg(&file).env("PATH", path).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "risk-level=Critical\n", "{output:?}");
}

#[test]
fn names_of_the_connector_are_completed() {
    assert_eq!(completed(None, &["run", "list-sc"]), ["list-scanners", "list-scan-surfaces", "list-scans"]);
    let given = completed(None, &["run", "list-devices", "--param", ""]);
    assert_eq!(given, ["filter=", "page-size=", "page=", "all-pages=Yes", "all-pages=No", "footprint-tenant-id="]);
    assert_eq!(completed(None, &["utility", "create-an-incident", "--severity", "Hi"]), ["High"]);
    assert_eq!(completed(None, &["run", "list-devices", "--output", "nd"]), ["ndjson"]);
    let flags = completed(None, &["run", "--password"]);
    assert_eq!(flags, ["--password-file", "--password-stdin"], "no flag is offered that is refused");
    let flags = completed(None, &["utility", "link-incidents-to-new-case", "--case-owner"]);
    assert_eq!(flags, ["--case-owners-site"]);
}

#[test]
fn profiles_are_completed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("profiles.toml");
    std::fs::write(&file, "[profiles.lab]\n[profiles.production]\n").unwrap();
    let file = file.display().to_string();
    assert_eq!(completed(None, &["run", "--profile-file", &file, "--profile", ""]), ["lab", "production"]);
}

#[test]
fn names_of_the_instance_are_completed() {
    let instance = Instance::new();
    let mut add =
        instance.footprint(["connection", "add", "production", "--param", "Server URL=https://a.example.com"]);
    add.args(["--param", "User Name=me", "--secret-stdin", "Password"]).write_stdin("secret");
    assert_eq!(ended(add).0, 0);
    instance.successful(["agent", "add", "Branch", "--address", "http://proxy.example.com:3128"]);
    let instance = Some(&instance);
    assert_eq!(completed(instance, &["connection", "test", "pro"]), ["production"]);
    assert_eq!(completed(instance, &["connection", "change", "production", "--agent", "b"]), ["Branch"]);
    assert_eq!(completed(instance, &["agent", "show", "br"]), ["Branch"]);
    assert_eq!(completed(instance, &["incident", "list", "--site", "sec"]), ["Security\\ Operations"]);
    assert_eq!(completed(instance, &["incident", "list", "--as", ""]), ["Admin"]);
}
