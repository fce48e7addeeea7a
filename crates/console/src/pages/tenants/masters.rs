//! `/tenants/masters`: this instance as a tenant: its masters and its one-time keys.

use axum::Router;
use soar_store::model::{Master, MasterState, TenantKey, TenantKeyState};

use crate::pages::named::name_segment;
use crate::parts::{Badge, Cell, Column, ConfirmPage, ContentPage, Empty, Field, FormPanel, Meaning, Row, Table, When};
use crate::routing::{form, get};
use crate::visit::{Form, Frame, Notice, Page, PageError, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new()
        .route("/tenants/masters", get(show))
        .route("/tenants/masters/{name}/revoke", form(ask_to_revoke, revoke))
        .route("/tenants/masters/{name}/remove", form(ask_to_remove, remove))
}

async fn show(page: Page) -> PageResult {
    let shown = shown(&page, &Form::empty()).await?;
    page.show(&shown)
}

/// The page, with the form that makes a key.
pub(super) async fn shown(page: &Page, form: &Form) -> Result<ContentPage, PageError> {
    let masters = page.operations().list_masters(page.context()?).await?;
    let keys = page.operations().list_tenant_keys(page.context()?).await?;
    let purpose = "Masters are the instances that send connections to this one. A one-time key lets a master register.";
    let frame = page.main_frame("Masters of this instance", purpose).below("Tenants", "/tenants");
    let panel = new_key(&frame, form);
    Ok(ContentPage::new(frame).with(masters_table(page, &masters)).with(panel).with(keys_table(page, &keys)))
}

/// The form that makes a key.
fn new_key(frame: &Frame, form: &Form) -> FormPanel {
    let hours = Field::number("hours", "Valid for, in hours", 1, 720).value("24");
    FormPanel::new(frame, "new-key", "New one-time key", "/tenants/keys")
        .text("Give the key to the administrator of the master, who adds this instance as a tenant with it.")
        .fields(form, [hours])
        .button("Make a one-time key")
}

fn masters_table(page: &Page, masters: &[Master]) -> Table {
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let rows = masters.iter().map(|master| {
        let (badge, step, text) = match master.state {
            MasterState::Registered => (Badge::new("Registered", Meaning::Good), "revoke", "Revoke"),
            MasterState::Revoked => (Badge::new("Revoked", Meaning::Neutral), "remove", "Remove"),
        };
        let href = page.href(&format!("/tenants/masters/{}/{step}", name_segment(&master.name)));
        Row::new([
            Cell::text(&master.name),
            Cell::text(&master.region),
            Cell::badge(badge),
            Cell::number(master.connections),
            when(master.registered_at),
            master.seen_at.map_or_else(Cell::unknown, when),
            Cell::dialog(href, &format!("{text} {}", master.name)),
        ])
    });
    let columns = [
        Column::text("name", "Name"),
        Column::text("region", "Region").wide(),
        Column::text("state", "State"),
        Column::number("connections", "Connections"),
        Column::text("registered", "Registered").wide(),
        Column::text("seen", "Last message").wide(),
        Column::text("end", "End").unexported(),
    ];
    let empty = Empty::new("No master sends connections to this instance.");
    Table::new("masters", "Masters that send connections to this instance", columns).rows(rows).empty(empty)
}

fn keys_table(page: &Page, keys: &[TenantKey]) -> Table {
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let rows = keys.iter().map(|key| {
        let meaning = match key.state {
            TenantKeyState::Open => Meaning::Active,
            TenantKeyState::Used => Meaning::Good,
            TenantKeyState::Expired | TenantKeyState::Revoked => Meaning::Neutral,
        };
        let revoke = match key.state {
            TenantKeyState::Open => {
                let href = page.href(&format!("/tenants/keys/{}/revoke", name_segment(&key.name)));
                Cell::dialog(href, &format!("Revoke {}", key.name))
            }
            _ => Cell::unknown(),
        };
        Row::new([
            Cell::text(&key.name),
            Cell::badge(Badge::new(key.state.as_str(), meaning)),
            when(key.expires_at),
            Cell::text_or_unknown(&key.created_by),
            when(key.created_at),
            revoke,
        ])
    });
    let columns = [
        Column::text("name", "Name"),
        Column::text("state", "State"),
        Column::text("expires", "Expires"),
        Column::text("by", "Created by").wide(),
        Column::text("created", "Created").wide(),
        Column::text("revoke", "Revoke").unexported(),
    ];
    Table::new("tenant-keys", "One-time keys", columns).rows(rows).empty(Empty::new("There is no one-time key."))
}

/// The page that asks before a step.
async fn ask(page: &Page, name: &str, step: &str, button: &str, question: &str) -> PageResult {
    let master = page.operations().master(page.context()?, name).await?;
    let frame = page.frame(format!("{button} the master {}?", master.name)).below("Tenants", "/tenants");
    let frame = frame.below("Masters of this instance", "/tenants/masters");
    let action = page.href(&format!("/tenants/masters/{}/{step}", name_segment(name)));
    page.show(&ConfirmPage::new(frame, question, action, button, page.href("/tenants/masters")).dangerous())
}

async fn ask_to_revoke(page: Page, Path(name): Path<String>) -> PageResult {
    let question = "This instance accepts nothing more from the master. The connections that it sent stay.";
    ask(&page, &name, "revoke", "Revoke", question).await
}

async fn revoke(page: Page, Path(name): Path<String>, form: Form) -> PageResult {
    if form.is_wrong() {
        return ask_to_revoke(page, Path(name)).await;
    }
    let master = page.operations().revoke_master(page.context()?, &name).await?;
    page.lead_to("/tenants/masters", Some(Notice::done(format!("The master {} is revoked.", master.name))))
}

async fn ask_to_remove(page: Page, Path(name): Path<String>) -> PageResult {
    let question = "The master is removed, and all connections that it sent are deleted.";
    ask(&page, &name, "remove", "Remove", question).await
}

async fn remove(page: Page, Path(name): Path<String>, form: Form) -> PageResult {
    if form.is_wrong() {
        return ask_to_remove(page, Path(name)).await;
    }
    let master = page.operations().remove_master(page.context()?, &name).await?;
    page.lead_to("/tenants/masters", Some(Notice::done(format!("The master {} is removed.", master.name))))
}
