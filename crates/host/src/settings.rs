//! The settings of a host, read from TOML. Every field has a default.

mod http_limits;
mod mcp;
mod openid;
mod public_address;
mod sign_in;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use soar_store::model::GatherRules;

pub use http_limits::HttpLimits;
pub use mcp::McpSettings;
pub(crate) use openid::is_safe;
pub use openid::{GroupMapping, OpenIdSettings};
pub use public_address::{CHOSEN_PORT, PublicAddress};
pub use sign_in::SignInSettings;

use crate::findings::FindingSettings;
use crate::scheduler::SchedulerSettings;
use crate::tenants::TenantSettings;

/// The settings of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct HostSettings {
    /// The address to listen on. `127.0.0.1:8080` unless given. Port 0 means any free port.
    pub listen: SocketAddr,
    /// Whether the host may listen without TLS on an address that other machines can reach, because all of them must go
    /// through a proxy that terminates TLS. No unless given.
    pub plain_http_behind_proxy: bool,
    /// The certificate and key for TLS. Plain HTTP unless given.
    pub tls: Option<TlsFiles>,
    /// The addresses of proxies whose `X-Forwarded-For` the host trusts. None unless given.
    pub trusted_proxies: Vec<IpAddr>,
    /// The path before the namespace in addresses, such as `/MainApp`. Empty unless given. Addresses without it work
    /// too.
    pub base_path: String,
    /// The namespace in `/{namespace}/api/Command/…`. `VSOC` unless given. Addresses without it work too.
    pub namespace: String,
    /// The store: `postgres://user:password@host/database`, or the path of an SQLite file. `host.db` unless given.
    pub store: StoreAddress,
    /// The number of calls that a key may make per second; 0 for no limit. 50 unless given.
    pub requests_per_second: u32,
    /// The number of calls without a valid key, per second and address (for IPv6 per /64 network), that get an answer
    /// with the reason of the refusal. Further calls get 429 with Retry-After. 0 for no limit. 50 unless given. The
    /// audit log has its own limit: the first 50 refusals of an address in a minute get entries of their own; further
    /// refusals are counted in one entry per address and 10 seconds.
    pub refused_per_second: u32,
    /// The number of calls that may run at once. Further calls get 503. 256 unless given. A call counts once its body
    /// has arrived.
    pub calls_in_flight: u32,
    /// The number of calls of one key that may run or arrive at once. Further calls get 429. 64 unless given.
    pub calls_per_key: usize,
    /// The longest body in bytes. A longer body gets 413. 4,194,304 unless given.
    pub body_bytes: usize,
    /// The limit in bytes for the bodies of all calls under way together. A call beyond it gets 503. One key may use a
    /// quarter of it, or one body of the greatest length. 67,108,864 unless given. Files to import do not count, since
    /// the host stores them on disk.
    pub received_bytes: usize,
    /// The longest file that can be imported over HTTP, in bytes. A longer file gets 413. The host stores the file
    /// temporarily until all of it has arrived. 1,073,741,824 unless given.
    pub import_bytes: u64,
    /// The timeout in seconds for a body to arrive. A slower body gets 408. For a file to import, the timeout applies
    /// to each piece. 10 unless given.
    pub body_seconds: u64,
    /// The timeout in seconds for the head of a request to arrive, and for an idle connection on which no call had a
    /// valid key. The host closes the connection after it. 10 unless given.
    pub head_seconds: u64,
    /// The timeout of a utility command in seconds. A command that takes longer is undone and gets 503. 120 unless
    /// given. Integration commands have the executor's timeout.
    pub command_seconds: u64,
    /// Removed: the host no longer caches answers. A settings file may still contain it; [`HostSettings::warnings`]
    /// reports that.
    #[serde(skip_serializing)]
    pub remembered_bytes: Option<u64>,
    /// The time in seconds within which the host finishes accepted calls at a shutdown. 30 unless given.
    pub shutdown_seconds: u64,
    /// Whether the host accepts JSON web tokens (header `d3jwt`). No unless given.
    #[serde(alias = "EnableEnhanceWebhookAuthentication")]
    pub enable_enhance_webhook_authentication: bool,
    /// Whether `/metrics` needs no key. No unless given: `/metrics` then needs an API key that may manage, in `d3key`
    /// or as `Authorization: Bearer`.
    pub open_metrics: bool,
    /// The limits of connections, heads and answers.
    pub http: HttpLimits,
    /// The endpoint of the Model Context Protocol.
    pub mcp: McpSettings,
    /// The retention times. The audit log has none: it is kept for ever.
    pub retention: RetentionSettings,
    /// The settings of this instance as a master of tenants.
    pub tenants: TenantSettings,
    /// Health checks and schedules on this host.
    pub schedules: ScheduleSettings,
    /// Collections of findings on this host.
    pub findings: FindingSettings,
    /// Signing in to the console.
    pub sign_in: SignInSettings,
}

/// Health checks and schedules on one host; several hosts can share a store and its due work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ScheduleSettings {
    /// Whether this host runs due checks and commands. Yes unless given. A host with no leaves them to other hosts on
    /// the same store.
    pub run: bool,
    /// The number of checks and commands of schedules that run at once. 256 unless given.
    pub at_once: u32,
    /// The time in seconds for which the first alert about a server waits for further alerts about it, so that they
    /// make one message. 60 unless given.
    pub gather_seconds: u32,
    /// The time in minutes between two messages about the failures of a server, and for which a recovery waits for
    /// connections that still fail. 15 unless given.
    pub follow_up_minutes: u32,
}

