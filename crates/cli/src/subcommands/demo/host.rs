//! The host of the demo: a connection to the simulator, keys, incidents and cases, all deleted at the end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use footprint_simulator::User;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use soar_connector::{Clock, ExecutionContext, SystemClock};
use soar_host::Host;
use soar_host::access::{KeyRequest, issue_key, issue_link};
use soar_host::alerts::Couriers;
use soar_host::connections::{ConnectionDraft, Connections};
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::sealing::Keyring;
use soar_host::settings::HostSettings;
use soar_host::sign_in::{Browser, LinkToRedeem};
use soar_host::transfer::{Format, ImportOptions, OnConflict, Subject, import};
use soar_host::vault::{Vault, VaultSettings};
use soar_server::{PAGES, RunningHost, serve_with_pages};
use soar_store::model::{Allowed, AuditEntry, Caller, KeyKind, Moment, Role, SiteKind, Surface};
use soar_store::{NewSite, NewUser, Store};
use tempfile::TempDir;

use crate::instance::{advised, refused, registry};
use crate::printer::Printer;
use crate::shell;

const SITE: &str = "Security Operations";
const ADMINISTRATOR: &str = "Admin";
/// The user of the documented examples of bulk commands.
const ANALYST: &str = "admin user";

/// The connection's name.
const CONNECTION: &str = "Footprint";

/// Incidents and their cases.
const CASES: &str = r#"[
  { "number": "20261120-1", "title": "Exposed remote desktops", "site": "Security Operations" },
  { "number": "20261120-2", "title": "Phishing of the finance team", "site": "Security Operations" }
]"#;
const INCIDENTS: &str = r#"[
  { "number": "20261120-101", "title": "Critical vulnerability on a mail server", "site": "Security Operations",
    "severity": "Critical", "owner": "Admin", "cases": [{ "number": "20261120-1" }] },
  { "number": "20261120-102", "title": "Remote desktop open to the internet", "site": "Security Operations",
    "severity": "High", "owner": "admin user",
    "tasks": [{ "name": "Isolate the device", "required": true, "done": false }] },
  { "number": "20261120-103", "title": "Invoice with a macro opened", "site": "Security Operations",
    "severity": "Medium", "owner": "admin user", "cases": [{ "number": "20261120-2" }],
    "fields": [{ "section": "Review", "name": "Root Cause", "kind": "Activity", "requiredOnClose": true }] },
  { "number": "20261120-104", "title": "Scanner without contact", "site": "Security Operations", "severity": "Low" }
]"#;

/// Calls to paste: what each does, the command's endpoint and its parameters.
const CALLS: [(&str, &str, &str); 3] = [
    ("Run a command of the connector", "ListTenants", "{}"),
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
    key: String,
    /// The administrator's password for the console.
    password: SecretString,
    /// The folder of the store.
    _folder: TempDir,
}

impl DemoHost {
    /// Starts a host with a connection to the simulator at `url`.
    pub(super) async fn start(url: &str, user: &User) -> Result<Self> {
        let folder = TempDir::new().context("No temporary folder can be created for the demo's store")?;
        let store = Store::open(&folder.path().join("host.db").display().to_string()).await.map_err(advised)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let now = Moment::from(clock.now());
        let keyring = Keyring::generate()?;
        let (key, caller) = fill(&store, &keyring, now).await?;
        let vault = Vault::new(VaultSettings::default());
        let connections = Connections::new(store.clone(), Arc::new(registry()?), keyring, vault, clock);
        let draft: ConnectionDraft = serde_json::from_value(json!({
            "integration": "coda-footprint",
            "name": CONNECTION,
            "site": SITE,
            "description": "The demo's simulated instance",
            "healthCheckMinutes": 1,
            "parameters": { "Server URL": url, "User Name": user.user_name, "Password": user.password },
        }))?;
        let mut transaction = store.transaction().await.map_err(advised)?;
        connections.create_in(&mut transaction.records(), &caller, draft).await.map_err(refused)?;
        transaction.commit().await.map_err(advised)?;
        let executor = Executor::start(connections, ExecutorSettings::default()).await.map_err(advised)?;
        let settings = HostSettings { listen: ([127, 0, 0, 1], 0).into(), ..HostSettings::default() };
        let host = Host::with_schedules(settings, executor, Arc::new(Couriers::default()))?;
        let password = set_password(&host).await?;
        let running = serve_with_pages(host, Some(soar_console::pages)).await?;
        Ok(Self { running, key, password, _folder: folder })
    }

    /// Prints how to sign in to the console, and the calls to paste.
    pub(super) fn introduce(&self, printer: &mut Printer) -> Result<()> {
        let url = self.running.url();
        printer.line("")?;
        printer.line(&printer.bold(&format!("The console: {url}{PAGES}/")))?;
        printer.line(&format!("  User      {ADMINISTRATOR}"))?;
        printer.line(&format!("  Password  {}", self.password.expose_secret()))?;
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

    /// Ends the host, after the calls that it accepted.
    pub(super) async fn end(self) -> Result<()> {
        Ok(self.running.shutdown().await?)
    }
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
    let browser = Browser { address: None, request_id: ExecutionContext::new().request_id };
    let token = link().await.map_err(advised)?;
    host.sign_in().redeem(LinkToRedeem { token, password: password.clone(), browser }).await?;
    Ok(password)
}

/// Fills an empty store. Returns a key's text, and the administrator as a caller.
async fn fill(store: &Store, keyring: &Keyring, now: Moment) -> Result<(String, Caller)> {
    let mut transaction = store.transaction().await.map_err(advised)?;
    let mut records = transaction.records();
    let site = NewSite {
        name: SITE.to_owned(),
        kind: SiteKind::Internal,
        description: "The demo's site".to_owned(),
        time_zone: "America/Vancouver".to_owned(),
        language: "en".to_owned(),
    };
    let site = records.create_site(&site, now).await.map_err(advised)?;
    let user = |name: &str, is_administrator| NewUser { name: name.to_owned(), email: None, is_administrator };
    let administrator = records.create_user(&user(ADMINISTRATOR, true), now).await.map_err(advised)?;
    let analyst = records.create_user(&user(ANALYST, false), now).await.map_err(advised)?;
    records.set_role(analyst.id, site.id, Role::Analyst).await.map_err(advised)?;
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
    let caller = Caller {
        user: administrator,
        site,
        roles: std::collections::BTreeMap::new(),
        reach: Allowed::All,
        key: None,
        request_id: ExecutionContext::new().request_id,
    };
    let entry = AuditEntry {
        username: caller.user.name.clone(),
        command: "demo".to_owned(),
        ..AuditEntry::new(now, Surface::Terminal, &caller.request_id)
    };
    for (subject, rows) in [(Subject::Cases, CASES), (Subject::Incidents, INCIDENTS)] {
        let options = ImportOptions { subject, format: Format::Json, on_conflict: OnConflict::Fail };
        let report = import(store, &caller, options, rows.as_bytes(), &entry, &mut |_| {}).await?;
        if let Some(bad) = report.bad_rows.first() {
            return Err(anyhow!("The demo's {subject} cannot be imported: line {}: {}", bad.line, bad.problem));
        }
    }
    Ok((key.text.to_string(), caller))
}
