//! The host of the demo: connections to the simulator, keys, tenants, and sample data, all deleted at the end.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use footprint_simulator::SimulatedUser;
use secrecy::{ExposeSecret as _, SecretString};
use soar_connector::{Clock, ExecutionContext, SystemClock};
use soar_host::Host;
use soar_host::access::{KeyRequest, issue_key, issue_link};
use soar_host::alerts::Couriers;
use soar_host::connections::{ConnectionDraft, Connections};
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::sealing::Keyring;
use soar_host::settings::{HostSettings, RetentionSettings};
use soar_host::sign_in::{BrowserCall, LinkToRedeem};
use soar_host::transfer::{Format, ImportOptions, OnConflict, Subject, import};
use soar_host::vault::{Vault, VaultSettings};
use soar_server::{PAGES, RunningHost, serve_with_pages};
use soar_store::model::{Allowed, Caller, KeyKind, Moment, Role, SiteKind};
use soar_store::{NewSite, NewUser, Store};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::names::{ADMINISTRATOR, ANALYST, CLIENT, SITE};
use super::sample::{
    DAYS, FindingStory, SampleConnection, SampleTenants, cases, collect, context, drafts, incidents, onboard, sync,
    write_past,
};
use crate::instance::{advised, refused, registry};
use crate::printer::Printer;
use crate::shell;

/// Calls to paste: what each does, the command's endpoint and its parameters.
const CALLS: [(&str, &str, &str); 3] = [
    ("Run a command of the connector", "ListTenants", r#"{"Connection Name": "Footprint"}"#),
    (
        "See incidents",
        "GetIncidents",
        r#"{"Start Time": "2000-01-01 00:00:00", "End Time": "2099-12-31 00:00:00", "Page Size": 10}"#,
    ),
    (
        "Close two of them: one stays open, since it has a pending required task",
        "CloseIncidentInBulk",
        r#"{"Incident Numbers": ["20261120-101", "20261120-102"], "Bypass Required Pending Tasks": "No", "Username": "admin user", "Conclusion": "Patched."}"#,
    ),
];

/// A running host.
pub(super) struct DemoHost {
    running: RunningHost,
    tenants: SampleTenants,
    /// Collects findings and syncs the tenants, while the user reads.
    later: JoinHandle<Result<FindingStory>>,
    key: String,
    /// The administrator's password for the console.
    password: SecretString,
    /// The folder of the stores.
    _folder: TempDir,
}

impl DemoHost {
    /// Starts a host with connections to the simulator at `url`, with sample data.
    pub(super) async fn start(url: &str, user: &SimulatedUser) -> Result<Self> {
        let folder = TempDir::new().context("No temporary folder can be created for the demo's store")?;
        let store = Store::open(&folder.path().join("host.db").display().to_string()).await.map_err(advised)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let now = Moment::from(clock.now());
        let keyring = Keyring::generate()?;
        let filled = fill(&store, &keyring, now).await?;
        let caller = filled.administrator;
        let vault = Vault::new(VaultSettings::default());
        let connections = Connections::new(store.clone(), Arc::new(registry()?), keyring, vault, Arc::clone(&clock));
        let mut samples = Vec::new();
        let mut transaction = store.transaction().await.map_err(advised)?;
        for (draft, shape) in drafts(url, user) {
            let draft: ConnectionDraft = serde_json::from_value(draft)?;
            let created = connections.create_in(&mut transaction.records(), &caller, draft).await.map_err(refused)?;
            samples.push(SampleConnection { connection: created, shape });
        }
        transaction.commit().await.map_err(advised)?;
        write_past(&store, &samples, (&caller.user, &filled.analyst), &caller.site, now).await.map_err(advised)?;
        let executor = Executor::start(connections, ExecutorSettings::default()).await.map_err(advised)?;
        let days = u32::try_from(DAYS)?;
        let retention = RetentionSettings {
            checks_days: days,
            uptime_days: days,
            schedule_log_days: days,
            ..RetentionSettings::default()
        };
        let settings = HostSettings { listen: free_address()?, retention, ..HostSettings::default() };
        let host = Host::with_schedules(settings, executor, Arc::new(Couriers::default()))?;
        let password = set_password(&host).await?;
        let tenants = onboard(&host, &caller, folder.path(), &clock).await?;
        let running = serve_with_pages(Arc::clone(&host), Some(soar_console::pages)).await?;
        let connection = samples.first().context("The demo has a connection")?.connection.id;
        let later = tokio::spawn(async move {
            sync(&host, &caller, now).await?;
            collect(&host, &caller, connection).await
        });
        Ok(Self { running, tenants, later, key: filled.key, password, _folder: folder })
    }

    /// Prints how to sign in to the console, and the calls to paste.
    pub(super) fn introduce(&self, printer: &mut Printer) -> Result<()> {
        let url = self.running.url();
        printer.line("")?;
        printer.line(&printer.bold(&format!("The console: {url}{PAGES}/")))?;
        printer.line(&format!("  User      {ADMINISTRATOR}"))?;
        printer.line(&format!("  Password  {}", self.password.expose_secret()))?;
        printer.paragraph(
            "Its past is sample data, invented from a seed: a year of health checks, runs of a quarter, incidents and cases. The \
             tenants are hosts of their own, and the findings are read from the simulated instance just now.",
        )?;
        let text = format!(
            "A host serves D3's Command API at {url} (its documentation: {url}/docs), with a connection to the simulator, incidents and cases. Paste:"
        );
        printer.line("")?;
        printer.paragraph(&text)?;
        for (about, command, parameters) in CALLS {
            printer.line(&format!("\n  # {about}"))?;
            let commands = format!("{url}/VSOC/api/Command/");
            for line in shell::call_lines(&commands, command, &self.key, ADMINISTRATOR, SITE, parameters) {
                printer.line(&format!("  {line}"))?;
            }
        }
        Ok(())
    }

    /// Waits for what happened to the findings.
    pub(super) async fn finding_story(&mut self) -> Result<FindingStory> {
        (&mut self.later).await.context("The demo's findings could not be collected")?
    }

    /// Ends the host, after the calls that it accepted.
    pub(super) async fn end(self) -> Result<()> {
        self.later.abort();
        self.running.shutdown().await?;
        for tenant in self.tenants {
            tenant.shutdown().await?;
        }
        Ok(())
    }
}

/// An address of this machine that nothing listens on. The host shows it in links and calls before it listens there.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("The demo's host finds no free port")?;
    Ok(listener.local_addr()?)
}

