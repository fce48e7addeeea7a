//! Secrets in the vault: the allowed places, and the fetched secrets.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use soar_connector::testing::CapturedLogs;
use soar_host::vault::{Vault, VaultCommand, VaultSettings};
use soar_store::model::Reference;

fn shell(script: &str) -> VaultCommand {
    VaultCommand {
        program: PathBuf::from("/bin/sh"),
        arguments: vec!["-c".to_owned(), script.to_owned()],
        environment: BTreeMap::from([("DECLARED".to_owned(), "declared value".to_owned())]),
        inherit: vec!["TOKEN".to_owned()],
        time_limit_seconds: 10,
    }
}

fn vault(folders: &[&Path], commands: &[(&str, VaultCommand)]) -> Vault {
    let settings = VaultSettings {
        folders: folders.iter().map(|folder| folder.to_path_buf()).collect(),
        commands: commands.iter().map(|(name, command)| ((*name).to_owned(), command.clone())).collect(),
        ..VaultSettings::default()
    };
    Vault::with_environment(settings, |name| match name {
        "FOOTPRINT_SECRET_A" => Some(OsString::from("from the environment\n")),
        "FOOTPRINT_SECRET_MARKED" => Some(OsString::from("\u{feff}from the environment\r\n")),
        "FOOTPRINT_SECRET_LINES" => Some(OsString::from("one\ntwo")),
        "FOOTPRINT_SECRET_BLANK" => Some(OsString::from(" \n")),
        "TOKEN" => Some(OsString::from("hunter2-token")),
        "HOME" => Some(OsString::from("/root")),
        _ => None,
    })
}

async fn fetched(vault: &Vault, reference: &str) -> Result<String, String> {
    let reference: Reference = reference.parse().unwrap();
    match vault.fetch(&reference).await {
        Ok(secret) => Ok(secret.expose_secret().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[tokio::test]
async fn only_allowed_variables_are_read() {
    let vault = vault(&[], &[]);
    assert_eq!(fetched(&vault, "env:FOOTPRINT_SECRET_A").await.unwrap(), "from the environment");
    assert_eq!(fetched(&vault, "env:FOOTPRINT_SECRET_MARKED").await.unwrap(), "from the environment");
    for (reference, expected) in [
        ("env:HOME", "start with FOOTPRINT_SECRET_"),
        ("env:footprint_secret_a", "start with FOOTPRINT_SECRET_"),
        ("env:FOOTPRINT_SECRET_NONE", "does not exist"),
        ("env:FOOTPRINT_SECRET_BLANK", "is empty"),
        ("env:FOOTPRINT_SECRET_LINES", "holds more than one line"),
    ] {
        let error = fetched(&vault, reference).await.unwrap_err();
        assert!(error.contains(reference) && error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn only_files_in_allowed_folders_are_read_whatever_the_path_looks_like() {
    let root = tempfile::tempdir().unwrap();
    let (inside, outside) = (root.path().join("secrets"), root.path().join("other"));
    std::fs::create_dir(&inside).unwrap();
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(inside.join("good"), "from the file\r\n").unwrap();
    std::fs::write(inside.join("binary"), [0xff, 0xfe, 0xfd]).unwrap();
    std::fs::write(inside.join("long"), "x".repeat(70_000)).unwrap();
    std::fs::write(outside.join("bad"), "hunter2").unwrap();
    std::os::unix::fs::symlink(outside.join("bad"), inside.join("way-out")).unwrap();
    std::os::unix::fs::symlink(inside.join("good"), inside.join("way-in")).unwrap();
    let vault = vault(&[&inside], &[]);
    let at = |path: &str| format!("file:{}", root.path().join(path).display());
    assert_eq!(fetched(&vault, &at("secrets/good")).await.unwrap(), "from the file");
    assert_eq!(fetched(&vault, &at("secrets/way-in")).await.unwrap(), "from the file");
    for (reference, expected) in [
        (at("other/bad"), "allow files in"),
        (at("other/missing"), "allow files in"),
        (at("secretsandmore"), "allow files in"),
        (at("secrets/../other/bad"), "without \"..\""),
        ("file:secrets/good".to_owned(), "absolute"),
        (at("secrets/way-out"), "leads out"),
        (at("secrets/missing"), "cannot be read"),
        (at("secrets/binary"), "is no text"),
        (at("secrets/long"), "longer than"),
        (at("secrets"), "allow files in"),
    ] {
        let error = fetched(&vault, &reference).await.unwrap_err();
        assert!(error.contains(expected) && !error.contains("hunter2"), "{reference}: {error}");
    }
}

#[tokio::test]
async fn a_declared_command_prints_a_secret_with_a_clean_environment() {
    let vault = vault(
        &[],
        &[
            ("print", shell("printf 'from %s %s %s\\n' \"$DECLARED\" \"$TOKEN\" \"${HOME:-nowhere}\"")),
            ("chatty", shell("head -c 300000 /dev/zero | tr '\\0' e >&2; echo quiet")),
        ],
    );
    assert_eq!(fetched(&vault, "command:print").await.unwrap(), "from declared value hunter2-token nowhere");
    assert_eq!(fetched(&vault, "command:chatty").await.unwrap(), "quiet");
    let error = fetched(&vault, "command:prnit").await.unwrap_err();
    assert!(error.contains("declare no such command. Did you mean \"print\"?"), "{error}");
    assert!(!format!("{vault:?}").contains("declared value"));
}

#[tokio::test]
async fn a_command_that_fails_is_reported_without_what_it_said() {
    let logs = CapturedLogs::start();
    let mut slow = shell("sleep 60");
    slow.time_limit_seconds = 1;
    let mut missing = shell("");
    missing.program = PathBuf::from("/nowhere/at/all");
    let mut relative = shell("");
    relative.program = PathBuf::from("sh");
    let vault = vault(
        &[],
        &[
            ("fails", shell("echo canary-output; echo \"denied to $TOKEN with canary-output\" >&2; exit 3")),
            ("endless", shell("yes canary-output")),
            ("silent", shell("true")),
            ("slow", slow),
            ("missing", missing),
            ("relative", relative),
        ],
    );
    for (name, expected) in [
        ("fails", "its command failed"),
        ("endless", "longer than"),
        ("silent", "is empty"),
        ("slow", "not printed within the timeout of 1 s"),
        ("missing", "does not start"),
        ("relative", "no absolute path"),
    ] {
        let error = fetched(&vault, &format!("command:{name}")).await.unwrap_err();
        assert!(error.contains(expected) && error.contains(&format!("command:{name}")), "{error}");
        assert!(!error.contains("denied") && !error.contains("canary"), "{error}");
    }
    let logs = logs.text();
    assert!(logs.contains("denied to [redacted] with [redacted]"), "{logs}");
    assert!(!logs.contains("hunter2") && !logs.contains("canary-output"), "{logs}");
}

#[test]
fn what_names_no_place_is_refused_without_being_repeated() {
    for text in ["hunter2", "env:", "vault:x", "env:\u{1b}", "hunter2hunter2hunter2:x", "file: "] {
        let error = text.parse::<Reference>().unwrap_err();
        assert!(error.starts_with("expected env:NAME") && !error.contains("hunter2"), "{error}");
    }
}
