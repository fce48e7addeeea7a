//! One command's use of the session: what a handler sees. It never sees tokens, headers or retries.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde_json::Value;
use soar_connector::{Command, Manifest, Page, Receipt, Sink, SinkError, Warning};

use super::list::Totals;
use super::{Meter, Session};
use crate::vendor::{Endpoint, Failure, Generation, ListReply, Request, split};

/// The sending half of a call, which many requests can share at once.
pub(super) struct Wire<'a> {
    session: &'a Session,
    /// The tenant that the caller asked for.
    tenant: Option<i64>,
    meter: Meter,
}

impl<'a> Wire<'a> {
    async fn generation(&self) -> Result<Generation, Failure> {
        self.session.generation(self.tenant, &self.meter).await
    }

    /// Sends a request and splits its reply as the endpoint's command says.
    pub(super) async fn fetch(&self, endpoint: &dyn Endpoint, request: &Request) -> Result<ListReply, Failure> {
        let reply = self.session.send(request, self.tenant, &self.meter).await?;
        split(self.command(endpoint)?, &reply.content_type, reply.body).map_err(|failure| failure.at(reply.status))
    }

    fn command(&self, endpoint: &dyn Endpoint) -> Result<&'a Command, Failure> {
        let manifest: &'a Manifest = &self.session.manifest;
        manifest.command(endpoint.command()).map_err(|error| Failure::new("unknown-command", error.to_string()))
    }
}