/// Gives the administrator a password for the console.
async fn set_password(host: &Host) -> Result<SecretString> {
    let link = async || {
        let mut transaction = host.store.transaction().await?;
        let administrator = transaction.records().user(ADMINISTRATOR).await?;
        let link = issue_link(&mut transaction.records(), administrator.id, Duration::from_secs(60)).await?;
        transaction.commit().await.map(|()| link.token)
    };
    // The beginning of a token is as random as a password has to be.
    let password = link().await.map_err(advised)?;
    let password = SecretString::from(password.expose_secret().chars().take(16).collect::<String>());
    let browser = BrowserCall { address: None, request_id: ExecutionContext::new().request_id };
    let token = link().await.map_err(advised)?;
    host.sign_in().redeem(LinkToRedeem { token, password: password.clone(), browser }).await?;
    Ok(password)
}

/// What an empty store was filled with.
struct Filled {
    /// The text of a key.
    key: String,
    administrator: Caller,
    analyst: soar_store::model::User,
}

/// Fills an empty store with sites, users, a key, incidents and cases.
async fn fill(store: &Store, keyring: &Keyring, now: Moment) -> Result<Filled> {
    let mut transaction = store.transaction().await.map_err(advised)?;
    let mut records = transaction.records();
    let new = |name: &str, kind, description: &str| NewSite {
        name: name.to_owned(),
        kind,
        description: description.to_owned(),
        time_zone: "America/Vancouver".to_owned(),
        language: "en".to_owned(),
    };
    let site = new(SITE, SiteKind::Internal, "The demo's site, with sample data");
    let site = records.create_site(&site, now).await.map_err(advised)?;
    let client = new(CLIENT, SiteKind::Client, "The site of a client, with sample data");
    let client = records.create_site(&client, now).await.map_err(advised)?;
    let user = |name: &str, is_administrator| NewUser { name: name.to_owned(), email: None, is_administrator };
    let administrator = records.create_user(&user(ADMINISTRATOR, true), now).await.map_err(advised)?;
    let analyst = records.create_user(&user(ANALYST, false), now).await.map_err(advised)?;
    for site in [site.id, client.id] {
        records.set_role(analyst.id, site, Role::Analyst).await.map_err(advised)?;
    }
    let request = KeyRequest {
        name: "demo".to_owned(),
        kind: KeyKind::Api,
        owner: ADMINISTRATOR.to_owned(),
        users: vec![ANALYST.to_owned()],
        sites: Allowed::All,
        commands: Allowed::All,
        may_manage: false,
        requires_expiry: false,
        expires_at: None,
    };
    let key = issue_key(&mut records, keyring, &request, now).await.map_err(advised)?;
    transaction.commit().await.map_err(advised)?;
    let administrator = Caller {
        user: administrator,
        site,
        roles: std::collections::BTreeMap::new(),
        reach: Allowed::All,
        key: None,
        request_id: ExecutionContext::new().request_id,
    };
    let entry = context(&administrator, now).entry;
    for (subject, rows) in [(Subject::Cases, cases(now)), (Subject::Incidents, incidents(now))] {
        let options = ImportOptions { subject, format: Format::Json, on_conflict: OnConflict::Fail };
        let rows = rows.to_string();
        let report = import(store, &administrator, options, rows.as_bytes(), &entry, &mut |_| {}).await?;
        if let Some(bad) = report.bad_rows.first() {
            return Err(anyhow!("The demo's {subject} cannot be imported: line {}: {}", bad.line, bad.problem));
        }
    }
    Ok(Filled { key: key.text.to_string(), administrator, analyst })
}
