//! `/incidents/new`: creates an incident.

use axum::Router;
use soar_host::Refusal;
use soar_host::operations::IncidentToMake;
use soar_store::model::{Right, Severity, Site};

use super::fields::{due, moment, read};
use crate::pages::incident_parts::address;
use crate::parts::{ContentPage, Field, FormPanel, with_line_feeds};
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageError, PageResult};

/// The beginnings of refusals, and the fields that the refusals are about.
const FIELDS: &[(&str, &str)] = &[
    ("There is no site", "site"),
    ("The site", "owner"),
    ("The type", "type"),
    ("IncidentType", "type"),
    ("Title", "title"),
    ("Owner", "owner"),
    ("DueDate", "due"),
    ("The description", "description"),
    ("Description", "description"),
];

pub(super) fn routes() -> Router {
    Router::new().route("/incidents/new", form(show, save))
}

async fn show(page: Page) -> PageResult {
    let sites = sites(&page).await?;
    page.show(&shown(&page, &sites, &Form::empty()))
}

async fn save(page: Page, mut form: Form) -> PageResult {
    let sites = sites(&page).await?;
    let text = |form: &Form, name: &str| Some(with_line_feeds(form.text(name))).filter(|text| !text.is_empty());
    let (site, incident_type) = (form.required("site", "The site"), form.required("type", "The type"));
    let due_at = text(&form, "due").and_then(|text| moment(&page, &mut form, &text));
    let severity = text(&form, "severity").and_then(|text| read(&mut form, "severity", &text));
    if !form.is_wrong() {
        let incident = IncidentToMake {
            site,
            incident_type,
            title: text(&form, "title"),
            description: text(&form, "description"),
            severity,
            owner: text(&form, "owner"),
            due_at,
            raw_data: None,
        };
        match page.operations().create_incident(page.context()?, incident).await {
            Ok(made) => {
                let number = made.incident.number;
                return page
                    .lead_to(&address(&number), Some(Notice::done(format!("The incident {number} is created."))));
            }
            Err(error) => page.refused_among(&mut form, FIELDS, error)?,
        }
    }
    page.show_again(&shown(&page, &sites, &form))
}

async fn sites(page: &Page) -> Result<Vec<Site>, PageError> {
    let sites = page.sites_with(Right::ChangeIncidents).await?;
    if sites.is_empty() {
        let text = format!("This needs the right to {}. Ask an administrator for it.", Right::ChangeIncidents);
        return Err(Refusal::Forbidden(text).into());
    }
    Ok(sites)
}

fn shown(page: &Page, sites: &[Site], form: &Form) -> ContentPage {
    let frame = page.frame("New Incident").below("Incidents", "/incidents");
    let severities = Severity::ALL.iter().rev().map(|one| (one.as_str(), one.as_str()));
    let fields = [
        Field::choice("site", "Site", sites.iter().map(|site| (&site.name, &site.name))).required().focused(),
        Field::text("type", "Incident Type").placeholder("Phishing").required(),
        Field::text("title", "Title").help("It is cut after 100 characters."),
        Field::choice("severity", "Severity", severities).value(Severity::Low.as_str()),
        Field::text("owner", "Owner").help("System unless given."),
        due(page),
        Field::lines("description", "Description"),
    ];
    let panel = FormPanel::new(&frame, "new", "Fields", "/incidents/new")
        .fields(form, fields)
        .button("Create")
        .back(page.href("/incidents"));
    ContentPage::new(frame).with(panel)
}
