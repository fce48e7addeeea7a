//! `GET /tenants`: the tenants of this master, and what this instance is as a tenant.

use axum::Router;
use soar_host::operations::TenantPage;
use soar_store::TenantFilter;
use soar_store::model::{TenantId, TenantState};

use crate::export;
use crate::parts::{
    Badge, Cell, Column, ContentPage, Empty, Field, Filter, LinkButton, Meaning, Row, Table, When, counted,
};
use crate::routing::get;
use crate::visit::{ListState, Page, PageError, PageResult};

/// The number of tenants on a page.
const ROWS: i64 = 100;

pub(super) fn routes() -> Router {
    Router::new().route("/tenants", get(show)).route("/tenants.csv", get(download))
}

async fn show(page: Page, list: ListState) -> PageResult {
    let after = list.read::<TenantId>("from")?;
    let found = read(&page, &list, after, ROWS).await?;
    let fields = [Field::text("name", "Name"), Field::text("region", "Region")];
    let filter = Filter::new(&list, fields).with_export(&list);
    let about = counted(found.tenants.len(), "tenant", "tenants");
    let next = found.next.map(|next| next.to_string());
    let table = tenants(&page, &list, &found).position(&list, about, next);
    let purpose = "Tenants are other instances that receive connections from this one. Add and register them here.";
    let content = ContentPage::new(page.main_frame("Tenants", purpose))
        .action(LinkButton::new(page.href("/tenants/masters"), "Masters of this instance").plain())
        .action(LinkButton::new(page.href("/tenants/syncs"), "Syncs").plain())
        .action(LinkButton::new(page.href("/tenants/new"), "+ New Tenant"));
    page.show(&content.with(filter).with(table))
}

async fn download(page: Page, list: ListState) -> PageResult {
    export::csv(page, "tenants", move |page, position| {
        let list = list.clone();
        async move {
            let after = position.and_then(|position| position.parse().ok());
            let found = read(&page, &list, after, export::ROWS).await?;
            let next = found.next.map(|next| next.to_string());
            Ok((tenants(&page, &list, &found), next))
        }
    })
    .await
}

async fn read(page: &Page, list: &ListState, after: Option<TenantId>, limit: i64) -> Result<TenantPage, PageError> {
    let text = |name: &str| list.filter(name).map(str::to_owned);
    let filter = TenantFilter { region: text("region"), name: text("name"), without_revoked: false, after };
    Ok(page.operations().list_tenants(page.context()?, &filter, limit).await?)
}

pub(super) fn state(state: TenantState) -> Badge {
    let meaning = match state {
        TenantState::Added => Meaning::Warning,
        TenantState::Registered => Meaning::Good,
        TenantState::Revoked => Meaning::Neutral,
    };
    Badge::new(state.as_str(), meaning)
}

fn tenants(page: &Page, list: &ListState, found: &TenantPage) -> Table {
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let rows = found.tenants.iter().map(|tenant| {
        Row::new([
            Cell::link(page.href(&format!("/tenants/{}", tenant.id)), &tenant.name),
            Cell::text(&tenant.region),
            Cell::badge(state(tenant.state)),
            Cell::text(&tenant.url),
            when(tenant.created_at),
            tenant.registered_at.map_or_else(Cell::unknown, when),
        ])
    });
    let columns = [
        Column::text("name", "Name"),
        Column::text("region", "Region"),
        Column::text("state", "State"),
        Column::text("url", "Address").wide(),
        Column::text("added", "Added").wide(),
        Column::text("registered", "Registered").wide(),
    ];
    let empty = Empty::of(list, "No tenant matches the filter.", "This instance has no tenant yet.");
    Table::new("tenants", "Tenants that this instance sends connections to", columns).rows(rows).empty(empty)
}
