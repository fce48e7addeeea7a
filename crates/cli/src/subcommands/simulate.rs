//! `footprint simulate`: runs a simulated Footprint instance until a signal ends it.

mod introduction;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use footprint_simulator::{Fault, Generation, Options, SimulatedTenant, SimulatedUser, Simulator, StartError};
use serde::Serialize;
use soar_connector::manifest::ConnectorManifest;

use crate::exit::{Exit, WrongUse};
use crate::printer::Printer;
use crate::shell;
use crate::values::{address, number};

const EXAMPLES: &str = "\
Examples:
  footprint simulate
  footprint simulate --generation legacy --listen 127.0.0.1:8080 --seed 7
  footprint simulate --devices 100000 --vulnerabilities 50
  footprint simulate --fault 'devices status=503 retry-after=2 count=3' --fault '* delay=200ms'
  footprint simulate --tls
  footprint simulate --json";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\nFaults:\n{}", Fault::HELP))]
pub(crate) struct Arguments {
    /// The vendor's API generation: legacy, middle or current
    #[arg(long, default_value_t)]
    generation: Generation,

    /// The seed of the invented data: the same seed and sizes give the same data
    #[arg(long, default_value_t = Options::default().seed, value_parser = number::<u64>)]
    seed: u64,

    /// The number of tenants; of two or more, the last one's trial has expired
    #[arg(long, value_name = "NUMBER", default_value_t = Options::default().tenants, value_parser = number::<u32>)]
    tenants: u32,

    /// The number of devices of each tenant
    #[arg(long, value_name = "NUMBER", default_value_t = Options::default().devices, value_parser = number::<u32>)]
    devices: u32,

    /// The number of vulnerabilities of each device
    #[arg(long, value_name = "NUMBER", default_value_t = Options::default().vulnerabilities, value_parser = number::<u32>)]
    vulnerabilities: u32,

    /// The number of scanners of each tenant
    #[arg(long, value_name = "NUMBER", default_value_t = Options::default().scanners, value_parser = number::<u32>)]
    scanners: u32,

    /// The duration of a rescan, in seconds
    #[arg(long, value_name = "NUMBER", default_value_t = Options::default().scan_duration.as_secs(), value_parser = number::<u64>)]
    scan_seconds: u64,

    /// The address to listen at; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = Options::default().listen, value_parser = address)]
    listen: SocketAddr,

    /// A fault: ROUTE KIND [KEY=VALUE…], such as 'devices status=503 count=2'. Repeatable; --help explains the kinds
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Fault>,

    /// Speak TLS, with a certificate of an authority made for this run; the authority's certificate is printed
    #[arg(long)]
    tls: bool,

    /// Send only answers that fit the vendor's schemas, without the known oddities of real instances
    #[arg(long)]
    no_oddities: bool,

    /// Print one line of JSON once the simulator listens: url, users with passwords and API keys, tenants, and the
    /// authority with --tls
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments, connector: &ConnectorManifest, printer: &mut Printer) -> Result<Exit> {
    if !arguments.listen.ip().is_loopback() {
        printer.warning(&format!(
            "{} can be reached from other machines. Its data are invented, and every machine that reaches it can log in.",
            arguments.listen
        ));
    }
    runtime()?.block_on(async {
        let simulator = start(arguments.options()).await?;
        for fault in &arguments.faults {
            simulator.inject(fault.clone());
        }
        let ending = StopSignals::listen()?;
        if arguments.json {
            printer.line(&serde_json::to_string(&SimulatorReady::of(&simulator))?)?;
        } else {
            introduction::print(&simulator, arguments, connector, printer)?;
        }
        ending.wait().await;
        simulator.shutdown().await;
        Ok(Exit::Successful)
    })
}

impl Arguments {
    fn options(&self) -> Options {
        Options {
            generation: self.generation,
            seed: self.seed,
            tenants: self.tenants,
            devices: self.devices,
            vulnerabilities: self.vulnerabilities,
            scanners: self.scanners,
            scan_duration: Duration::from_secs(self.scan_seconds),
            listen: self.listen,
            tls: self.tls,
            oddities: !self.no_oddities,
            ..Options::default()
        }
    }
}

