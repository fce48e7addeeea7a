//! `GET /tenants/{id}`: a tenant with what can be done with it.

use axum::Router;
use soar_store::model::{Tenant, TenantId, TenantState};

use super::list::state;
use crate::parts::{Cell, ContentPage, Facts, Field, FormPanel, LinkButton, When};
use crate::routing::get;
use crate::visit::{Form, Page, PageResult, Path};

/// The forms of the page, of which one may have been sent.
#[derive(Debug, Default)]
pub(super) struct TenantForms {
    pub(super) register: Form,
    pub(super) address: Form,
}

pub(super) fn routes() -> Router {
    Router::new().route("/tenants/{id}", get(show))
}

async fn show(page: Page, Path(id): Path<TenantId>) -> PageResult {
    let tenant = page.operations().tenant(page.context()?, id).await?;
    page.show(&shown(&page, &tenant, &TenantForms::default()))
}

/// The page of a tenant.
pub(super) fn shown(page: &Page, tenant: &Tenant, forms: &TenantForms) -> ContentPage {
    let own = format!("/tenants/{}", tenant.id);
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let facts = Facts::new("tenant", "Tenant")
        .fact("State", Cell::badge(state(tenant.state)))
        .fact("Region", Cell::text(&tenant.region))
        .fact("Address", Cell::text(&tenant.url))
        .fact("Instance", Cell::text_or_unknown(tenant.instance.as_deref().unwrap_or_default()))
        .fact("Added", when(tenant.created_at))
        .fact("Registered", tenant.registered_at.map_or_else(Cell::unknown, when))
        .fact("Revoked", tenant.revoked_at.map_or_else(Cell::unknown, when));
    let frame = page.frame(&tenant.name).below("Tenants", "/tenants");
    let is_registered = tenant.state == TenantState::Registered;
    let register = (!is_registered).then(|| {
        let key =
            Field::secret("key", "One-time key").help("A new one-time key of the tenant. The stored key unless given.");
        FormPanel::new(&frame, "register", "Register", &format!("{own}/register"))
            .fields(&forms.register, [key])
            .button("Register")
    });
    let address = Field::text("url", "Address").value(&tenant.url).required();
    let address = FormPanel::new(&frame, "address", "Address", &format!("{own}/address"))
        .text(if is_registered { "The tenant stays registered." } else { "" })
        .fields(&forms.address, [address])
        .button("Change the address")
        .plain();
    let (step, text) = if is_registered { ("revoke", "Revoke") } else { ("remove", "Remove") };
    let end = LinkButton::new(page.href(&format!("{own}/{step}")), text).danger().dialog();
    ContentPage::new(frame).action(end).with(facts).with_some(register).with(address)
}
