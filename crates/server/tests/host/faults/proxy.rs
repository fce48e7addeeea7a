//! A proxy to a PostgreSQL server that can vanish, or break at a commit.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use soar_store::testing::PostgresServer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// The point at which the next commit breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// The server does not receive the commit.
    BeforeCommit = 1,
    /// The server commits, and its answer is lost.
    AfterCommit = 2,
    /// The server commits, and crashes before its answer because its disk is full.
    InPanic = 3,
}

/// The message of a crashing server.
const PANIC: &[u8] =
    b"SPANIC\0VPANIC\0C53100\0Mcould not write to file \"pg_wal/xlogtemp\": No space left on device\0\0";

#[derive(Debug, Default)]
struct ProxyState {
    /// Connections of an earlier era fall silent and stay open.
    era: AtomicUsize,
    is_silent: AtomicBool,
    breaks: AtomicU8,
    /// Vanishes when the server is sent this.
    vanishes_at: Mutex<Option<&'static str>>,
}

/// The proxy, at an address of its own.
pub struct Proxy {
    pub port: u16,
    state: Arc<ProxyState>,
}

impl Proxy {
    pub async fn to(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, state) = (listener.local_addr().unwrap().port(), Arc::<ProxyState>::default());
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, socket.clone(), Arc::clone(&shared)));
            }
        });
        Self { port, state }
    }

    /// One to an empty database on the tests' server, and the database's address by it.
    pub async fn to_a_database() -> (String, Self) {
        let server = PostgresServer::shared();
        let proxy = Self::to(server.socket()).await;
        let direct = server.new_database();
        let database = direct.split('?').next().unwrap().rsplit('/').next().unwrap();
        (format!("postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable", proxy.port), proxy)
    }

    /// The server falls silent for existing and new connections.
    pub fn vanish(&self) {
        self.state.vanish();
    }

    /// The server falls silent at this message, which it does not receive.
    pub fn vanish_at(&self, text: &'static str) {
        *self.state.vanishes_at.lock().unwrap() = Some(text);
    }

    /// Another server replaces it: new connections work, and existing connections stay silent.
    pub fn come_back(&self) {
        self.state.is_silent.store(false, Ordering::SeqCst);
    }

    pub fn break_once(&self, when: Break) {
        self.state.breaks.store(when as u8, Ordering::SeqCst);
    }
}

impl ProxyState {
    fn vanish(&self) {
        self.is_silent.store(true, Ordering::SeqCst);
        self.era.fetch_add(1, Ordering::SeqCst);
    }

    fn is_to_vanish_at(&self, sent: &[u8]) -> bool {
        let mut at = self.vanishes_at.lock().unwrap();
        at.take_if(|at| sent.windows(at.len()).any(|bytes| bytes == at.as_bytes())).is_some()
    }
}

async fn carry(mut client: TcpStream, socket: PathBuf, state: Arc<ProxyState>) {
    let era = state.era.load(Ordering::SeqCst);
    let is_silent = || state.is_silent.load(Ordering::SeqCst) || state.era.load(Ordering::SeqCst) != era;
    let Ok(mut server) = UnixStream::connect(socket).await else { return };
    let (mut asked, mut said) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    let (mut drops_answer, mut panics) = (false, false);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Some(length) = read.ok().filter(|length| *length > 0) else { return };
                if state.is_to_vanish_at(&asked[..length]) {
                    state.vanish();
                }
                if is_silent() {
                    // Like a machine that lost its power.
                    std::future::pending::<()>().await;
                }
                if asked[..length].windows(7).any(|bytes| bytes == b"COMMIT\0") {
                    match state.breaks.swap(0, Ordering::SeqCst) {
                        1 => return,
                        2 => drops_answer = true,
                        3 => panics = true,
                        _ => {}
                    }
                }
                if server.write_all(&asked[..length]).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut said) => {
                let Some(length) = read.ok().filter(|length| *length > 0) else { return };
                if drops_answer {
                    return;
                }
                if panics {
                    let length = u32::try_from(PANIC.len() + 4).unwrap().to_be_bytes();
                    client.write_all(&[b"E", &length[..], PANIC].concat()).await.unwrap();
                    return;
                }
                if is_silent() {
                    std::future::pending::<()>().await;
                }
                if client.write_all(&said[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
