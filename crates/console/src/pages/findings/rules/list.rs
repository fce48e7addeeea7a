//! `GET /findings/rules`: the rules, by name.

use axum::Router;
use soar_store::model::Right;

use super::super::FindingsView;
use super::{LIST, address, state};
use crate::parts::{Cell, Column, ContentPage, Empty, LinkButton, Row, Table};
use crate::routing::get;
use crate::visit::{Page, PageResult};

pub(super) fn routes() -> Router {
    Router::new().route(LIST, get(show))
}

async fn show(page: Page) -> PageResult {
    let rules = page.operations().list_finding_rules(page.context()?).await?;
    let rows = rules.iter().map(|one| {
        let looked_at = if one.after >= one.last_sequence { "All" } else { "Some are waiting" };
        Row::new([
            Cell::link(page.href(&address(one.id)), &one.rule.name),
            Cell::badge(state(one)),
            Cell::text(&one.user),
            if one.rule.active { Cell::text(looked_at) } else { Cell::unknown() },
            Cell::text_or_unknown(one.problem.as_deref().unwrap_or_default()),
        ])
    });
    let columns = [
        Column::text("name", "Name"),
        Column::text("state", "State"),
        Column::text("user", "User").wide(),
        Column::text("handled", "Changes looked at").wide(),
        Column::text("problem", "Last problem").long(),
    ];
    let empty = Empty::new("There is no rule. A rule makes incidents about findings that were opened or reopened.");
    let table = Table::new("rules", "Rules", columns).rows(rows).empty(empty).live("findings");
    let create = page.may_somewhere(Right::ChangeIncidents);
    let create = create.then(|| LinkButton::new(page.href(&format!("{LIST}/new")), "+ New Rule"));
    let purpose = "Rules make incidents or send alerts when findings are opened, reopened or changed.";
    let content =
        ContentPage::new(page.main_frame("Findings", purpose)).action(create).with(FindingsView::Rules.tabs(&page));
    page.show(&content.with(table))
}
