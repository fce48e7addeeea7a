//! A PostgreSQL server for tests, which ends with the process that started it.

#![allow(clippy::expect_used, reason = "a test that has no database can only end")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// How long a server may take to start on a busy machine.
const START: Duration = Duration::from_secs(60);

/// Runs the server until its standard input ends, which happens when the process at the other end ends. A line of the
/// input is an order: `start`, or the signal that ends the server.
///
/// `$1` is the folder of PostgreSQL's programs, `$2` an empty folder for the server, and `$3` whether it waits for the
/// disk.
const SERVE: &str = r#"
set -e
"$1/initdb" -D "$2/data" -A trust -U postgres --no-sync >"$2/log" 2>&1
programs=$1
folder=$2
waits=$3
start() {
    "$programs/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=$waits -c max_connections=300 \
        >>"$folder/log" 2>&1 &
    server=$!
}
start
while read -r order; do
    if [ "$order" = start ]; then
        start
    else
        kill "-$order" $server
        wait $server || true
        server=
    fi
    echo done
done
if [ "$server" ]; then
    kill -QUIT $server
    wait $server || true
fi
rm -rf "$folder"
"#;

/// How a server is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Connections are cut, and their transactions are rolled back.
    Fast,
    /// As after a crash of its machine: when it starts again it reads its log.
    Immediate,
}

/// A running server, with a socket in a folder of its own.
#[derive(Debug)]
pub struct PostgresServer {
    folder: PathBuf,
    programs: PathBuf,
    /// The pipe for orders, and the pipe for their confirmations. Closing it ends the server.
    orders: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    _process: Child,
    databases: AtomicU32,
}

impl PostgresServer {
    /// The server of this process, which the first call starts.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SERVER: OnceLock<PostgresServer> = OnceLock::new();
        // The data of tests need not survive a loss of power.
        SERVER.get_or_init(|| Self::start("off"))
    }

    /// A server of the caller's own, which it may stop. Dropping it ends the server.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn alone() -> Self {
        Self::start("off")
    }

    /// The same, with durable commits, for measurements.
    ///
    /// # Panics
    /// When PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn durable() -> Self {
        Self::start("on")
    }

    /// Stops the server, and returns once it has ended.
    ///
    /// # Panics
    /// When it cannot be stopped.
    pub fn stop(&self, how: Stop) {
        self.order(match how {
            Stop::Fast => "INT",
            Stop::Immediate => "QUIT",
        });
    }

    /// Starts the server again after [`stop`](Self::stop), and returns once it answers.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&self) {
        self.order("start");
        self.wait();
    }

    /// Runs SQL in the database at this address.
    ///
    /// # Panics
    /// When it fails.
    pub fn run_sql(&self, address: &str, sql: &str) {
        run(&mut self.psql(&database(address), sql));
    }

    /// Loads a dump of `pg_dump` into the database at this address.
    ///
    /// # Panics
    /// When it fails.
    pub fn load_dump(&self, address: &str, dump: &str) {
        let mut command = Command::new(self.programs.join("psql"));
        command.args(["-U", "postgres", "-d", &database(address), "-q", "-v", "ON_ERROR_STOP=1"]);
        command.arg("-h").arg(&self.folder).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut process = command.spawn().expect("psql");
        process.stdin.take().expect("its standard input").write_all(dump.as_bytes()).expect("psql to read");
        assert!(process.wait().expect("psql to end").success(), "the dump could not be loaded");
    }

    /// The socket of the server.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
    }

    fn order(&self, order: &str) {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(orders.0, "{order}").expect("an order to the server");
        let mut done = String::new();
        orders.1.read_line(&mut done).expect("a word from the server");
        assert_eq!(done.trim(), "done", "the server could not {order}");
    }

    fn wait(&self) {
        let started = Instant::now();
        while !self.psql("postgres", "SELECT 1").status().is_ok_and(|status| status.success()) {
            let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(started.elapsed() < START, "PostgreSQL did not start: {log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn start(waits_for_disk: &str) -> Self {
        let programs = programs();
        let folder = tempfile::Builder::new().prefix("postgres-").tempdir().expect("a temporary folder").keep();
        // The server refuses to run as root. There it runs as the user that its package created.
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
        let process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = process.expect("PostgreSQL's starter");
        let input = process.stdin.take().expect("its standard input");
        let output = BufReader::new(process.stdout.take().expect("its standard output"));
        let orders = Mutex::new((input, output));
        let server = Self { folder, programs, orders, _process: process, databases: AtomicU32::new(0) };
        server.wait();
        server
    }

    /// The address of an empty database.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn new_database(&self) -> String {
        self.create_database("template1")
    }

    /// The address of a copy of the database at this address, to which nothing may be connected.
    ///
    /// # Panics
    /// When it cannot be made.
    pub(super) fn copy_of(&self, address: &str) -> String {
        self.create_database(&database(address))
    }

    fn create_database(&self, template: &str) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        run(&mut self.psql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}")));
        format!("postgres://postgres@localhost/{name}?host={}", self.folder.display())
    }

    fn psql(&self, database: &str, sql: &str) -> Command {
        let mut command = Command::new(self.programs.join("psql"));
        command.args(["-U", "postgres", "-d", database, "-qAtc", sql]).arg("-h").arg(&self.folder);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// The name of the database at an address that the server gave.
fn database(address: &str) -> String {
    let name = address.rsplit('/').find_map(|part| part.strip_prefix("test_")).unwrap_or_default();
    format!("test_{}", name.split('?').next().unwrap_or_default())
}

/// The folder of PostgreSQL's programs, of the newest version if there are several.
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
