//! The differences between a connection that was changed meanwhile, and the form.

use soar_connector::manifest::ConnectorManifest;

use super::prefill::{Prefill, parameter};
use crate::parts::{Field, Table, both_versions};
use crate::visit::Form;

/// The labels of the form's own fields.
const LABELS: &[(&str, &str)] = &[
    ("name", "Connection Name"),
    ("site", "Site"),
    ("recipient-site", "Recipient site"),
    ("agent-name", "Agent Name"),
    ("description", "Description"),
    ("tenant", "Tenant"),
    ("users", "User Permissions"),
    ("active", "Active"),
    ("health-check-minutes", "Connection Health Check"),
    ("health-check-email", "Mail addresses"),
    ("health-check-webhooks", "Webhooks"),
    ("alert-after", "Failures before an alert"),
    ("recover-after", "Passes before a recovery"),
    ("slow-ms", "Latency of a slow check"),
];

/// A table of the fields whose stored text differs from the form's. Secrets are not compared.
pub(super) fn differences(form: &Form, stored: &Prefill, connector: &ConnectorManifest) -> Table {
    let own = LABELS.iter().map(|(name, label)| ((*name).to_owned(), (*label).to_owned()));
    let plain = connector.settings.iter().filter(|setting| !setting.secret);
    let all = own.chain(plain.map(|setting| (parameter(&setting.name), setting.name.clone())));
    let field = |(name, label): (String, String)| {
        let text = stored.text(&name).to_owned();
        if name == "active" {
            Field::checkbox(name, label, !text.is_empty())
        } else {
            Field::text(name, label).value(text)
        }
    };
    let fields: Vec<Field> = all.map(field).collect();
    both_versions(form, &fields, "Only secrets or nothing that the form has was changed.")
}
