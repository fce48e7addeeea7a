//! How a host is set up: read from TOML, every field with a default.

mod http_limits;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use soar_store::model::GatherRules;

pub use http_limits::HttpLimits;

use crate::scheduler::SchedulerSettings;
use crate::tenants::TenantSettings;

/// How a host is set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct HostSettings {
    /// Where it listens. `127.0.0.1:8080` unless given; port 0 is any free one.
    pub listen: SocketAddr,
    /// Whether it may listen without TLS where others than this machine can reach it, because a proxy that they cannot
    /// go around speaks TLS for it. No unless given.
    pub plain_http_behind_proxy: bool,
    /// The certificate and key for TLS. Plain HTTP unless given.
    pub tls: Option<TlsFiles>,
    /// Proxies whose `X-Forwarded-For` is believed, by address. None unless given.
    pub trusted_proxies: Vec<IpAddr>,
    /// What stands before the namespace in addresses, such as `/MainApp`. Nothing unless given; addresses without it
    /// work too.
    pub base_path: String,
    /// The namespace in `/{namespace}/api/Command/…`. `VSOC` unless given; addresses without it work too.
    pub namespace: String,
    /// The store: `postgres://user:password@host/database`, or the path of an SQLite file. `host.db` unless given.
    pub store: StoreAddress,
    /// How many calls a key may make per second; 0 for any number. 50 unless given.
    pub requests_per_second: u32,
    /// How many calls without a good key per second and address (of IPv6 a /64 network) get the answer that says why they
    /// are refused; more are answered 429 with Retry-After. 0 for any number. 50 unless given. The audit log is bounded by
    /// a limit of its own: the first 50 refusals of an address in a minute have entries of their own, the others are
    /// counted in one entry per address and 10 seconds.
    pub refused_per_second: u32,
    /// How many calls may run at once; more are answered 503. 256 unless given. A call takes its place once its body has
    /// arrived.
    pub calls_in_flight: u32,
    /// How many calls of one key may run or arrive at once; more are answered 429. 64 unless given.
    pub calls_per_key: usize,
    /// The longest body in bytes; a longer one is answered 413. 4,194,304 unless given.
    pub body_bytes: usize,
    /// The bytes of the bodies of all calls under way together; beyond them a call is answered 503. One key has a quarter
    /// of them, or one body. 67,108,864 unless given. Files to import do not count: they are kept on the disk.
    pub received_bytes: usize,
    /// The longest file that is imported over HTTP, in bytes; a longer one is answered 413. It is kept in a temporary file
    /// until it is whole. 1,073,741,824 unless given.
    pub import_bytes: u64,
    /// How long a body may take to arrive, in seconds; a slower one is answered 408. Of a file to import, how
    /// long each piece may. 10 unless given.
    pub body_seconds: u64,
    /// How long the head of a request may take to arrive, in seconds, and how long a connection may be idle on which no
    /// call has shown a good key; then the connection is ended. 10 unless given.
    pub head_seconds: u64,
    /// How long a utility command may take, in seconds; a longer one is undone and answered 503. 120 unless given.
    /// Integration commands have their connection's deadline.
    pub command_seconds: u64,
    /// Removed: the host no longer remembers answers. A file that still has it is read, and [`HostSettings::warnings`] says
    /// so.
    #[serde(skip_serializing)]
    pub remembered_bytes: Option<u64>,
    /// How long the host finishes what it accepted when it is told to end, in seconds. 30 unless given.
    pub shutdown_seconds: u64,
    /// Whether JSON web tokens are accepted (header `d3jwt`). No unless given.
    #[serde(alias = "EnableEnhanceWebhookAuthentication")]
    pub enable_enhance_webhook_authentication: bool,
    /// Whether `/metrics` is open to whoever reaches it. No unless given: then it asks for an API key that may manage,
    /// in `d3key` or as `Authorization: Bearer`.
    pub open_metrics: bool,
    /// What callers may hold of connections, heads and answers.
    pub http: HttpLimits,
    /// How long what need not be kept for ever is kept. The audit log is kept for ever.
    pub retention: Retention,
    /// How this instance is a master of tenants.
    pub tenants: TenantSettings,
    /// Health checks and schedules on this host.
    pub schedules: ScheduleSettings,
}

