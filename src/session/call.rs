//! One command's use of the session: what a handler sees. It never sees tokens, headers or retries.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use soar_connector::{Command, Parameters, Progress, Receipt, ReplyPage, Report, Sink, Warning, hand_on};

use super::VendorSession;
use super::list::{Totals, read_whole};
use super::request_context::CommandContext;
use super::wire::Wire;
use crate::settings::Credentials;
use crate::vendor::{DeviceForm, Endpoint, Failure, LevelProof, ListReply, VendorRequest};

/// One execution of a command.
pub(crate) struct Call<'a> {
    pub(super) wire: Wire<'a>,
    pub(super) sink: &'a mut dyn Sink,
    pub(super) totals: Totals,
    report: &'a mut Report,
    /// While a write is under way, how many requests had been sent before it.
    writing_since: Option<u64>,
}

impl<'a> Call<'a> {
    /// A call of `command` by a caller who asks for `tenant`.
    ///
    /// The health check does not wait for a rate limit to pass: its caller wants to know now whether the connection works.
    pub(crate) fn new(
        session: &'a VendorSession,
        command: &Command,
        tenant: Option<i64>,
        time_limit: Duration,
        sink: &'a mut dyn Sink,
        report: &'a mut Report,
    ) -> Self {
        let waits_for_rate_limit = command.name != session.manifest.connector.health_check;
        let context = CommandContext::new(tenant, waits_for_rate_limit, time_limit, Arc::clone(&session.clock));
        let mut call =
            Self { wire: Wire { session, context }, sink, totals: Totals::default(), report, writing_since: None };
        if session.skips_certificate_checks() {
            tracing::warn!("certificates are not checked (setting Skip Certificate Checks)");
            call.warn(
                "certificate-checks-off",
                "Skip Certificate Checks is on: any server can pass for the instance and read the password. Use CA File instead.",
            );
        }
        call
    }

    /// Tells `progress` from now on how far the command has come.
    pub(crate) fn tell(&mut self, progress: &Progress) {
        self.wire.context.progress = progress.clone();
    }

    /// Whether the connection refuses a Scanner ID that List Scanners does not know.
    pub(crate) fn is_strict_about_scanners(&self) -> bool {
        self.wire.session.settings.strict_scanner_id
    }

    /// The user or key that the connection presents to the server, in words.
    pub(crate) fn identity(&self) -> String {
        match &self.wire.session.settings.credentials {
            Credentials::User { name, .. } => name.clone(),
            Credentials::ApiKey(_) => "API Key".to_owned(),
        }
    }

    /// Logs in with user name and password, even if there is a session; gives the default tenant.
    pub(crate) async fn log_in_afresh(&mut self) -> Result<Option<i64>, Failure> {
        let login = self.wire.session.log_in_afresh(&self.wire.context).await?;
        Ok(login.default_tenant)
    }

    /// The server's certificate (DER) as the latest reply about the session came with it, and the time of day.
    pub(crate) fn certificate(&self) -> Option<(Arc<[u8]>, SystemTime)> {
        let session = self.wire.session;
        Some((session.transport.exchange.certificate()?, session.now()))
    }

    /// Tells the caller before all else that the command did something else than it was asked for.
    pub(crate) fn warn_first(&mut self, code: &str, message: impl Into<String>) {
        self.report.warnings.insert(0, Warning { code: code.to_owned(), message: message.into() });
    }

    /// Tells the caller something.
    pub(crate) fn warn(&mut self, code: &str, message: impl Into<String>) {
        self.report.warn(code, message);
    }

    /// Reads what the caller asks for of a list with a Page input: one page, the first unless named, or all of them.
    pub(crate) async fn read_list(&mut self, endpoint: &dyn Endpoint, parameters: &Parameters) -> Result<(), Failure> {
        let page = parameters.integer("Page");
        let all = parameters.boolean("All Pages") == Some(true);
        if all && page.is_some() {
            return Err(Failure::new(
                "invalid-parameter",
                "Page: expected none together with All Pages. Leave one out.",
            ));
        }
        self.totals.level = endpoint.level_proof();
        if all {
            self.read_whole(endpoint).await?
        } else {
            self.read_page(endpoint, page).await?
        }
        if let Some(doubt) = self.totals.level.as_ref().and_then(LevelProof::doubt) {
            self.warn("filter-unproven", doubt);
        }
        Ok(())
    }