/// A runtime for a server and its clients.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime could be started")
}

/// A running simulator. Sizes out of range are wrong use.
pub(super) async fn start(options: Options) -> Result<Simulator> {
    Simulator::start(options).await.map_err(|error| match error {
        StartError::Option { option, value, least, most } => {
            let flag = option.replace('_', "-");
            WrongUse(format!("--{flag} is {value}, but must be from {least} to {most}.")).into()
        }
        StartError::Listen { address, source } => {
            let free = SocketAddr::new(address.ip(), 0);
            let advice = match source.kind() {
                ErrorKind::AddrInUse => {
                    format!("Another program listens there. Choose another port, or --listen {free} for a free one.")
                }
                ErrorKind::PermissionDenied => format!(
                    "Ports below 1024 are often reserved. Choose a higher port, or --listen {free} for a free one."
                ),
                ErrorKind::AddrNotAvailable => "This machine has no such address. Choose one that it has.".to_owned(),
                _ => format!("Choose another address and port, or --listen {free} for a free port."),
            };
            anyhow!("cannot listen on {address}: {source}. {advice}")
        }
        error @ StartError::Certificate(_) => error.into(),
    })
}

/// Listens for Ctrl-C, and for the signal with which service managers end a process.
///
/// It is created before the address is printed, so that no signal ends the process in the middle of work.
#[cfg(unix)]
#[derive(Debug)]
pub(super) struct StopSignals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl StopSignals {
    pub(super) fn listen() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).context("Ctrl-C cannot be waited for");
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    pub(super) async fn wait(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Listens for Ctrl-C.
#[cfg(windows)]
#[derive(Debug)]
pub(super) struct StopSignals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl StopSignals {
    pub(super) fn listen() -> Result<Self> {
        Ok(Self(tokio::signal::windows::ctrl_c().context("Ctrl-C cannot be waited for")?))
    }

    pub(super) async fn wait(mut self) {
        self.0.recv().await;
    }
}

/// A line that defines `footprint` as this program, if a shell would not find it by that name.
pub(super) fn program_lines() -> Vec<String> {
    let typed = std::env::args_os().next().map(std::path::PathBuf::from).unwrap_or_default();
    let found_by_name = typed.components().count() <= 1;
    let program = std::env::current_exe().ok().filter(|_| !found_by_name);
    program.map(|path| format!("alias footprint={}", shell::quoted(&path.display().to_string()))).into_iter().collect()
}

/// Lines that make later commands of a shell use the simulator.
pub(super) fn export_lines(connector: &ConnectorManifest, url: &str, user: &SimulatedUser) -> Vec<String> {
    let mut values = vec![("Server URL", url), ("User Name", &user.user_name), ("Password", &user.password)];
    if let Some(authority) = url.strip_prefix("http://") {
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let address = host.trim_matches(['[', ']']).parse();
        if !address.is_ok_and(|address: std::net::IpAddr| address.is_loopback()) {
            values.push(("Allow Plain HTTP To", host));
        }
    }
    let line = |(name, value)| {
        let setting = connector.setting(name)?;
        Some(format!("export {}={}", setting.environment, shell::quoted(value)))
    };
    values.into_iter().filter_map(line).collect()
}

/// The line for a program, once the simulator listens.
#[derive(Debug, Serialize)]
struct SimulatorReady {
    url: String,
    users: Vec<ReadyUser>,
    tenants: Vec<SimulatedTenant>,
    /// The certificate of the authority in PEM, with --tls.
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<String>,
}

#[derive(Debug, Serialize)]
struct ReadyUser {
    user_name: String,
    password: String,
    role: String,
    /// Empty for users without a token.
    api_key: String,
}

impl SimulatorReady {
    fn of(simulator: &Simulator) -> Self {
        let user = |user: &SimulatedUser| ReadyUser {
            user_name: user.user_name.clone(),
            password: user.password.clone(),
            role: user.role.clone(),
            api_key: user.api_key.clone(),
        };
        Self {
            url: simulator.url(),
            users: simulator.users().iter().map(user).collect(),
            tenants: simulator.tenants(),
            authority: simulator.authority().map(str::to_owned),
        }
    }
}
