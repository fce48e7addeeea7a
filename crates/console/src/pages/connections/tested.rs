//! The result of Test Connection in the form.

use soar_connector::manifest::ConnectorManifest;
use soar_connector::{CommandError, Outcome, Receipt};

use super::prefill::parameter;
use super::system::settings_of;
use crate::parts::ErrorTab;
use crate::visit::SECRET;

/// The result of Test Connection.
#[derive(Debug)]
pub(super) struct TestShown {
    /// The Error tab of a failed test.
    pub(super) tab: Option<ErrorTab>,
    /// The fields that the error is about: the address of each in the page, and its label.
    pub(super) fields: Vec<(String, String)>,
    pub(super) warnings: Vec<String>,
    /// Such as `2 requests in 31 ms`.
    pub(super) receipt: String,
    pub(super) error: Option<CommandError>,
    /// Whether the page lost secrets that the user typed.
    pub(super) lost_secrets: bool,
}

impl TestShown {
    pub(super) fn new(outcome: &Outcome, connector: &ConnectorManifest) -> Self {
        let settings = outcome.error.as_ref().map(|error| settings_of(error, connector)).unwrap_or_default();
        let fields = settings.into_iter().map(|setting| {
            let name = parameter(&setting.name);
            let id = if setting.secret { format!("{SECRET}{name}") } else { name };
            (format!("#{id}"), setting.name.clone())
        });
        Self {
            tab: outcome.error.as_ref().map(ErrorTab::new),
            fields: fields.collect(),
            warnings: outcome.warnings.iter().map(|warning| warning.message.clone()).collect(),
            receipt: summary(&outcome.receipt),
            error: outcome.error.clone(),
            lost_secrets: false,
        }
    }
}

fn summary(receipt: &Receipt) -> String {
    let requests =
        if receipt.requests == 1 { "1 request".to_owned() } else { format!("{} requests", receipt.requests) };
    format!("{requests} in {} ms", receipt.elapsed.as_millis())
}
