//! `/tenants/syncs/new`: the preview of a sync of connections with tenants.

use axum::Router;
use soar_host::operations::{ConnectionQuery, SyncToRun};
use soar_host::tenants::{ConnectionInfo, SyncRequest};
use soar_store::model::ConnectionId;

use super::sync_start::{Start, start};
use crate::pages::choices::CHOICES;
use crate::parts::{ContentPage, Field, FormPanel};
use crate::routing::form;
use crate::visit::{Form, Page, PageError, PageResult, if_allowed};

/// The beginnings of refusals, and the fields that the refusals are about.
const FIELDS: &[(&str, &str)] = &[
    ("Tenant Region", "region"),
    ("Tenant Name", "name"),
    ("There is no tenant", "name"),
    ("There are no tenants", "region"),
    ("Tenant Site", "site"),
    ("Connection", "connections"),
];

pub(super) fn routes() -> Router {
    Router::new().route("/tenants/syncs/new", form(show, save))
}

async fn show(page: Page) -> PageResult {
    page.context()?.must_administer()?;
    let shown = shown(&page, &Form::empty()).await?;
    page.show(&shown)
}

async fn save(page: Page, mut form: Form) -> PageResult {
    page.context()?.must_administer()?;
    let request = request(&mut form);
    if !form.is_wrong() {
        match start(&page, Start::Sync(SyncToRun { request, plan: true })).await {
            Ok(run) => return page.lead_to(&format!("/tenants/syncs/{run}"), None),
            Err(PageError::Operation(error)) => page.refused_among(&mut form, FIELDS, error)?,
            Err(error) => return Err(error),
        }
    }
    let shown = shown(&page, &form).await?;
    page.show_again(&shown)
}

fn request(form: &mut Form) -> SyncRequest {
    let text = |form: &Form, name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    let sync_all_shared = form.text("what") != "some";
    let mut connection_info = Vec::new();
    if !sync_all_shared {
        for item in form.items("connections") {
            match item.parse::<i64>() {
                Ok(id) => connection_info
                    .push(ConnectionInfo { connection_id: Some(ConnectionId(id)), ..ConnectionInfo::default() }),
                Err(_) => form.wrong("connections", "Expected the ids of connections."),
            }
        }
        if connection_info.is_empty() && !form.is_wrong() {
            form.wrong("connections", "Give at least one connection, or sync all shared connections.");
        }
    }
    let all_tenants = form.is_checked("all-tenants");
    if !all_tenants {
        form.required("region", "The tenant's region");
        form.required("name", "The tenant's name");
    }
    SyncRequest {
        sync_all_shared,
        connection_info,
        all_tenants,
        tenant_region: text(form, "region"),
        tenant_name: text(form, "name"),
        tenant_site: form.required("site", "The tenant's site"),
    }
}

async fn shown(page: &Page, form: &Form) -> Result<ContentPage, PageError> {
    // One more tells that there are more.
    let most = i64::try_from(CHOICES + 1).unwrap_or(i64::MAX);
    let wanted = ConnectionQuery { limit: Some(most), ..ConnectionQuery::default() };
    let found = if_allowed(page.operations().list_connections(page.context()?, &wanted).await)?;
    let found = found.map(|found| found.connections).unwrap_or_default();
    let connections = if found.len() > CHOICES {
        Field::lines("connections", "Ids of the connections").help("For only these connections. One per line.")
    } else {
        let own = found.iter().filter(|one| one.owner.is_none());
        let choices = own.map(|one| (one.id.to_string(), format!("{} on {}", one.name, one.place.name())));
        Field::choices("connections", "Chosen connections", choices).help("For only these connections.")
    };
    let frame = page.frame("New Sync").below("Tenants", "/tenants").below("Syncs", "/tenants/syncs");
    let what = [
        ("all", "All connections that are shared with the tenant; others of this master are withdrawn"),
        ("some", "Only these connections; nothing is withdrawn"),
    ];
    let fields = [
        Field::choice("what", "Connections", what),
        connections,
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
    Ok(ContentPage::new(frame).with(panel))
}
