//! The people who click, and the pages that they choose from.

use std::time::Duration;

use fastrand::Rng;
use reqwest::redirect::Policy;
use soar_store::testing::{FEEDS, FINDINGS_OF_A_DEVICE};
use tokio::time::Instant;

use crate::Arguments;
use crate::password::PASSWORD;
use crate::stage::{ADMINISTRATORS, PagesStage, user};

/// A page, or a filter of a page.
pub struct Clicked {
    pub name: &'static str,
    /// The address below the console. `{c}` stands for a connection's number, `{i}` for an incident's, `{n}` for a small
    /// number, and `{finding}` for a finding's id.
    address: &'static str,
    /// Whether only administrators may see it.
    is_for_administrators: bool,
}

const fn page(name: &'static str, address: &'static str) -> Clicked {
    Clicked { name, address, is_for_administrators: false }
}

const fn managed(name: &'static str, address: &'static str) -> Clicked {
    Clicked { name, address, is_for_administrators: true }
}

/// All pages.
pub const PAGES: &[Clicked] = &[
    page("home", "/"),
    page("health", "/health"),
    page("health, a later page", "/health?from={c}"),
    page("health, failing", "/health?state=Failing"),
    page("health, healthy", "/health?state=Healthy"),
    page("health, search", "/health?q=footprint+{n}"),
    page("health, search for a server", "/health?q=footprint-{n}.example"),
    page("health, site", "/health?site=Site+{s}"),
    page("health, by server", "/health?group=Server"),
    page("health, by site", "/health?group=Site"),
    page("health, by tenant", "/health?group=Tenant"),
    page("health, with latencies", "/health?column=connection&column=state&column=p95"),
    managed("health of one connection", "/health/{c}"),
    page("incidents", "/incidents"),
    page("incidents, a later page", "/incidents?from={i}"),
    page("incidents, open", "/incidents?status=Open"),
    page("incidents, open and critical", "/incidents?status=Open&severity=Critical"),
    page("incidents, closed and critical", "/incidents?status=Closed&severity=Critical"),
    page("incidents, owner", "/incidents?owner=Analyst+{n}"),
    page("incidents, unknown owner", "/incidents?owner=Nobody"),
    page("incidents, site", "/incidents?site=Site+{s}"),
    page("incidents, a common word", "/incidents?q=phishing"),
    page("incidents, the beginning of a word", "/incidents?q=suspi"),
    page("incidents, words", "/incidents?q=malware+h{n}"),
    page("incidents, a later page of words", "/incidents?q=host&from={i}"),
    page("incidents, the value of a field", "/incidents?q=server-{n}"),
    page("incidents, words that none has", "/incidents?q=nothing+like+this"),
    page("incidents, words and a filter", "/incidents?q=vulnerability&status=Open"),
    managed("one incident", "/incidents/{number}"),
    page("cases", "/cases"),
    page("cases, open", "/cases?status=Open"),
    managed("one case", "/cases/C{n}"),
    page("runs", "/runs"),
    page("runs, failed", "/runs?status=Failed"),
    page("runs, a later page", "/runs?from={n}"),
    managed("one run", "/runs/{n}"),
    page("schedules", "/schedules"),
    managed("audit", "/audit"),
    managed("audit, user", "/audit?user=Analyst+{n}"),
    managed("tenants", "/tenants"),
    managed("users", "/users"),
    managed("keys", "/keys"),
    managed("sites", "/sites"),
    page("integrations", "/integrations"),
    page("integration", "/integrations/coda-footprint"),
    page("integration, search", "/integrations/coda-footprint?find=Footprint+{n}"),
    managed("one connection", "/integrations/coda-footprint/connections/{c}"),
    page("test command", "/test-command"),
    page("test command, search", "/test-command?find=Footprint+{n}"),
    managed("test command, inputs", "/test-command?connection={c}&command=List+Devices"),
    page("findings", "/findings"),
    page("findings, a CVE", "/findings?cve=CVE-2025-{cve}"),
    page("findings, a device", "/findings?device=device-{d}"),
    page("findings, a tenant", "/findings?tenant=Tenant+{s}"),
    page("findings, highest CVSS", "/findings?sort=-cvss"),
    page("findings, a common word", "/findings?q=parser"),
    page("findings, a CVE as a word", "/findings?q=CVE-2025-{cve}"),
    page("findings, a word that none has", "/findings?q=nothing"),
    managed("one finding", "/findings/items/{finding}"),
    page("findings, changes", "/findings/changes"),
    page("findings, changes of a day before", "/findings/changes?day={day}&baseline=no"),
    page("findings, by device", "/findings/devices"),
    page("findings, by CVE", "/findings/cves"),
    page("findings, tenants", "/findings/tenants"),
    page("rules", "/findings/rules"),
    page("profile", "/profile"),
];

