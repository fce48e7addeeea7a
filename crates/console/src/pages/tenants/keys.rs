//! `/tenants/keys`: one-time keys, with which a master registers.

use axum::Router;
use soar_host::operations::TenantKeyToMake;

use super::masters::shown;
use crate::pages::named::name_segment;
use crate::parts::{Cell, ConfirmPage, ContentPage, Facts, LinkButton, ShownOnce, When};
use crate::routing::{form, post};
use crate::visit::{Form, Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/tenants/keys", post(create)).route("/tenants/keys/{name}/revoke", form(ask, revoke))
}

async fn create(page: Page, mut form: Form) -> PageResult {
    let hours = form.text("hours").parse::<i64>().ok();
    if hours.is_none() {
        form.wrong("hours", "Expected a whole number from 1 to 720.");
    }
    if !form.is_wrong() {
        let wanted = TenantKeyToMake { hours, expires_at: None };
        match page.operations().create_tenant_key(page.context()?, &wanted).await {
            Ok(made) => {
                let frame = page.frame("One-time key").below("Tenants", "/tenants");
                let frame = frame.below("Masters of this instance", "/tenants/masters");
                let text = "Copy the key now. The host does not store it and cannot show it again.";
                let secret = ShownOnce::new("The key", text, made.key.unwrap_or_default());
                let expires = Cell::when(When::new(made.shown.expires_at, page.zone(), page.now()));
                let facts =
                    Facts::new("key", "Key").fact("Name", Cell::text(&made.shown.name)).fact("Expires", expires);
                let back = LinkButton::new(page.href("/tenants/masters"), "I have copied the key");
                return page.show(&ContentPage::new(frame).action(back).with(secret).with(facts));
            }
            Err(error) => page.refused_at(&mut form, "hours", error)?,
        }
    }
    let shown = shown(&page, &form).await?;
    page.show_again(&shown)
}

async fn ask(page: Page, Path(name): Path<String>) -> PageResult {
    page.context()?.must_administer()?;
    let frame = page.frame(format!("Revoke the one-time key {name}?")).below("Tenants", "/tenants");
    let action = page.href(&format!("/tenants/keys/{}/revoke", name_segment(&name)));
    let question = "No master can register with the key any more.";
    page.show(&ConfirmPage::new(frame, question, action, "Revoke", page.href("/tenants/masters")).dangerous())
}

async fn revoke(page: Page, Path(name): Path<String>, form: Form) -> PageResult {
    if form.is_wrong() {
        return ask(page, Path(name)).await;
    }
    let key = page.operations().revoke_tenant_key(page.context()?, &name).await?;
    page.lead_to("/tenants/masters", Some(Notice::done(format!("The one-time key {} is revoked.", key.name))))
}