/// Health checks and schedules on one host; several hosts can share a store and its due work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ScheduleSettings {
    /// Whether this host runs what is due. Yes unless given; hosts that say no leave it to others on the same store.
    pub run: bool,
    /// How many checks and commands of schedules go on at once. 256 unless given.
    pub at_once: u32,
    /// How long the first alert about a server waits for others of that server, so that they make one message, in
    /// seconds. 60 unless given.
    pub gather_seconds: u32,
    /// How long after a message about a server the next failures there are told, and how long a recovery waits for those
    /// that still fail, in minutes. 15 unless given.
    pub follow_up_minutes: u32,
}

impl Default for ScheduleSettings {
    fn default() -> Self {
        Self { run: true, at_once: 256, gather_seconds: 60, follow_up_minutes: 15 }
    }
}

/// How long what need not be kept for ever is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Retention {
    /// How long an answer is repeated under its Idempotency-Key, in hours. 24 unless given.
    pub answers_hours: u32,
    /// How long each single health check is kept, in days. 7 unless given.
    pub checks_days: u32,
    /// How long it is kept how many health checks passed in each hour, in days: uptimes go back that far. 31 unless given.
    pub uptime_days: u32,
    /// How long the log of schedules is kept, in days. 90 unless given.
    pub schedule_log_days: u32,
    /// How long alerts that arrived are kept, in days; others are kept until they do. 7 unless given.
    pub alerts_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { answers_hours: 24, checks_days: 7, uptime_days: 31, schedule_log_days: 90, alerts_days: 7 }
    }
}

/// Files in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TlsFiles {
    /// The certificate, and those between it and the authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// The address of a store; it may hold a password, which is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct StoreAddress(String);

impl StoreAddress {
    /// An address.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self(address.into())
    }

    /// The whole address, for whoever opens the store.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StoreAddress {
    /// Without what may be secret: the user, the password and the options.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://").filter(|(scheme, _)| scheme.starts_with("postgres")) else {
            return formatter.write_str(&self.0);
        };
        let rest = rest.split('?').next().unwrap_or_default();
        // A password may hold an @ of its own.
        let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
        write!(formatter, "{scheme}://{place}")
    }
}

impl fmt::Debug for StoreAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StoreAddress({self})")
    }
}

impl Serialize for StoreAddress {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Default for HostSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            plain_http_behind_proxy: false,
            tls: None,
            trusted_proxies: Vec::new(),
            base_path: String::new(),
            namespace: "VSOC".to_owned(),
            store: StoreAddress::new("host.db"),
            requests_per_second: 50,
            refused_per_second: 50,
            calls_in_flight: 256,
            calls_per_key: 64,
            body_bytes: 4 * 1024 * 1024,
            received_bytes: 64 * 1024 * 1024,
            import_bytes: 1024 * 1024 * 1024,
            body_seconds: 10,
            head_seconds: 10,
            command_seconds: 120,
            remembered_bytes: None,
            shutdown_seconds: 30,
            enable_enhance_webhook_authentication: false,
            open_metrics: false,
            http: HttpLimits::default(),
            retention: Retention::default(),
            tenants: TenantSettings::default(),
            schedules: ScheduleSettings::default(),
        }
    }
}

/// Settings that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingsProblem(pub String);

