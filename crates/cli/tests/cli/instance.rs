//! An instance of the host in a folder of its own, and a host that serves it.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};

use assert_cmd::Command;
use serde_json::Value;
use soar_store::testing::PostgresServer;
use tempfile::TempDir;

use crate::support::{ended, footprint};

/// An instance that `footprint init` created.
pub struct Instance {
    folder: TempDir,
    /// The address of the store, if it is not a file in the folder.
    store: Option<String>,
    /// The output of `footprint init --output json`.
    pub made: Value,
}

impl Instance {
    /// An instance on SQLite.
    pub fn new() -> Self {
        Self::over(None)
    }

    /// An instance on each engine.
    pub fn on_both() -> [Self; 2] {
        [Self::over(None), Self::over(Some(PostgresServer::shared().new_database()))]
    }

    /// An instance on PostgreSQL at this address.
    pub fn on(address: String) -> Self {
        Self::over(Some(address))
    }

    /// An instance with existing files: name and content of each.
    pub fn of_files<'f>(store: Option<String>, files: impl IntoIterator<Item = (&'f str, Vec<u8>)>) -> Self {
        let instance = Self { folder: TempDir::new().unwrap(), store, made: Value::Null };
        std::fs::create_dir(instance.path()).unwrap();
        for (name, content) in files {
            let path = instance.path().join(name);
            std::fs::write(&path, content).unwrap();
            // A sealing key that other users may read is refused.
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        instance
    }

    fn over(store: Option<String>) -> Self {
        let folder = TempDir::new().unwrap();
        let mut instance = Self { folder, store, made: Value::Null };
        let init = ["init", "--yes", "--time-zone", "America/Vancouver", "--listen", "127.0.0.1:0", "--output", "json"];
        instance.made = serde_json::from_str(&instance.successful(init)).unwrap();
        instance
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("instance")
    }

    /// The address of the store, if it is not a file in the folder.
    pub fn store_address(&self) -> Option<&str> {
        self.store.as_deref()
    }

    /// A command of the binary for this instance.
    pub fn footprint<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = footprint(arguments);
        command.env("FOOTPRINT_INSTANCE", self.path());
        if let Some(store) = &self.store {
            command.env("FOOTPRINT_STORE", store);
        }
        command
    }

    /// Exit code, standard output and standard error of a command.
    pub fn ended<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> (i32, String, String) {
        ended(self.footprint(arguments))
    }

    /// Standard output of a command that must succeed.
    pub fn successful<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> String {
        let (code, out, error) = self.ended(arguments);
        assert_eq!(code, 0, "{out}{error}");
        out
    }

    /// Standard error of a command that must fail with this exit code.
    pub fn refused<'a>(&self, code: i32, arguments: impl IntoIterator<Item = &'a str>) -> String {
        let (ended, out, error) = self.ended(arguments);
        assert_eq!(ended, code, "{out}{error}");
        error
    }

    /// The JSON that a command prints.
    pub fn json<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Value {
        let mut command = self.footprint(arguments);
        command.args(["--output", "json"]);
        let (code, out, error) = ended(command);
        assert_eq!(code, 0, "{out}{error}");
        serde_json::from_str(&out).unwrap()
    }

    /// The output for a person, for snapshots.
    pub fn shown<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> String {
        let (code, out, error) = self.ended(arguments);
        let text = format!("exit code {code}\n--- standard output\n{out}--- standard error\n{error}");
        let text = text.replace(&self.path().display().to_string(), "[instance]");
        crate::support::redacted(&text).split('\n').map(without_times).collect::<Vec<_>>().join("\n")
    }

    /// A file beside the instance.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn beside(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Adds a text to the settings.
    pub fn set(&self, text: &str) {
        let settings = self.path().join("host.toml");
        let whole = format!("{}\n{text}", std::fs::read_to_string(&settings).unwrap());
        std::fs::write(&settings, whole).unwrap();
    }

    /// Serves the instance from a shell that runs `before` first. The log goes to a file.
    pub fn serve_after(&self, before: &str, log: &Path) -> HostProcess {
        let mut command = Process::new("/bin/sh");
        let line = format!("{before}\nexec \"$0\" serve --json --listen 127.0.0.1:0");
        command.env_clear().env("FOOTPRINT_INSTANCE", self.path()).args(["-c", &line]);
        command.arg(env!("CARGO_BIN_EXE_footprint")).stderr(std::fs::File::create(log).unwrap());
        if let Some(store) = &self.store {
            command.env("FOOTPRINT_STORE", store);
        }
        HostProcess::start(command)
    }

    pub fn serve(&self) -> HostProcess {
        self.serve_on("127.0.0.1:0")
    }

    /// Serves the instance at an address and port.
    pub fn serve_on(&self, listen: &str) -> HostProcess {
        let mut command = Process::new(env!("CARGO_BIN_EXE_footprint"));
        command.env_clear().env("FOOTPRINT_INSTANCE", self.path()).args(["serve", "--json", "--listen", listen]);
        if let Some(store) = &self.store {
            command.env("FOOTPRINT_STORE", store);
        }
        HostProcess::start(command)
    }
}

/// A host in a process of its own. Dropping it ends the process.
pub struct HostProcess {
    pub child: Child,
    pub ready: Value,
}

impl HostProcess {
    fn start(mut command: Process) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, ready: serde_json::from_str(&line).unwrap() }
    }

    /// The address at which it listens.
    pub fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap()
    }

    /// Kills it with -9, and waits for its end.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Status and body of a call.
    pub fn call(&self, command: &str, key: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{command}", self.ready["commands"].as_str().unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let response = reqwest::Client::new().post(url).header("d3key", key).json(&body).send().await.unwrap();
            (response.status().as_u16(), response.json().await.unwrap())
        })
    }
}

impl Drop for HostProcess {
    fn drop(&mut self) {
        // A test may have ended it already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `text` without times and random parts.
pub fn without_times(line: &str) -> String {
    let is_day = |word: &str| {
        word.len() == 10
            && word.bytes().enumerate().all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() })
    };
    let mut words: Vec<String> = Vec::new();
    for word in line.split(' ') {
        let time = word.strip_suffix('Z').is_some_and(|word| word.len() == 8 && word.as_bytes()[2] == b':');
        words.push(if is_day(word) {
            "[day]".to_owned()
        } else if time {
            "[time]".to_owned()
        } else if word.len() == 36 && word.matches('-').count() == 4 {
            "[id]".to_owned()
        } else if let Some((address, _)) = word.split_once("/console/password/") {
            format!("{address}/console/password/[token]")
        } else if let Some(start) = word.find("d3k_") {
            format!("{}[key]{}", &word[..start], if word.ends_with('"') { "\"" } else { "" })
        } else {
            word.to_owned()
        });
    }
    words.join(" ")
}

/// The content of all files in a folder as text, to search for secrets.
pub fn everything_in(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()).collect()
}
