//! `GET /integrations/{id}`: an integration with its commands and connections.

use askama::Template;
use axum::Router;
use soar_connector::Manifest;
use soar_connector::manifest::{Effect, Setting};
use soar_connector::name::normalised;
use soar_host::operations::ConnectionQuery;
use soar_store::model::Right;

use crate::parts::{Badge, Cell, Column, Empty, Meaning, Row, Table};
use crate::routing::get;
use crate::visit::{Frame, ListState, Page, PageError, PageResult, Path, if_allowed};

/// The number of connections of a page.
const ROWS: i64 = 100;

#[derive(Debug, Template)]
#[template(path = "integrations/one.html")]
struct IntegrationPage {
    frame: Frame,
    id: String,
    vendor: String,
    category: String,
    description: String,
    settings: Vec<Setting>,
    search: String,
    commands: Table,
    /// The text that connections are searched for.
    find: String,
    connections: Table,
    may_add: bool,
    may_run: bool,
}

pub(super) fn routes() -> Router {
    Router::new().route("/integrations/{id}", get(show))
}

async fn show(page: Page, Path(id): Path<String>, list: ListState) -> PageResult {
    let plugin = page.integration(&id)?;
    let manifest = plugin.manifest();
    let connector = &manifest.connector;
    let search = list.filter("q").unwrap_or_default().to_owned();
    let purpose = "An integration has commands. A connection says on which instance of the product they run.";
    let template = IntegrationPage {
        frame: page.main_frame(&connector.name, purpose).below("Integrations", "/integrations"),
        vendor: connector.vendor.clone(),
        category: connector.category.clone(),
        description: connector.description.clone(),
        settings: connector.settings.clone(),
        commands: commands(&page, manifest, &search),
        connections: connections(&page, &connector.id, &list).await?,
        find: list.filter("find").unwrap_or_default().to_owned(),
        may_add: page.may_somewhere(Right::ManageConnections),
        may_run: page.may_somewhere(Right::UseConnections),
        id: connector.id.clone(),
        search,
    };
    page.show(&template)
}

fn commands(page: &Page, manifest: &Manifest, search: &str) -> Table {
    let wanted = search.to_lowercase();
    let id = &manifest.connector.id;
    let found = manifest.commands.iter().filter(|command| {
        let text = format!("{} {}", command.name, command.description).to_lowercase();
        wanted.split_whitespace().all(|word| text.contains(word))
    });
    let rows = found.map(|command| {
        let effect = match command.effect {
            Effect::Read => Badge::new("Reads", Meaning::Neutral),
            Effect::Write => Badge::new("Changes", Meaning::Warning),
        };
        let href = page.href(&format!("/integrations/{id}/commands/{}", normalised(&command.name)));
        Row::new([Cell::link(href, &command.name), Cell::text(&command.description), Cell::badge(effect)])
    });
    let columns = [
        Column::text("name", "Command"),
        Column::text("about", "Description").wide(),
        Column::text("effect", "Effect"),
    ];
    Table::new("commands", "Commands", columns).rows(rows).empty(Empty::new("No command matches the search."))
}

async fn connections(page: &Page, integration: &str, list: &ListState) -> Result<Table, PageError> {
    let from = list.offset();
    let wanted = ConnectionQuery {
        integration: Some(integration.to_owned()),
        text: list.filter("find").map(str::to_owned),
        offset: i64::try_from(from).unwrap_or(i64::MAX),
        limit: Some(ROWS),
        ..ConnectionQuery::default()
    };
    let found = if_allowed(page.operations().list_connections(page.context()?, &wanted).await)?;
    let (found, total) = found.map_or((Vec::new(), 0), |found| (found.connections, found.all));
    let states = page.operations().health_states(page.context()?, found.iter().map(|one| one.id).collect()).await;
    let states = if_allowed(states)?.unwrap_or_default();
    let rows = found.iter().map(|one| {
        let state = match states.get(&one.id) {
            Some(state) if one.active => Badge::of_health(*state),
            None if one.active => Badge::new("Active", Meaning::Neutral),
            _ => Badge::new("Inactive", Meaning::Neutral),
        };
        let href = page.href(&format!("/integrations/{integration}/connections/{}", one.id));
        Row::new([Cell::link(href, &one.name), Cell::text(one.place.name()), Cell::badge(state)])
    });
    let columns = [Column::text("name", "Connection"), Column::text("site", "Site"), Column::text("state", "State")];
    let table = Table::new("connections", "Connections", columns).rows(rows);
    let empty = if wanted.text.is_some() {
        "No connection matches the search."
    } else {
        "There is no connection that you may use."
    };
    let table = table.empty(Empty::new(empty));
    let end = from + found.len();
    if total == found.len() || found.is_empty() {
        return Ok(table);
    }
    let next = (end < total).then(|| end.to_string());
    Ok(table.position(list, format!("Connections {} to {end} of {total}", from + 1), next))
}
