//! `/tenants/syncs/new`: the preview of a sync of connections with tenants.

use axum::Router;
use soar_host::operations::SyncToRun;
use soar_host::tenants::{ConnectionInfo, SyncRequest};
use soar_store::model::ConnectionId;

use super::sync_start::{Start, start};
use crate::parts::{ContentPage, Field, FormPanel};
use crate::routing::form;
use crate::visit::{Answer, Form, Page, PageError};

pub(super) fn routes() -> Router {
    Router::new().route("/tenants/syncs/new", form(show, save))
}

async fn show(page: Page) -> Answer {
    page.context()?.must_administer()?;
    page.show(&shown(&page, &Form::empty()))
}

async fn save(page: Page, mut form: Form) -> Answer {
    let request = request(&mut form);
    if form.is_wrong() {
        return page.show_again(&shown(&page, &form));
    }
    match start(&page, Start::Sync(SyncToRun { request, plan: true })).await {
        Ok(run) => page.lead_to(&format!("/tenants/syncs/{run}"), None),
        Err(PageError::Operation(error)) => {
            page.refused(&mut form, error)?;
            page.show_again(&shown(&page, &form))
        }
        Err(error) => Err(error),
    }
}

fn request(form: &mut Form) -> SyncRequest {
    let text = |form: &Form, name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    let sync_all_shared = form.text("what") != "some";
    let mut connection_info = Vec::new();
    if !sync_all_shared {
        for line in form.text("connections").to_owned().lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.parse::<i64>() {
                Ok(id) => connection_info
                    .push(ConnectionInfo { connection_id: Some(ConnectionId(id)), ..ConnectionInfo::default() }),
                Err(_) => connection_info
                    .push(ConnectionInfo { connection_name: Some(line.to_owned()), ..ConnectionInfo::default() }),
            }
        }
        if connection_info.is_empty() {
            form.wrong("connections", "Give at least one connection, or sync all shared connections.");
        }
    }
    SyncRequest {
        sync_all_shared,
        connection_info,
        all_tenants: form.is_checked("all-tenants"),
        tenant_region: text(form, "region"),
        tenant_name: text(form, "name"),
        tenant_site: form.required("site", "The tenant's site"),
    }
}

fn shown(page: &Page, form: &Form) -> ContentPage {
    let frame = page.frame("New Sync").below("Tenants", "/tenants").below("Syncs", "/tenants/syncs");
    let what = [
        ("all", "All connections that are shared with the tenant; others of this master are withdrawn"),
        ("some", "Only these connections; nothing is withdrawn"),
    ];
    let fields = [
        Field::choice("what", "Connections", what),
        Field::lines("connections", "Names or ids of the connections")
            .help("One per line, for only these connections."),
        Field::checkbox("all-tenants", "All tenants", false)
            .help("The name is ignored then, and the region is optional."),
        Field::text("region", "Tenant Region"),
        Field::text("name", "Tenant Name"),
        Field::text("site", "Tenant Site").help("The tenant's site for the connections.").required(),
    ];
    let panel = FormPanel::new(&frame, "new", "Sync Connection", "/tenants/syncs/new")
        .text("The preview asks each tenant what would change, and changes nothing.")
        .fields(form, fields)
        .button("Preview")
        .back(page.href("/tenants/syncs"));
    ContentPage::new(frame).with(panel)
}
