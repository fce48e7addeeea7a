//! One command's use of the session: what a handler sees. It never sees tokens, headers or retries.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use serde_json::Value;
use soar_connector::{
    Command, Manifest, Page, Parameters, Receipt, Report, RowReader, Sink, SinkError, cell_text, hand_on,
};

use super::Session;
use super::errand::Errand;
use super::list::{Totals, read_whole};
use super::transport::Reply;
use crate::settings::{Credentials, Limits};
use crate::vendor::{Endpoint, Failure, Generation, ListReply, Request, is_invalid_page, split};

/// The sending half of a call, which many requests can share at once.
pub(super) struct Wire<'a> {
    pub(super) session: &'a Session,
    pub(super) errand: Errand,
}

impl<'a> Wire<'a> {
    /// Sends a request and splits its reply as the endpoint's command says.
    pub(super) async fn fetch(&self, endpoint: &dyn Endpoint, request: &Request) -> Result<ListReply, Failure> {
        self.answer(endpoint, request).await.map(|(_, list)| list)
    }

    /// The same, with the reply's status.
    pub(super) async fn answer(&self, endpoint: &dyn Endpoint, request: &Request) -> Result<(u16, ListReply), Failure> {
        let reply = self.session.send(request, &self.errand).await?;
        let status = reply.status;
        let list = self.split(endpoint, reply).await.map_err(|failure| failure.at(status))?;
        if !list.proven {
            self.session.vouch(&self.errand).await.map_err(|failure| failure.at(status))?;
        }
        Ok((status, list))
    }

    /// Splits a reply; a large one on a thread of its own, so that the next pages arrive meanwhile.
    async fn split(&self, endpoint: &dyn Endpoint, reply: Reply) -> Result<ListReply, Failure> {
        let name = endpoint.command();
        if reply.body.len() < LARGE_REPLY {
            return split(command(&self.session.manifest, name)?, &reply.content_type, reply.body);
        }
        let manifest = Arc::clone(&self.session.manifest);
        let splitting =
            tokio::task::spawn_blocking(move || split(command(&manifest, name)?, &reply.content_type, reply.body));
        match splitting.await {
            Ok(list) => list,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Failure::new("timed-out", "The program ends before the reply was read.")),
            },
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.session.settings.limits
    }
}

/// A reply of so many bytes is worth the way to another thread.
const LARGE_REPLY: usize = 16 * 1024;

fn command<'a>(manifest: &'a Manifest, name: &str) -> Result<&'a Command, Failure> {
    manifest.command(name).map_err(|error| Failure::new("unknown-command", error.to_string()))
}

/// One execution of a command.
pub(crate) struct Call<'a> {
    pub(super) wire: Wire<'a>,
    sink: &'a mut dyn Sink,
    totals: Totals,
    report: &'a mut Report,
    /// While a write is under way, how many requests had been sent before it.
    writing_since: Option<u64>,
}

impl<'a> Call<'a> {
    /// A call of `command` by a caller who asks for `tenant`.
    ///
    /// The health check is not patient: who asks whether a connection works wants to know now.
    pub(crate) fn new(
        session: &'a Session,
        command: &Command,
        tenant: Option<i64>,
        time_limit: Duration,
        sink: &'a mut dyn Sink,
        report: &'a mut Report,
    ) -> Self {
        let patient = command.name != session.manifest.connector.health_check;
        let errand = Errand::new(tenant, patient, time_limit, Arc::clone(&session.clock));
        let mut call =
            Self { wire: Wire { session, errand }, sink, totals: Totals::default(), report, writing_since: None };
        if session.skips_certificate_checks() {
            tracing::warn!("certificates are not checked (setting Skip Certificate Checks)");
            call.warn(
                "certificate-checks-off",
                "Skip Certificate Checks is on: any server can pass for the instance and read the password. Use CA File instead.",
            );
        }
        call
    }

    /// Whether the connection refuses a Scanner ID that cannot be used.
    pub(crate) fn is_strict_about_scanners(&self) -> bool {
        self.wire.session.settings.strict_scanner_id
    }

