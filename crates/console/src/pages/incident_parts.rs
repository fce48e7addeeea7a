//! How the pages of all areas show an incident.

use soar_store::model::{Link, Status};

use crate::parts::{Badge, Cell, Column, Empty, Meaning, Row, Table, When};
use crate::visit::{Page, segment};

/// The address of an incident below the console.
pub(super) fn address(number: &str) -> String {
    format!("/incidents/{}", segment(number))
}

/// Whether an incident is open.
pub(super) fn status(status: Status) -> Badge {
    let meaning = match status {
        Status::Open => Meaning::Active,
        Status::Closed => Meaning::Neutral,
    };
    Badge::new(status.as_str(), meaning)
}

/// The table of linked incidents or cases. `below` is the address of their list below the console.
pub(super) fn links_table(page: &Page, id: &'static str, caption: &str, below: &str, links: &[Link]) -> Table {
    let rows = links.iter().map(|link| {
        Row::new([
            Cell::link(page.href(&format!("{below}/{}", segment(&link.number))), &link.number),
            Cell::text_or_unknown(&link.title),
            Cell::badge(status(link.status)),
            Cell::when(When::new(link.linked_at, page.zone(), page.now())),
            Cell::text_or_unknown(&link.linked_by),
        ])
    });
    let columns = [
        Column::text("number", "Number").code(),
        Column::text("title", "Title").long(),
        Column::text("status", "Status"),
        Column::text("linked", "Linked"),
        Column::text("linked-by", "Linked by").wide(),
    ];
    Table::new(id, caption, columns).rows(rows).empty(Empty::new("None is linked."))
}
