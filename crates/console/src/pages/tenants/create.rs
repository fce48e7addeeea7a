//! `/tenants/new`: adds a tenant by its one-time key, and registers with it.

use axum::Router;
use secrecy::ExposeSecret as _;
use soar_host::tenants::TenantDraft;

use crate::pages::named::refused_named;
use crate::parts::{ContentPage, Field, FormPanel};
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageResult};

/// The beginning of the refusal of a text that is no one-time key.
pub(super) const NO_KEY: &str = "The text is no one-time key";

/// The beginnings of refusals, and the fields that the refusals are about.
const FIELDS: &[(&str, &str)] = &[
    ("The name of the tenant's region", "region"),
    ("The name of the tenant", "name"),
    ("The tenant's name", "name"),
    (NO_KEY, "key"),
    ("The tenant \"", "url"),
    ("\"", "url"),
];

pub(super) fn routes() -> Router {
    Router::new().route("/tenants/new", form(show, save))
}

async fn show(page: Page) -> PageResult {
    page.context()?.must_administer()?;
    page.show(&shown(&page, &Form::empty()))
}

async fn save(page: Page, mut form: Form) -> PageResult {
    page.context()?.must_administer()?;
    let draft = TenantDraft {
        name: form.required("name", "The name"),
        region: form.required("region", "The region"),
        url: form.required("url", "The address"),
        key: form.secret("key").expose_secret().trim().to_owned(),
    };
    if draft.key.is_empty() {
        form.wrong("key", "The one-time key is required. The tenant's administrator makes it.");
    }
    if form.is_wrong() {
        return page.show_again(&shown(&page, &form));
    }
    let tenant = match page.operations().create_tenant(page.context()?, &draft).await {
        Ok(tenant) => tenant,
        Err(error) => {
            refused_named(&page, &mut form, FIELDS, error)?;
            return page.show_again(&shown(&page, &form));
        }
    };
    let notice = match page.operations().register_tenant(page.context()?, tenant.id, None).await {
        Ok(tried) => {
            let tenant = page.tried(tried).await?;
            Notice::done(format!("The tenant {} is registered.", tenant.name))
        }
        Err(error) => Notice::failed(format!("The tenant is added, but not registered. {}", page.about_input(error)?)),
    };
    page.lead_to(&format!("/tenants/{}", tenant.id), Some(notice))
}

fn shown(page: &Page, form: &Form) -> ContentPage {
    let frame = page.frame("New Tenant").below("Tenants", "/tenants");
    let fields = [
        Field::text("name", "Name").required().focused(),
        Field::text("region", "Region").placeholder("AMER").required(),
        Field::text("url", "Address").placeholder("https://tenant.example.com/MainApp").required(),
        Field::secret("key", "One-time key")
            .help("An administrator of the tenant makes it under Masters of this instance. It is never shown again.")
            .required(),
    ];
    let panel = FormPanel::new(&frame, "new", "Fields", "/tenants/new")
        .text("The tenant is added and registered. Afterwards both instances have a common secret.")
        .fields(form, fields)
        .button("Add and register")
        .back(page.href("/tenants"));
    ContentPage::new(frame).with(panel)
}