    /// Who the connection is to the server, in words.
    pub(crate) fn identity(&self) -> String {
        match &self.wire.session.settings.credentials {
            Credentials::User { name, .. } => name.clone(),
            Credentials::ApiKey(_) => "API Key".to_owned(),
        }
    }

    /// Logs in with user name and password, whatever session there is; gives the default tenant.
    pub(crate) async fn log_in_afresh(&mut self) -> Result<Option<i64>, Failure> {
        let login = self.wire.session.log_in_afresh(&self.wire.errand).await?;
        Ok(login.default_tenant)
    }

    /// The server's certificate (DER) as the latest reply about the session came with it, and the time of day.
    pub(crate) fn certificate(&self) -> Option<(Vec<u8>, SystemTime)> {
        let session = self.wire.session;
        Some((session.transport.certificate()?, session.now()))
    }

    /// Tells the caller something.
    pub(crate) fn warn(&mut self, code: &str, message: impl Into<String>) {
        self.report.warn(code, message);
    }

    /// Reads what the caller asks for of a list with a Page input: one page, the first unless named, or all of them.
    pub(crate) async fn read_list(&mut self, endpoint: &dyn Endpoint, parameters: &Parameters) -> Result<(), Failure> {
        let page = parameters.integer("Page");
        if parameters.boolean("All Pages") != Some(true) {
            return self.read_page(endpoint, page).await;
        }
        if page.is_some() {
            return Err(Failure::new(
                "invalid-parameter",
                "Page: expected none together with All Pages. Leave one out.",
            ));
        }
        self.read_whole(endpoint).await
    }

    /// Reads one page, the first unless `page` says otherwise, and hands it on. A page past the last has no rows.
    pub(crate) async fn read_page(&mut self, endpoint: &dyn Endpoint, page: Option<i64>) -> Result<(), Failure> {
        let number = page.and_then(|page| u64::try_from(page).ok());
        let request = self.request(endpoint).await?.page(number);
        let reply = match self.wire.fetch(endpoint, &request).await {
            Err(failure) if number.is_some() && is_invalid_page(&failure) => return Ok(()),
            reply => reply?,
        };
        let wanted = number.unwrap_or(1);
        if !reply.paged && wanted > 1 {
            self.warn(
                "list-not-paged",
                "This instance answers with the whole list as page 1, so there is no other page.",
            );
            return Ok(());
        }
        if let Some(got) = reply.number.filter(|got| *got != wanted) {
            if reply.total_pages.is_some_and(|pages| wanted > pages) {
                return Ok(());
            }
            let text = format!("The server answered with page {got} instead of page {wanted}.");
            return Err(Failure::new("unexpected-reply", text));
        }
        self.totals.count(&reply);
        if reply.shortfall() > 0 {
            let total = reply.total_rows.unwrap_or_default();
            self.report_missing(format!(
                "At least {} rows of this page are missing: the server counts {total} on all pages.",
                reply.shortfall()
            ));
        }
        hand_on(self.sink, reply.page).await
    }

    /// Reads a list whole, however many pages it has, and hands its pages on.
    pub(crate) async fn read_whole(&mut self, endpoint: &dyn Endpoint) -> Result<(), Failure> {
        let request = self.whole_request(endpoint).await?;
        read_whole(&self.wire, endpoint, &request, &mut self.totals, self.sink).await?;
        if let Some(missing) = self.totals.missing.take() {
            self.report_missing(missing);
        }
        Ok(())
    }

    /// The text of `wanted` by `id`, of every row of a list; for handlers that look something up.
    pub(crate) async fn look_up(
        &mut self,
        endpoint: &dyn Endpoint,
        wanted: &'static str,
    ) -> Result<BTreeMap<i64, String>, Failure> {
        let request = self.whole_request(endpoint).await?;
        let mut rows = LookUp { wanted, reader: RowReader::of_members(&["id", wanted]), found: BTreeMap::new() };
        read_whole(&self.wire, endpoint, &request, &mut Totals::default(), &mut rows).await?;
        Ok(rows.found)
    }

    /// Whether no row was handed on yet.
    pub(crate) fn has_read_nothing(&self) -> bool {
        self.totals.is_empty()
    }

