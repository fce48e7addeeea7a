//! A PostgreSQL server of the tests' own, which ends with the process that started it.

#![allow(clippy::expect_used, reason = "a test that has no database can only end")]

use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a server may take to start on a busy machine.
const START: Duration = Duration::from_secs(60);

/// Runs the server until its standard input ends, which it does with the process that holds the other side.
///
/// `$1` is the folder of PostgreSQL's programs, `$2` an empty folder that the server may have, and `$3` whether it waits
/// for the disk.
const SERVE: &str = r#"
set -e
"$1/initdb" -D "$2/data" -A trust -U postgres --no-sync >"$2/log" 2>&1
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=$3 -c max_connections=300 >>"$2/log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT $server
wait $server || true
rm -rf "$2"
"#;

/// A running server, reached by a socket in a folder of its own.
#[derive(Debug)]
pub struct PostgresServer {
    folder: PathBuf,
    programs: PathBuf,
    /// Its end ends the server.
    _life: ChildStdin,
    _process: Child,
    databases: AtomicU32,
}

impl PostgresServer {
    /// The one server of this process, started when it is first asked for.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SERVER: OnceLock<PostgresServer> = OnceLock::new();
        // What tests store need not outlive the machine's power.
        SERVER.get_or_init(|| Self::start("off"))
    }

    /// Another server, which commits durably: for measurements.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn durable() -> Self {
        Self::start("on")
    }

    fn start(waits_for_disk: &str) -> Self {
        let programs = programs();
        let folder = tempfile::Builder::new().prefix("postgres-").tempdir().expect("a temporary folder").keep();
        // The server refuses to run as root, so there it runs as the user that its package made.
        let is_root = run(Command::new("id").arg("-u")).trim() == "0";
        let mut command = if is_root {
            run(Command::new("chown").arg("postgres").arg(&folder));
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        command.args(["-c", SERVE, "sh"]).arg(&programs).arg(&folder).arg(waits_for_disk).current_dir("/");
        let mut process = command.stdin(Stdio::piped()).spawn().expect("PostgreSQL's starter");
        let life = process.stdin.take().expect("its standard input");
        let server = Self { folder, programs, _life: life, _process: process, databases: AtomicU32::new(0) };
        let started = Instant::now();
        while !server.psql("postgres", "SELECT 1").status().is_ok_and(|status| status.success()) {
            let log = std::fs::read_to_string(server.folder.join("log")).unwrap_or_default();
            assert!(started.elapsed() < START, "PostgreSQL did not start: {log}");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// The address of an empty database.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn new_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        run(&mut self.psql("postgres", &format!("CREATE DATABASE {name}")));
        format!("postgres://postgres@localhost/{name}?host={}", self.folder.display())
    }

    fn psql(&self, database: &str, sql: &str) -> Command {
        let mut command = Command::new(self.programs.join("psql"));
        command.args(["-U", "postgres", "-d", database, "-qAtc", sql]).arg("-h").arg(&self.folder);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// The folder of PostgreSQL's programs, of the newest version where there are several.
fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|folder| folder.join("initdb").is_file())
        .collect();
    found.sort_by_key(|folder| {
        folder.parent().and_then(Path::file_name).and_then(|name| name.to_str()?.parse::<u32>().ok())
    });
    found.pop().expect("PostgreSQL is not installed. Run the README's test command, which installs it.")
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("a program to start");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
