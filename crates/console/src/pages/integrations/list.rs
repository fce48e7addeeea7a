//! `GET /integrations`: all integrations, with a search.

use askama::Template;
use axum::Router;
use soar_connector::Manifest;

use crate::routing::get;
use crate::visit::{Frame, ListState, Page, PageResult, if_allowed};

#[derive(Debug, Template)]
#[template(path = "integrations/list.html")]
struct ListPage {
    frame: Frame,
    search: String,
    integrations: Vec<IntegrationEntry>,
}

/// An integration.
#[derive(Debug)]
struct IntegrationEntry {
    href: String,
    name: String,
    vendor: String,
    category: String,
    description: String,
    commands: usize,
    connections: usize,
}

pub(super) fn routes() -> Router {
    Router::new().route("/integrations", get(show))
}

async fn show(page: Page, list: ListState) -> PageResult {
    let search = list.filter("q").unwrap_or_default().to_owned();
    let connections = if_allowed(page.operations().count_connections(page.context()?).await)?.unwrap_or_default();
    let mut integrations = Vec::new();
    for known in if_allowed(page.operations().list_integrations())?.unwrap_or_default() {
        let plugin = page.operations().integration(&known.id)?;
        let manifest = plugin.manifest();
        if !matches(manifest, &search) {
            continue;
        }
        let connector = &manifest.connector;
        integrations.push(IntegrationEntry {
            href: page.href(&format!("/integrations/{}", known.id)),
            name: connector.name.clone(),
            vendor: connector.vendor.clone(),
            category: connector.category.clone(),
            description: connector.description.clone(),
            commands: manifest.commands.len(),
            connections: connections.get(&known.id).copied().unwrap_or_default(),
        });
    }
    let purpose = "Integrations are the products that the host works with. Open one for its commands and connections.";
    page.show(&ListPage { frame: page.main_frame("Integrations", purpose), search, integrations })
}

/// Whether each word of the search is in the texts of the integration.
fn matches(manifest: &Manifest, search: &str) -> bool {
    let connector = &manifest.connector;
    let mut texts =
        vec![&connector.id, &connector.name, &connector.vendor, &connector.category, &connector.description];
    texts.extend(manifest.commands.iter().map(|command| &command.name));
    let text = texts.into_iter().map(|text| text.to_lowercase()).collect::<Vec<_>>().join("\n");
    search.to_lowercase().split_whitespace().all(|word| text.contains(word))
}
