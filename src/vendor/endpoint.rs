//! An endpoint of the vendor's: a typed request, and the command whose manifest describes its reply.

use std::fmt::Display;

use http::Method;
use serde_json::Value;
use soar_connector::{ReplyForm, Warning};

use super::{DeviceForm, LevelProof};

/// One HTTP request, not yet addressed or authorised.
#[derive(Debug, Clone)]
pub(crate) struct VendorRequest {
    pub(crate) method: Method,
    /// The path below the API's base, with names in place of ids, for logs.
    pub(crate) template: &'static str,
    /// The path below the API's base.
    pub(crate) path: String,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Value>,
}

impl VendorRequest {
    pub(super) fn get(template: &'static str) -> Self {
        Self { method: Method::GET, template, path: template.to_owned(), query: Vec::new(), body: None }
    }

    pub(super) fn post(template: &'static str, body: Value) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::get(template) }
    }

    pub(super) fn patch(template: &'static str, body: Option<Value>) -> Self {
        Self { method: Method::PATCH, body, ..Self::get(template) }
    }

    /// Puts `id` in the place of the template's only name in braces.
    pub(super) fn with_id(mut self, id: impl Display) -> Self {
        if let (Some(start), Some(end)) = (self.template.find('{'), self.template.find('}')) {
            self.path = format!("{}{id}{}", &self.template[..start], &self.template[end + 1..]);
        }
        self
    }

    pub(super) fn query(&mut self, name: &'static str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.query.push((name, value.to_string()));
        }
    }

    /// The same request for page `number`, counted from 1.
    pub(crate) fn page(mut self, number: Option<u64>) -> Self {
        self.query("page", number);
        self
    }

    /// Whether repeating it can change anything.
    pub(crate) fn is_write(&self) -> bool {
        self.method != Method::GET
    }
}

/// The query parameter that sets a list's page size, and how many rows to ask for when a list is read whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageSize {
    pub(crate) parameter: &'static str,
    pub(crate) rows: u64,
}

/// An endpoint with its arguments.
pub(crate) trait Endpoint: Sync {
    /// The command that sends the request. Its manifest describes the reply, unless the endpoint has its own form.
    fn command(&self) -> &'static str;

    /// The form of the reply, where it is not the command's.
    fn reply_form(&self) -> Option<ReplyForm<'static>> {
        None
    }

    /// Whether the request looks different on instances whose List Devices has another form.
    fn depends_on_form(&self) -> bool {
        false
    }

    /// The request for an instance whose List Devices has `form`, which is known wherever the request depends on it.
    ///
    /// Arguments that the instance does not take are left out, with a warning.
    fn request(&self, form: DeviceForm, warnings: &mut Vec<Warning>) -> VendorRequest;

    /// The watch over the rows of a reply that the request filters by one risk level.
    fn level_proof(&self) -> Option<LevelProof> {
        None
    }

    /// The command's input that a query parameter takes its value from.
    fn input_of(&self, parameter: &str) -> String {
        parameter.to_owned()
    }

    /// How to ask for more rows a page, where the endpoint can be.
    fn page_size(&self) -> Option<PageSize> {
        None
    }
}