    async fn whole_request(&mut self, endpoint: &dyn Endpoint) -> Result<Request, Failure> {
        let mut request = self.request(endpoint).await?;
        if let Some(size) = endpoint.page_size()
            && !request.query.iter().any(|(name, _)| *name == size.parameter)
        {
            request.query.push((size.parameter, size.rows.to_string()));
        }
        Ok(request)
    }

    /// Reads one object without handing it on.
    pub(crate) async fn read_object(&mut self, endpoint: &dyn Endpoint) -> Result<Value, Failure> {
        let request = self.request(endpoint).await?;
        let reply = self.wire.fetch(endpoint, &request).await?;
        let row = reply.page.rows().next().unwrap_or("null");
        serde_json::from_str(row)
            .map_err(|error| Failure::new("unreadable-reply", format!("The reply cannot be read ({error}).")))
    }

    /// Changes something, and hands on what the server says of it.
    ///
    /// Where the request may have been carried out although no good answer came, the outcome is unknown.
    pub(crate) async fn write(&mut self, endpoint: &dyn Endpoint) -> Result<(), Failure> {
        let request = self.request(endpoint).await?;
        // Logged in first: what fails before the write itself is sent leaves no doubt.
        self.wire.session.login(&self.wire.errand).await?;
        self.writing_since = Some(self.wire.errand.requests());
        let reply = self.wire.fetch(endpoint, &request).await;
        self.writing_since = None;
        let reply = reply.map_err(doubt)?;
        self.totals.count(&reply);
        hand_on(self.sink, reply.page).await
    }

    /// Hands on rows that the connector made of replies that may not be shown.
    pub(crate) async fn show(&mut self, rows: &[Value]) -> Result<(), Failure> {
        hand_on(self.sink, Page::derived(rows)).await
    }

    pub(super) async fn request(&mut self, endpoint: &dyn Endpoint) -> Result<Request, Failure> {
        let generation = if endpoint.depends_on_generation() {
            self.wire.session.generation(&self.wire.errand).await?
        } else {
            Generation::Current
        };
        Ok(endpoint.request(generation, &mut self.report.warnings))
    }

    fn report_missing(&mut self, missing: String) {
        self.warn("rows-missing", missing.clone());
        self.totals.missing = Some(missing);
    }
}

/// Writes the receipt, also when the time limit stops the handler.
impl Drop for Call<'_> {
    fn drop(&mut self) {
        let errand = &self.wire.errand;
        self.report.receipt = Receipt {
            requests: errand.requests(),
            retries: errand.retries(),
            ..std::mem::take(&mut self.totals).into_receipt()
        };
        // A write that still waits for its turn has changed nothing.
        self.report.in_doubt = self.writing_since.is_some_and(|before| errand.requests() > before);
    }
}

/// Takes the rows of a list that a handler looks something up in.
struct LookUp {
    wanted: &'static str,
    reader: RowReader,
    found: BTreeMap<i64, String>,
}

#[async_trait]
impl Sink for LookUp {
    async fn page(&mut self, page: Page) -> Result<(), SinkError> {
        for row in page.rows() {
            let row = self.reader.read(row)?;
            if let Some(id) = row.get("id").and_then(Value::as_i64) {
                self.found.insert(id, row.get(self.wanted).map(cell_text).unwrap_or_default());
            }
        }
        Ok(())
    }
}

/// A write's failure, as "outcome unknown" where the server may have carried it out.
///
/// It has not where it says so (4xx, 501), and where nothing reached it.
fn doubt(failure: Failure) -> Failure {
    let no_good_answer = matches!(
        failure.code,
        Some(
            "connection-lost"
                | "timed-out"
                | "reply-too-large"
                | "unreadable-reply"
                | "html-reply"
                | "empty-reply"
                | "unexpected-reply"
        )
    );
    let undecided = failure.code.is_none() && failure.status.is_some_and(|status| matches!(status, 408 | 500 | 502..));
    if no_good_answer || undecided {
        return Failure {
            code: Some("outcome-unknown"),
            message: format!("{} Outcome unknown: check before you repeat.", failure.message),
            ..failure
        };
    }
    failure
}
