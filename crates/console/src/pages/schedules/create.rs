//! `/schedules/new`: creates a schedule.

use axum::Router;
use soar_host::Refusal;
use soar_host::scheduler::ScheduleDraft;
use soar_store::model::Right;

use super::fields::{Values, fields};
use crate::parts::{ContentPage, Field, FormPanel};
use crate::routing::form;
use crate::visit::{Answer, Form, Notice, Page, PageError};

/// The most names of connections that the form suggests.
const SUGGESTED: i64 = 100;

pub(super) fn routes() -> Router {
    Router::new().route("/schedules/new", form(show, save))
}

async fn show(page: Page) -> Answer {
    let shown = shown(&page, &Form::empty()).await?;
    page.show(&shown)
}

async fn save(page: Page, mut form: Form) -> Answer {
    let name = form.required("name", "The name");
    let site = form.required("site", "The site");
    let integration = form.required("integration", "The integration");
    let command = form.required("command", "The command");
    let values = Values::read(&mut form);
    if !form.is_wrong() {
        let draft = ScheduleDraft {
            name,
            site,
            integration,
            connection: Some(form.text("connection").to_owned()).filter(|name| !name.is_empty()),
            command,
            parameters: values.parameters,
            every_minutes: values.every_minutes,
            cron: values.cron,
            active: values.active,
            alert_to: values.alert_to,
            alert_after: values.alert_after,
        };
        match page.operations().create_schedule(page.context()?, draft).await {
            Ok(made) => {
                let notice = Notice::done(format!("The schedule {} is created.", made.name));
                return page.lead_to(&format!("/schedules/{}", made.id), Some(notice));
            }
            Err(error) => page.refused(&mut form, error)?,
        }
    }
    let shown = shown(&page, &form).await?;
    page.show_again(&shown)
}

async fn shown(page: &Page, form: &Form) -> Result<ContentPage, PageError> {
    let sites = page.sites_with(Right::UseConnections).await?;
    if sites.is_empty() {
        let text = format!("This needs the right to {}. Ask an administrator for it.", Right::UseConnections);
        return Err(Refusal::Forbidden(text).into());
    }
    let integrations = page.operations().list_integrations()?;
    let connections = page.operations().connection_names(page.context()?, SUGGESTED).await?;
    let frame = page.frame("New Schedule").below("Schedules", "/schedules");
    let mut all = vec![
        Field::text("name", "Name").required().focused(),
        Field::choice("site", "Site", sites.iter().map(|site| (&site.name, &site.name))).required(),
        Field::choice("integration", "Integration", integrations.iter().map(|one| (&one.id, &one.name))).required(),
        Field::text("connection", "Connection")
            .suggestions(connections)
            .help("Required only where the site has several connections of the integration."),
        Field::text("command", "Command").placeholder("List Device Vulnerabilities").required(),
    ];
    all.extend(fields(None));
    let panel = FormPanel::new(&frame, "new", "Fields", "/schedules/new")
        .text("The command runs in your name.")
        .fields(form, all)
        .button("Create")
        .back(page.href("/schedules"));
    Ok(ContentPage::new(frame).with(panel))
}
