//! `/tenants/{id}/register`, `address`, `revoke` and `remove`: the steps of a tenant's life.

use axum::Router;
use secrecy::ExposeSecret as _;
use soar_store::model::TenantId;

use super::create::NO_KEY;
use super::one::{TenantForms, shown};
use crate::parts::ConfirmPage;
use crate::routing::{form, post};
use crate::visit::{Form, Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new()
        .route("/tenants/{id}/register", post(register))
        .route("/tenants/{id}/address", post(change_address))
        .route("/tenants/{id}/revoke", form(ask_to_revoke, revoke))
        .route("/tenants/{id}/remove", form(ask_to_remove, remove))
}

async fn register(page: Page, Path(id): Path<TenantId>, mut form: Form) -> PageResult {
    let tenant = page.operations().tenant(page.context()?, id).await?;
    if !form.is_wrong() {
        let key = form.secret("key");
        let key = Some(key.expose_secret().trim()).filter(|key| !key.is_empty());
        match page.operations().register_tenant(page.context()?, id, key).await {
            Ok(tried) => {
                let tenant = page.tried(tried).await?;
                let notice = Notice::done(format!("The tenant {} is registered.", tenant.name));
                return page.lead_to(&format!("/tenants/{id}"), Some(notice));
            }
            Err(error) => page.refused_among(&mut form, &[(NO_KEY, "key")], error)?,
        }
    }
    page.show_again(&shown(&page, &tenant, &TenantForms { register: form, ..TenantForms::default() }))
}

async fn change_address(page: Page, Path(id): Path<TenantId>, mut form: Form) -> PageResult {
    let tenant = page.operations().tenant(page.context()?, id).await?;
    let url = form.required("url", "The address");
    if !form.is_wrong() {
        match page.operations().move_tenant(page.context()?, id, &url).await {
            Ok(_) => return page.lead_to(&format!("/tenants/{id}"), Some(Notice::done("The address is changed."))),
            Err(error) => page.refused_at(&mut form, "url", error)?,
        }
    }
    page.show_again(&shown(&page, &tenant, &TenantForms { address: form, ..TenantForms::default() }))
}

/// The page that asks before a step.
async fn ask(page: &Page, id: TenantId, step: &str, button: &str, question: &str) -> PageResult {
    let tenant = page.operations().tenant(page.context()?, id).await?;
    let own = format!("/tenants/{id}");
    let frame = page.frame(format!("{button} the tenant {}?", tenant.name)).below("Tenants", "/tenants");
    let action = page.href(&format!("{own}/{step}"));
    let frame = frame.below(&tenant.name, &own);
    page.show(&ConfirmPage::new(frame, question, action, button, page.href(&own)).dangerous())
}

async fn ask_to_revoke(page: Page, Path(id): Path<TenantId>) -> PageResult {
    let question = "Nothing more is sent to the tenant. The connections on the tenant stay there.";
    ask(&page, id, "revoke", "Revoke", question).await
}

async fn revoke(page: Page, Path(id): Path<TenantId>, form: Form) -> PageResult {
    if form.is_wrong() {
        return ask_to_revoke(page, Path(id)).await;
    }
    let tenant = page.operations().revoke_tenant(page.context()?, id).await?;
    page.lead_to(&format!("/tenants/{id}"), Some(Notice::done(format!("The tenant {} is revoked.", tenant.name))))
}

async fn ask_to_remove(page: Page, Path(id): Path<TenantId>) -> PageResult {
    ask(&page, id, "remove", "Remove", "The tenant is removed from this instance. Nothing changes on the tenant.").await
}

async fn remove(page: Page, Path(id): Path<TenantId>, form: Form) -> PageResult {
    if form.is_wrong() {
        return ask_to_remove(page, Path(id)).await;
    }
    let tenant = page.operations().remove_tenant(page.context()?, id).await?;
    page.lead_to("/tenants", Some(Notice::done(format!("The tenant {} is removed.", tenant.name))))
}
