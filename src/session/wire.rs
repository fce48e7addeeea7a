//! The sending half of a call: requests of one command, whose replies are split as its manifest says.

use std::sync::Arc;

use futures_util::FutureExt as _;
use soar_connector::{Command, Manifest};

use super::VendorSession;
use super::reply::VendorReply;
use super::request_context::CommandContext;
use crate::settings::Limits;
use crate::vendor::{DeviceForm, Devices, Endpoint, Failure, ListReply, VendorRequest, is_invalid_page};

/// The sending half of a call, which many requests can share at once.
pub(super) struct Wire<'a> {
    pub(super) session: &'a VendorSession,
    pub(super) context: CommandContext,
}

impl<'a> Wire<'a> {
    /// Sends a request and splits its reply in the endpoint's form.
    pub(super) async fn fetch(&self, endpoint: &dyn Endpoint, request: &VendorRequest) -> Result<ListReply, Failure> {
        self.answer(endpoint, request).await.map(|(_, list)| list)
    }

    /// The same, with the reply's status.
    pub(super) async fn answer(
        &self,
        endpoint: &dyn Endpoint,
        request: &VendorRequest,
    ) -> Result<(u16, ListReply), Failure> {
        // Boxed: the compiler would else prove in each command that all parts of the HTTP client can be sent between threads.
        let reply = self.session.send(request, &self.context).boxed().await?;
        let status = reply.status;
        // After a write without a good reply, the reply's first bytes are the only evidence.
        let beginning = if request.is_write() { Some(self.session.beginning(&reply).await) } else { None };
        let told = |failure: Failure| {
            let message = match &beginning {
                Some(beginning) => format!("{} It begins with {beginning}.", failure.message),
                None => failure.message,
            };
            Failure { message, ..failure }.at(status)
        };
        let list = self.split(endpoint, reply).await.map_err(&told)?;
        if !list.proven {
            self.session.vouch(&self.context).boxed().await.map_err(&told)?;
        }
        Ok((status, list))
    }

    /// Whether a failure to read a further page is a 404 because the list has no such page. The vendor says so, or `first`,
    /// the request for the first page, is still answered.
    pub(super) async fn lacks_page(&self, endpoint: &dyn Endpoint, first: &VendorRequest, failure: &Failure) -> bool {
        failure.has_status(&[404]) && (is_invalid_page(failure) || self.fetch(endpoint, first).await.is_ok())
    }

    /// The form of the instance's List Devices: asked for once a login, and known as soon as a device was seen.
    pub(super) async fn device_form(&self) -> Result<DeviceForm, Failure> {
        let login = self.session.login(&self.context).await?;
        if let Some(form) = login.device_form.get() {
            return Ok(*form);
        }
        let sample = Devices { filter: None, page_size: Some(1) };
        let reply = self.fetch(&sample, &sample.request(DeviceForm::LATEST, &mut Vec::new())).await?;
        let Some(device) = reply.page.rows().next() else { return Ok(DeviceForm::LATEST) };
        Ok(*login.device_form.get_or_init(|| DeviceForm::of_row(device)))
    }

    /// Refuses what cannot be sent, by the name of its longest part.
    pub(super) fn check_length(&self, endpoint: &dyn Endpoint, request: &VendorRequest) -> Result<(), Failure> {
        let length = self.session.transport.address_length(request);
        let longest = request.query.iter().max_by_key(|(_, value)| value.len());
        match longest {
            Some((name, value)) if length > LONGEST_ADDRESS => {
                let (name, own) = (endpoint.input_of(name), value.len());
                let text = format!(
                    "{name}: {own} bytes are too many. The request's address would have {length} bytes, and at most {LONGEST_ADDRESS} can be sent."
                );
                Err(Failure::new("invalid-parameter", text))
            }
            _ => Ok(()),
        }
    }

    /// Splits a reply. A large one is split on another thread, so that the next pages arrive meanwhile.
    ///
    /// The permits keep the number of these threads at the number of processors: each thread takes memory.
    async fn split(&self, endpoint: &dyn Endpoint, reply: VendorReply) -> Result<ListReply, Failure> {
        let (name, form) = (endpoint.command(), endpoint.reply_form());
        let split = move |manifest: &Manifest, reply: VendorReply| match form {
            Some(form) => manifest.split(&form, &reply.content_type, reply.body),
            None => command(manifest, name)?.split(&reply.content_type, reply.body),
        };
        if reply.body.len() < LARGE_REPLY {
            return split(&self.session.manifest, reply);
        }
        let manifest = Arc::clone(&self.session.manifest);
        // Nothing closes the semaphore, so there is always a permit.
        let permit = Arc::clone(&self.session.splitting).acquire_owned().await;
        let splitting = tokio::task::spawn_blocking(move || {
            // Also held when the command is cancelled: the thread splits to the end.
            let _permit = permit;
            split(&manifest, reply)
        });
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

/// How many bytes the address of a request may have: the HTTP library takes 65,534, and pages are numbered in some.
const LONGEST_ADDRESS: usize = 65_000;

/// A reply of so many bytes is worth the way to another thread.
const LARGE_REPLY: usize = 16 * 1024;

fn command<'a>(manifest: &'a Manifest, name: &str) -> Result<&'a Command, Failure> {
    manifest.command(name).map_err(|error| Failure::new("unknown-command", error.to_string()))
}
