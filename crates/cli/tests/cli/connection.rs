//! The sources of a connection's settings, their precedence, and refusals of wrong settings.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::{SimulatorProcess, ended, footprint, outcome, shown};

/// A file that only its owner may read.
fn private_file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    set_mode(&path, 0o600);
    path
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

#[test]
fn a_good_connection_passes_and_says_what_was_proven() {
    let simulator = SimulatorProcess::start(&[]);
    insta::assert_snapshot!(shown(simulator.footprint(["test"])));
    let (code, whole) = outcome(simulator.footprint(["test", "--output", "json"]));
    assert_eq!((code, &whole["returnData"]), (0, &"Successful".into()));
}

#[test]
fn a_wrong_password_fails_with_the_error_tab_and_the_cure() {
    let simulator = SimulatorProcess::start(&[]);
    let mut command = simulator.footprint(["test"]);
    command.env("FOOTPRINT_PASSWORD", "canary-7f3a");
    let text = shown(command);
    assert!(!text.contains("canary-7f3a"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn an_account_without_rights_is_told_so() {
    let simulator = SimulatorProcess::start(&[]);
    let (code, _, error) = ended(simulator.footprint_as("nobody", ["run", "List Devices"]));
    assert!(code == 1 && error.contains("Code: not-permitted"), "{error}");
}

#[test]
fn flags_win_over_the_environment_and_the_environment_over_the_profile() {
    let simulator = SimulatorProcess::start(&[]);
    let folder = TempDir::new().unwrap();
    let (user, password) = simulator.user("administrator");
    let text = format!(
        "[profiles.lab]\nserver-url = \"http://127.0.0.1:1\"\nuser-name = \"{user}\"\npassword = \"{password}\"\n"
    );
    let profiles = private_file(&folder, "profiles.toml", &text);
    let command = || {
        let mut command = footprint(["test", "--profile", "lab", "--profile-file", profiles.to_str().unwrap()]);
        command.args(["--time-limit", "5"]);
        command
    };
    assert_eq!(ended(command()).0, 1, "the profile's address is no server");
    let mut with_environment = command();
    with_environment.env("FOOTPRINT_SERVER_URL", simulator.url());
    assert_eq!(ended(with_environment).0, 0);
    let mut with_flag = command();
    with_flag.env("FOOTPRINT_SERVER_URL", "http://127.0.0.1:1").args(["--server-url", simulator.url()]);
    assert_eq!(ended(with_flag).0, 0);
}

#[test]
fn a_password_means_the_same_whatever_its_source() {
    let simulator = SimulatorProcess::start(&[]);
    let folder = TempDir::new().unwrap();
    let (user, password) = simulator.user("operations");
    let from_each_source = |written: &str| {
        let command = || footprint(["test", "--server-url", simulator.url(), "--user-name", user]);
        let (mut file, mut input, mut environment, mut profile) = (command(), command(), command(), command());
        file.arg("--password-file").arg(private_file(&folder, "password", written));
        input.arg("--password-stdin").write_stdin(written);
        environment.env("FOOTPRINT_PASSWORD", written);
        let quoted = toml::Value::from(written).to_string();
        let text = format!("\u{feff}[profiles.lab]\npassword = {quoted}\n");
        let profiles = private_file(&folder, "profiles.toml", &text);
        profile.args(["--profile", "lab", "--profile-file"]).arg(profiles);
        [file, input, environment, profile].map(|command| {
            let (code, _, error) = ended(command);
            (code, error)
        })
    };
    for (before, after) in [("", ""), ("", "\n"), ("", "\r\n"), ("", "\r"), ("\u{feff}", ""), ("\u{feff}", "\r\n")] {
        let written = format!("{before}{password}{after}");
        for (code, error) in from_each_source(&written) {
            assert_eq!(code, 0, "{written:?}: {error}");
        }
    }
    for (code, error) in from_each_source(&format!("{password}\n\n")) {
        assert!(code == 2 && error.contains("more than one line") && !error.contains(password), "{error}");
    }
    for (code, error) in from_each_source(&format!("{password} ")) {
        assert!(code == 1 && error.contains("invalid-credentials"), "a blank is part of it: {error}");
    }
}

#[test]
fn profiles_are_found_in_the_configuration_folder_and_take_paths_beside_them() {
    let simulator = SimulatorProcess::start(&[]);
    let folder = TempDir::new().unwrap();
    let (user, password) = simulator.user("operations");
    fs::create_dir(folder.path().join("footprint")).unwrap();
    private_file(&folder, "footprint/secret", password);
    let text = format!(
        "[profiles.lab]\nserver-url = \"{}\"\nuser-name = \"{user}\"\npassword-file = \"secret\"\nstrict-scanner-id = true\n",
        simulator.url()
    );
    set_mode(&private_file(&folder, "footprint/profiles.toml", &text), 0o644);
    let scanner = ["run", "List Scan Surfaces", "--param", "Scanner ID=nine", "--profile", "lab"];
    let mut command = footprint(scanner);
    command.env("XDG_CONFIG_HOME", folder.path());
    let (code, _, error) = ended(command);
    assert!(code == 1 && error.contains("scanner-not-usable"), "{error}");
    let mut lenient = footprint(scanner);
    lenient.env("XDG_CONFIG_HOME", folder.path()).args(["--setting", "Strict Scanner ID=No"]);
    assert_eq!(ended(lenient).0, 0);
}

#[test]
fn a_password_on_the_command_line_is_refused_without_being_repeated() {
    let simulator = SimulatorProcess::start(&[]);
    let typed: [&[&str]; 4] = [
        &["run", "List Devices", "--password", "canary-7f3a"],
        &["run", "List Devices", "--password=canary-7f3a"],
        &["test", "--password", "canary-7f3a"],
        &["test", "--setting", "Password=canary-7f3a"],
    ];
    for arguments in typed {
        let (code, out, error) = ended(simulator.footprint(arguments.iter().copied()));
        assert_eq!((code, out.as_str()), (2, ""), "{error}");
        assert!(error.contains("--password-file") && error.contains("FOOTPRINT_PASSWORD"), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
    let (_, help, _) = ended(footprint(["run", "--help"]));
    assert!(!help.contains("--password "), "{help}");
    insta::assert_snapshot!(shown(footprint(["test", "--password", "canary-7f3a"])));
}

#[test]
fn missing_settings_are_named_with_every_way_to_give_them() {
    insta::assert_snapshot!(shown(footprint(["test"])));
}

#[test]
fn wrong_settings_are_all_named_at_once() {
    let mut command = footprint(["test", "--server-url", "footprint.example.com", "--setting", "Strict Scanner=Yes"]);
    command.args(["--strict-scanner-id", "maybe", "--password-file", "/nowhere/password", "--user-name", "me"]);
    insta::assert_snapshot!(shown(command));
}

#[test]
fn a_server_url_that_cannot_work_is_refused_before_anything_is_sent() {
    let mut command = footprint(["test", "--server-url", "http://footprint.example.com", "--user-name", "me"]);
    command.arg("--password-stdin").write_stdin("x");
    let (code, _, error) = ended(command);
    assert!(code == 2 && error.contains("Server URL: Over http the password can be read"), "{error}");
}

#[test]
fn profiles_that_cannot_work_are_refused_with_the_cure_and_without_their_values() {
    let folder = TempDir::new().unwrap();
    let refused = |text: &str, mode: u32, name: &str| {
        let path = private_file(&folder, "profiles.toml", text);
        set_mode(&path, mode);
        let mut command = footprint(["test", "--profile", name]);
        command.env("FOOTPRINT_PROFILE_FILE", &path);
        let (code, _, error) = ended(command);
        assert_eq!(code, 2, "{error}");
        assert!(!error.contains("canary"), "{error}");
        error
    };
    let good = "[profiles.lab]\npassword = \"canary\"\n";
    assert!(refused(good, 0o600, "lba").contains("Did you mean \"lab\"?"));
    assert!(refused(good, 0o600, "lab").contains("Server URL: It is required."));
    if cfg!(unix) {
        let error = refused(good, 0o640, "lab");
        assert!(error.contains("chmod 600 ") && error.contains("mode 640"), "{error}");
    }
    let error = refused("[profiles.lab]\npasword = \"canary\"\n", 0o600, "lab");
    assert!(error.contains("Did you mean \"password\"?") && error.contains("password-file"), "{error}");
    assert!(refused("[profiles.lab]\npassword = \"canary\n", 0o600, "lab").contains("is not valid TOML: line 2"));
    assert!(refused("[profiles.lab]\npassword = [\"canary\"]\n", 0o600, "lab").contains("must be text"));
    assert!(refused("[lab]\nuser-name = \"canary\"\n", 0o600, "lab").contains("[profiles.NAME]"));
    let mut missing = footprint(["test", "--profile", "lab", "--profile-file", "/nowhere/profiles.toml"]);
    missing.env("HOME", folder.path());
    insta::assert_snapshot!(shown(missing));
}

#[test]
fn a_password_file_that_is_none_is_refused() {
    let folder = TempDir::new().unwrap();
    let two_lines = private_file(&folder, "two", "canary\nlines\n");
    for (path, problem) in
        [("-", "-stdin"), (two_lines.to_str().unwrap(), "more than one line"), ("/", "cannot be read")]
    {
        let mut command = footprint(["test", "--server-url", "https://a.example", "--user-name", "me"]);
        command.args(["--password-file", path]);
        let (code, _, error) = ended(command);
        assert!(code == 2 && error.contains(problem) && !error.contains("canary"), "{error}");
    }
}
