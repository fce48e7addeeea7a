//! Starts the binary alone or against a simulator, and removes the parts of its output that differ from run to run.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command as Process, Stdio};

use assert_cmd::Command;
use serde_json::Value;

/// A simulator in a process of its own. Dropping it ends the process.
pub struct SimulatorProcess {
    pub child: Child,
    pub ready: Value,
}

impl SimulatorProcess {
    pub fn start(arguments: &[&str]) -> Self {
        let mut child = Process::new(env!("CARGO_BIN_EXE_footprint"))
            .args(["simulate", "--json"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, ready: serde_json::from_str(&line).unwrap() }
    }

    pub fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap()
    }

    pub fn user(&self, name: &str) -> (&str, &str) {
        let users = self.ready["users"].as_array().unwrap();
        let user = users.iter().find(|user| user["user_name"].as_str().unwrap().starts_with(name)).unwrap();
        (user["user_name"].as_str().unwrap(), user["password"].as_str().unwrap())
    }

    /// The binary with the connection of an administrator in its environment.
    pub fn footprint<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        self.footprint_as("administrator", arguments)
    }

    /// The binary with the connection of a user in its environment.
    pub fn footprint_as<'a>(&self, user: &str, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let (name, password) = self.user(user);
        let mut command = footprint(arguments);
        command
            .env("FOOTPRINT_SERVER_URL", self.url())
            .env("FOOTPRINT_USER_NAME", name)
            .env("FOOTPRINT_PASSWORD", password);
        command
    }
}

impl Drop for SimulatorProcess {
    fn drop(&mut self) {
        // A test may have ended it already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary without this machine's environment.
pub fn footprint<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_footprint"));
    command.env_clear().args(arguments);
    command
}

/// Exit code, standard output and standard error.
pub fn ended(mut command: Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The output for a person, for snapshots.
pub fn shown(command: Command) -> String {
    let (code, out, error) = ended(command);
    redacted(&format!("exit code {code}\n--- standard output\n{out}--- standard error\n{error}"))
}

/// `text` without ports, times, ids of requests and the path of the binary.
pub fn redacted(text: &str) -> String {
    let line = |line: &str| {
        let words = line.split(' ').map(|word| match word.split_once("http://127.0.0.1:") {
            Some((before, rest)) if !rest.starts_with("8421") => {
                let port = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                format!("{before}http://127.0.0.1:[port]{}", &rest[port..])
            }
            _ => word.to_owned(),
        });
        let words = words.collect::<Vec<_>>().join(" ");
        let parts = words.split(" · ").map(|part| match part {
            part if part.ends_with(" ms") => "[time] ms",
            part if part.starts_with("request ") => "request [id]",
            part => part,
        });
        let line = parts.collect::<Vec<_>>().join(" · ");
        match line.split_once("alias footprint=") {
            Some((before, _)) => format!("{before}alias footprint=[path]"),
            None => line,
        }
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// The outcome that `--output json` prints.
pub fn outcome(command: Command) -> (i32, Value) {
    let (code, out, error) = ended(command);
    (code, serde_json::from_str(&out).unwrap_or_else(|problem| panic!("{problem}: {out}{error}")))
}
