//! The differences between a connection that was changed meanwhile, and the form.

use soar_connector::manifest::Connector;

use super::prefill::{Prefill, parameter};
use crate::parts::{Cell, Column, Row, Table, with_line_feeds};
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
pub(super) fn differences(form: &Form, stored: &Prefill, connector: &Connector) -> Table {
    let own = LABELS.iter().map(|(name, label)| ((*name).to_owned(), (*label).to_owned()));
    let plain = connector.settings.iter().filter(|setting| !setting.secret);
    let all = own.chain(plain.map(|setting| (parameter(&setting.name), setting.name.clone())));
    let rows = all.filter_map(|(name, label)| {
        let (now, yours) = (with_line_feeds(stored.text(&name)), with_line_feeds(form.text(&name)));
        (now != yours).then(|| Row::new([Cell::text(&label), shown(&name, &now), shown(&name, &yours)]))
    });
    let columns =
        [Column::text("field", "Field"), Column::text("now", "Stored now"), Column::text("yours", "In your form")];
    let empty = crate::parts::Empty::new("Only secrets or nothing that the form has was changed.");
    Table::new("differences", "Both versions", columns).rows(rows).empty(empty)
}

fn shown(name: &str, text: &str) -> Cell {
    match (name, text) {
        ("active", "") => Cell::text("No"),
        ("active", _) => Cell::text("Yes"),
        (_, "") => Cell::unknown(),
        (_, text) => Cell::text(text),
    }
}