/// One execution of a command.
pub(crate) struct Call<'a> {
    wire: Wire<'a>,
    sink: &'a mut dyn Sink,
    totals: Totals,
    warnings: Vec<Warning>,
    write_in_flight: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn new(session: &'a Session, tenant: Option<i64>, sink: &'a mut dyn Sink) -> Self {
        Self {
            wire: Wire { session, tenant, meter: Meter::default() },
            sink,
            totals: Totals::default(),
            warnings: Vec::new(),
            write_in_flight: false,
        }
    }

    /// Whether the connection refuses a Scanner ID that cannot be used.
    pub(crate) fn is_strict_about_scanners(&self) -> bool {
        self.wire.session.settings.strict_scanner_id
    }

    /// The user that the connection logs in as.
    pub(crate) fn user_name(&self) -> &str {
        &self.wire.session.settings.user_name
    }

    /// Logs in with user name and password, whatever session there is; gives the default tenant.
    pub(crate) async fn log_in_afresh(&mut self) -> Result<Option<i64>, Failure> {
        let login = self.wire.session.log_in_afresh(&self.wire.meter).await?;
        Ok(login.default_tenant)
    }

    /// Tells the caller something.
    pub(crate) fn warn(&mut self, code: &str, message: impl Into<String>) {
        self.warnings.push(Warning { code: code.to_owned(), message: message.into() });
    }

    /// Reads one page, the first unless `page` says otherwise, and hands it on. A page past the last has no rows.
    pub(crate) async fn read_page(&mut self, endpoint: &dyn Endpoint, page: Option<i64>) -> Result<(), Failure> {
        let number = page.and_then(|page| u64::try_from(page).ok());
        let request = self.request(endpoint).await?.page(number);
        let reply = match self.wire.fetch(endpoint, &request).await {
            Err(failure) if number.is_some() && failure.is_invalid_page() => return Ok(()),
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
        if reply.number.is_some_and(|got| got != wanted) {
            if reply.total_pages.is_some_and(|pages| wanted > pages) {
                return Ok(());
            }
            return Err(Failure::new(
                "unexpected-reply",
                format!("The server answered with page {} instead of {wanted}.", reply.number.unwrap_or_default()),
            ));
        }
        self.totals.count(&reply);
        if reply.shortfall() > 0 {
            self.report_missing(reply.shortfall(), reply.total_rows);
        }
        self.hand_on(reply.page).await
    }

    /// Reads a list whole, however many pages it has, and hands its pages on.
    pub(crate) async fn read_whole(&mut self, endpoint: &dyn Endpoint) -> Result<(), Failure> {
        let mut whole = self.whole(endpoint).await?;
        while let Some(reply) = whole.next(&self.wire).await? {
            self.totals.count(&reply);
            self.hand_on(reply.page).await?;
        }
        if whole.missing() > 0 {
            self.report_missing(whole.missing(), whole.total_rows());
        }
        if whole.duplicates() > 0 {
            self.warn(
                "list-shifted",
                format!(
                    "The list changed while it was read: {} rows came twice and are shown once.",
                    whole.duplicates()
                ),
            );
        }
        Ok(())
    }

    /// The value of `wanted` by `id`, of every row of a list; for handlers that look something up.
    pub(crate) async fn look_up(
        &mut self,
        endpoint: &dyn Endpoint,
        wanted: &str,
    ) -> Result<BTreeMap<i64, Value>, Failure> {
        let mut found = BTreeMap::new();
        let mut whole = self.whole(endpoint).await?;
        while let Some(reply) = whole.next(&self.wire).await? {
            for row in reply.page.rows() {
                let Ok(row) = serde_json::from_str::<BTreeMap<String, Value>>(row) else { continue };
                if let Some(id) = row.get("id").and_then(Value::as_i64) {
                    found.insert(id, row.get(wanted).cloned().unwrap_or(Value::Null));
                }
            }
        }
        Ok(found)
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
        self.write_in_flight = true;
        let reply = self.wire.fetch(endpoint, &request).await;
        self.write_in_flight = false;
        let reply = reply.map_err(doubt)?;
        self.totals.count(&reply);
        self.hand_on(reply.page).await
    }

    /// Hands on rows that the connector made of replies that may not be shown.
    pub(crate) async fn show(&mut self, rows: &[Value]) -> Result<(), Failure> {
        self.hand_on(Page::derived(rows)).await
    }

    /// Whether a request is under way that changes something.
    pub(crate) fn is_writing(&self) -> bool {
        self.write_in_flight
    }

    /// What the command did so far, and what the caller should know.
    pub(crate) fn finish(self) -> (Receipt, Vec<Warning>) {
        let receipt = Receipt {
            requests: self.wire.meter.requests(),
            retries: self.wire.meter.retries(),
            ..self.totals.into_receipt()
        };
        (receipt, self.warnings)
    }

    pub(super) async fn request(&mut self, endpoint: &dyn Endpoint) -> Result<Request, Failure> {
        let generation =
            if endpoint.depends_on_generation() { self.wire.generation().await? } else { Generation::Current };
        Ok(endpoint.request(generation, &mut self.warnings))
    }

    fn report_missing(&mut self, rows: u64, total: Option<u64>) {
        let total = total.map(|total| format!(" of {total}")).unwrap_or_default();
        let text = format!("{rows}{total} rows are missing: the server counts more rows than it sent.");
        self.totals.missing = Some(text.clone());
        self.warn("rows-missing", text);
    }

    async fn hand_on(&mut self, page: Page) -> Result<(), Failure> {
        self.sink.page(page).await.map_err(|error| match error {
            SinkError::Full { .. } => {
                Failure::new("reply-too-large", soar_connector::sentence(&format!("The list is too large: {error}")))
            }
            SinkError::Output(_) => Failure::new("output-failed", soar_connector::sentence(&error.to_string())),
        })
    }
}

/// A write's failure, as "outcome unknown" where the server may have carried it out.
fn doubt(failure: Failure) -> Failure {
    let lost = matches!(failure.code, Some("connection-lost" | "timed-out" | "reply-too-large" | "unreadable-reply"));
    let gateway = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ]
    .map(|status| status.as_u16());
    if lost || failure.has_status(&gateway) {
        return Failure {
            code: Some("outcome-unknown"),
            message: format!("{} Outcome unknown: check before you repeat.", failure.message),
            ..failure
        };
    }
    failure
}