impl HostSettings {
    /// Reads settings from TOML.
    ///
    /// # Errors
    /// [`SettingsProblem`] with the field and what was expected.
    pub fn from_toml(text: &str) -> Result<Self, SettingsProblem> {
        let settings: Self = toml::from_str(text).map_err(|error| {
            // The error's own text quotes the line, which may hold the store's password.
            let line = error.span().map_or(0, |span| text.get(..span.start).unwrap_or_default().matches('\n').count());
            SettingsProblem(format!("The settings cannot be read, line {}: {}.", line + 1, error.message()))
        })?;
        settings.check()?;
        Ok(settings)
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// [`SettingsProblem`] with the field and what was expected.
    pub fn check(&self) -> Result<(), SettingsProblem> {
        let problem = |text: &str| Err(SettingsProblem(text.to_owned()));
        let is_part = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~".contains(c));
        if self.namespace.is_empty() || !is_part(&self.namespace) {
            return problem("namespace: expected letters, digits, and - _ . ~ only, such as VSOC.");
        }
        let parts = self.base_path.strip_prefix('/');
        let is_path = parts.is_some_and(|parts| parts.split('/').all(|part| !part.is_empty() && is_part(part)));
        if !self.base_path.is_empty() && !is_path {
            return problem(
                "base-path: expected a path that starts with / and does not end with it, such as /MainApp.",
            );
        }
        if self.calls_in_flight == 0 || self.body_bytes == 0 || self.body_seconds == 0 || self.command_seconds == 0 {
            return problem("calls-in-flight, body-bytes, body-seconds and command-seconds: expected more than 0.");
        }
        if self.head_seconds == 0 || self.retention.answers_hours == 0 {
            return problem("head-seconds and retention.answers-hours: expected more than 0.");
        }
        if self.calls_per_key == 0 {
            return problem("calls-per-key: expected more than 0.");
        }
        if self.received_bytes < self.body_bytes {
            return problem("received-bytes: expected at least body-bytes, so that the longest body can arrive.");
        }
        if let Some(text) = self.http.problem() {
            return problem(text);
        }
        if let Some(text) = self.tenants.problem() {
            return problem(text);
        }
        let Retention { checks_days, uptime_days, schedule_log_days, alerts_days, .. } = self.retention;
        if checks_days == 0 || uptime_days == 0 || schedule_log_days == 0 || alerts_days == 0 {
            return problem(
                "retention.checks-days, uptime-days, schedule-log-days and alerts-days: expected more than 0.",
            );
        }
        if !(1..=10_000).contains(&self.schedules.at_once) {
            return problem("schedules.at-once: expected 1 to 10000.");
        }
        if self.tls.is_none() && !self.plain_http_behind_proxy && !self.listen.ip().is_loopback() {
            return problem(
                "listen: others could reach the host without TLS. Give tls.certificate and tls.key, listen on \
                 127.0.0.1, or set plain-http-behind-proxy if a proxy speaks TLS for the host.",
            );
        }
        Ok(())
    }

    /// Settings that were given and have no effect, each as a sentence that says what to do.
    #[must_use]
    pub fn warnings(&self) -> Vec<&'static str> {
        let removed = "The setting remembered-bytes was removed and has no effect: the host no longer remembers answers. \
                       Delete its line.";
        self.remembered_bytes.map(|_| removed).into_iter().collect()
    }

    /// How many calls may run at once.
    #[must_use]
    pub fn calls_in_flight(&self) -> usize {
        usize::try_from(self.calls_in_flight).unwrap_or(usize::MAX).min(tokio::sync::Semaphore::MAX_PERMITS)
    }

    /// The timeout of a utility command.
    #[must_use]
    pub fn command_timeout(&self) -> Duration {
        Duration::from_secs(self.command_seconds)
    }

    /// How long the head of a request may take.
    #[must_use]
    pub fn head_time(&self) -> Duration {
        Duration::from_secs(self.head_seconds)
    }

    /// The bytes of bodies under way that one key may have.
    #[must_use]
    pub fn received_bytes_per_key(&self) -> usize {
        (self.received_bytes / 4).max(self.body_bytes)
    }

    /// How long an answer is kept.
    pub fn answers_kept(&self) -> Duration {
        Duration::from_secs(u64::from(self.retention.answers_hours) * 3_600)
    }

    /// How the scheduler works.
    pub fn scheduler(&self) -> SchedulerSettings {
        let days = |days: u32| Duration::from_secs(u64::from(days) * 86_400);
        let (kept, schedules) = (&self.retention, &self.schedules);
        SchedulerSettings {
            at_once: usize::try_from(schedules.at_once).unwrap_or(usize::MAX).min(tokio::sync::Semaphore::MAX_PERMITS),
            gather: GatherRules {
                window: Duration::from_secs(schedules.gather_seconds.into()),
                follow_up: Duration::from_secs(u64::from(schedules.follow_up_minutes) * 60),
            },
            retention: soar_store::Retention {
                checks: days(kept.checks_days),
                hours: days(kept.uptime_days),
                runs: days(kept.schedule_log_days),
                messages: days(kept.alerts_days),
            },
            ..SchedulerSettings::default()
        }
    }

    /// What stands before `/api/…` in the addresses that are shown.
    pub fn prefix(&self) -> String {
        format!("{}/{}", self.base_path, self.namespace)
    }
}