impl Default for ScheduleSettings {
    fn default() -> Self {
        Self { run: true, at_once: 256, gather_seconds: 60, follow_up_minutes: 15 }
    }
}

/// The retention times of data that need not be kept for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RetentionSettings {
    /// The time in hours for which the host repeats an answer under its Idempotency-Key. 24 unless given.
    pub answers_hours: u32,
    /// The time in days for which single health checks are kept. 7 unless given.
    pub checks_days: u32,
    /// The time in days for which the hourly counts of passed health checks are kept. Uptimes go back that far. 31
    /// unless given.
    pub uptime_days: u32,
    /// The time in days for which the log of schedules is kept. 90 unless given.
    pub schedule_log_days: u32,
    /// The time in days for which delivered alerts are kept. Undelivered alerts are kept until they are delivered. 7
    /// unless given.
    pub alerts_days: u32,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self { answers_hours: 24, checks_days: 7, uptime_days: 31, schedule_log_days: 90, alerts_days: 7 }
    }
}

/// PEM files for TLS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TlsFiles {
    /// The certificate and the intermediate certificates.
    pub certificate: PathBuf,
    /// The certificate's private key.
    pub key: PathBuf,
}

/// The address of a store. It may contain a password, which is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct StoreAddress(String);

impl StoreAddress {
    /// An address.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self(address.into())
    }

    /// The whole address with its password, to open the store.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StoreAddress {
    /// The address without the parts that may be secret: the user, the password and the options.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://").filter(|(scheme, _)| scheme.starts_with("postgres")) else {
            return formatter.write_str(&self.0);
        };
        let rest = rest.split('?').next().unwrap_or_default();
        // A password may contain an @.
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
            mcp: McpSettings::default(),
            retention: RetentionSettings::default(),
            tenants: TenantSettings::default(),
            schedules: ScheduleSettings::default(),
            findings: FindingSettings::default(),
            sign_in: SignInSettings::default(),
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
            // The text of the error quotes the line, which may contain the store's password.
            let line = error.span().map_or(0, |span| text.get(..span.start).unwrap_or_default().matches('\n').count());
            SettingsProblem(format!("The settings cannot be read, line {}: {}.", line + 1, error.message()))
        })?;
        settings.check()?;
        Ok(settings)
    }

    /// Checks the rules that the types cannot express.
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
        if let Some(text) = self.findings.problem() {
            return problem(text);
        }
        if let Some(text) = self.sign_in.problem() {
            return Err(SettingsProblem(text));
        }
        let RetentionSettings { checks_days, uptime_days, schedule_log_days, alerts_days, .. } = self.retention;
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
                "listen: other machines could reach the host without TLS. Give tls.certificate and tls.key, listen on \
                 127.0.0.1, or set plain-http-behind-proxy if a proxy terminates TLS for the host.",
            );
        }
        Ok(())
    }

    /// Warnings about settings that have no effect. Each is a sentence with the cure.
    #[must_use]
    pub fn warnings(&self) -> Vec<&'static str> {
        let removed = "The setting remembered-bytes was removed and has no effect: the host no longer caches answers. \
                       Delete its line.";
        self.remembered_bytes.map(|_| removed).into_iter().collect()
    }

    /// The number of calls that may run at once.
    #[must_use]
    pub fn calls_in_flight(&self) -> usize {
        usize::try_from(self.calls_in_flight).unwrap_or(usize::MAX).min(tokio::sync::Semaphore::MAX_PERMITS)
    }

    /// The timeout of a utility command.
    #[must_use]
    pub fn command_timeout(&self) -> Duration {
        Duration::from_secs(self.command_seconds)
    }

    /// The timeout for the head of a request.
    #[must_use]
    pub fn head_time(&self) -> Duration {
        Duration::from_secs(self.head_seconds)
    }

    /// The limit in bytes for the bodies of one key's calls under way.
    #[must_use]
    pub fn received_bytes_per_key(&self) -> usize {
        (self.received_bytes / 4).max(self.body_bytes)
    }

    /// The time for which an answer is kept.
    pub fn answers_kept(&self) -> Duration {
        Duration::from_secs(u64::from(self.retention.answers_hours) * 3_600)
    }

    /// The settings of the scheduler.
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
                syncs: days(self.tenants.history_days),
                findings: self.findings.kept(),
            },
            ..SchedulerSettings::default()
        }
    }

    /// The host's address on this machine, with [`CHOSEN_PORT`] for a port that the host chooses when it starts.
    #[must_use]
    pub fn url(&self) -> String {
        public_address::url(self.tls.is_some(), self.listen)
    }

    /// The address under which browsers reach the host, without `/` at its end.
    #[must_use]
    pub fn public_address(&self) -> PublicAddress {
        let given = self.sign_in.public_address.as_deref();
        PublicAddress::new(given, self.tls.is_some(), self.listen, &self.base_path)
    }

    /// The path before `/api/…` in the addresses that the host shows.
    pub fn prefix(&self) -> String {
        format!("{}/{}", self.base_path, self.namespace)
    }
}