/// An answer.
pub struct PageTiming {
    /// The place in [`PAGES`].
    pub page: usize,
    pub time: Duration,
    /// The bytes of the body as they were sent.
    pub bytes: usize,
}

/// A signed-in user.
pub struct SignedInUser {
    http: reqwest::Client,
    base: String,
    cookie: String,
    administers: bool,
    arguments: Arguments,
    rng: Rng,
}

impl SignedInUser {
    pub async fn sign_in(stage: &PagesStage, number: usize) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).no_gzip().build().unwrap();
        let base = format!("{}/console", stage.url);
        let body = format!("user={}&secret.password={}", user(number).replace(' ', "+"), PASSWORD.replace(' ', "+"));
        let request = http.post(format!("{base}/sign-in")).body(body);
        let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let rng = Rng::with_seed(u64::try_from(number).unwrap());
        let administers = number < ADMINISTRATORS;
        Self { http, base, cookie, administers, arguments: stage.arguments.clone(), rng }
    }

    /// The bytes of each page without compression.
    pub async fn sizes(&mut self) -> Vec<usize> {
        let mut sizes = Vec::new();
        for page in 0..PAGES.len() {
            sizes.push(self.get(page, "identity").await.bytes);
        }
        sizes
    }

    /// Clicks until the time `until`.
    pub async fn click(mut self, until: Instant) -> Vec<PageTiming> {
        let mut measured = Vec::new();
        tokio::time::sleep(Duration::from_millis(self.rng.u64(0..1_000))).await;
        while Instant::now() < until {
            let page = self.rng.usize(0..PAGES.len());
            if PAGES[page].is_for_administrators && !self.administers {
                continue;
            }
            measured.push(self.get(page, "gzip").await);
            tokio::time::sleep(Duration::from_millis(self.rng.u64(500..1_500))).await;
        }
        measured
    }

    async fn get(&mut self, page: usize, encoding: &str) -> PageTiming {
        let address = self.address(PAGES[page].address);
        let url = format!("{}{address}", self.base);
        let request = self.http.get(&url).header("cookie", &self.cookie).header("accept-encoding", encoding);
        let started = Instant::now();
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let bytes = answer.bytes().await.unwrap().len();
        let time = started.elapsed();
        assert!(status.is_success(), "{url}: {status}");
        PageTiming { page, time, bytes }
    }

    fn address(&mut self, pattern: &str) -> String {
        let Arguments { connections, incidents, findings, .. } = self.arguments;
        let incident = self.rng.i64(1..=incidents);
        let finding = self.rng.i64(1..=findings);
        let device = (finding - 1) / FINDINGS_OF_A_DEVICE;
        let day = jiff::Zoned::now().date().saturating_sub(jiff::Span::new().days(self.rng.i64(1..30)));
        let values = [
            ("{c}", self.rng.i64(1..=connections).to_string()),
            ("{i}", incident.to_string()),
            ("{n}", self.rng.i64(1..=40).to_string()),
            ("{s}", self.rng.i64(1..=4).to_string()),
            ("{d}", device.to_string()),
            ("{cve}", self.rng.i64(10_000..15_000).to_string()),
            ("{finding}", format!("{}.{device}.f{finding}", 1 + device % FEEDS)),
            ("{day}", day.to_string()),
            ("{number}", format!("{}-{incident}", 20_250_000 + incident % 365)),
        ];
        values.iter().fold(pattern.to_owned(), |address, (name, value)| address.replace(name, value))
    }
}