    /// Reads one page, the first unless `page` says otherwise, and hands it on. A page past the last has no rows.
    pub(crate) async fn read_page(&mut self, endpoint: &dyn Endpoint, page: Option<i64>) -> Result<(), Failure> {
        let number = page.and_then(|page| u64::try_from(page).ok());
        let first = self.request(endpoint).await?;
        let request = first.clone().page(number);
        let wanted = number.unwrap_or(1);
        let reply = match self.wire.fetch(endpoint, &request).await {
            Err(failure) if wanted > 1 && self.wire.lacks_page(endpoint, &first, &failure).await => return Ok(()),
            reply => reply?,
        };
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
        self.totals.count(&reply)?;
        if reply.shortfall() > 0 {
            let total = reply.total_rows.unwrap_or_default();
            self.report_missing(format!(
                "At least {} rows of this page are missing: the server counts {total} on all pages.",
                reply.shortfall()
            ));
        }
        hand_on(self.sink, reply.page).await
    }

    /// Reads all pages of a list and hands them on.
    pub(crate) async fn read_whole(&mut self, endpoint: &dyn Endpoint) -> Result<(), Failure> {
        let request = self.whole_request(endpoint).await?;
        read_whole(&self.wire, endpoint, &request, &mut self.totals, self.sink).await?;
        if let Some(missing) = self.totals.missing.take() {
            self.report_missing(missing);
        }
        Ok(())
    }

    pub(super) async fn whole_request(&mut self, endpoint: &dyn Endpoint) -> Result<VendorRequest, Failure> {
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

    /// Sends a change, and passes the server's reply to the sink.
    ///
    /// # Errors
    /// As [`Call::change`].
    pub(crate) async fn write(&mut self, endpoint: &dyn Endpoint) -> Result<(), Failure> {
        let reply = self.change(endpoint).await?;
        self.totals.count(&reply)?;
        hand_on(self.sink, reply.page).await
    }

    /// Sends a change, and returns the server's reply.
    ///
    /// # Errors
    /// `outcome-unknown` if the change was sent and no reply shows whether it was carried out.
    pub(crate) async fn change(&mut self, endpoint: &dyn Endpoint) -> Result<ListReply, Failure> {
        let request = self.request(endpoint).await?;
        // Logged in first: what fails before the write itself is sent leaves no doubt.
        self.wire.session.login(&self.wire.context).await?;
        self.writing_since = Some(self.wire.context.requests());
        let reply = self.wire.fetch(endpoint, &request).await;
        self.writing_since = None;
        reply.map_err(doubt)
    }

    /// Hands on rows that the connector made of replies that may not be shown.
    pub(crate) async fn show(&mut self, rows: &[Value]) -> Result<(), Failure> {
        hand_on(self.sink, ReplyPage::derived(rows)).await
    }

    pub(super) async fn request(&mut self, endpoint: &dyn Endpoint) -> Result<VendorRequest, Failure> {
        let form = if endpoint.depends_on_form() { self.wire.device_form().await? } else { DeviceForm::LATEST };
        let request = endpoint.request(form, &mut self.report.warnings);
        self.wire.check_length(endpoint, &request)?;
        Ok(request)
    }

    fn report_missing(&mut self, missing: String) {
        self.warn("rows-missing", missing.clone());
        self.totals.missing = Some(missing);
    }
}

/// Writes the receipt, also when the time limit stops the handler.
impl Drop for Call<'_> {
    fn drop(&mut self) {
        let context = &self.wire.context;
        self.report.receipt = Receipt {
            requests: context.requests(),
            retries: context.retries(),
            ..std::mem::take(&mut self.totals).into_receipt()
        };
        // A write that still waits for its turn has changed nothing.
        self.report.in_doubt = self.writing_since.is_some_and(|before| context.requests() > before);
    }
}

/// A write's failure, as "outcome unknown" where the server may have carried it out.
///
/// It has not where a refusal came (3xx, 4xx, 501), from any server, and where nothing reached the server.
fn doubt(failure: Failure) -> Failure {
    let is_in_doubt = match failure.status {
        Some(300..=407 | 409..=499 | 501) => false,
        Some(_) => true,
        None => matches!(failure.code, Some("connection-lost" | "timed-out" | "unreadable-reply" | "reply-too-large")),
    };
    if is_in_doubt {
        return Failure {
            code: Some("outcome-unknown"),
            message: format!("{} Outcome unknown: check before you repeat.", failure.message),
            ..failure
        };
    }
    failure
}
