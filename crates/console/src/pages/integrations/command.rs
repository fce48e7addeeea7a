//! `GET /integrations/{id}/commands/{command}`: a command with its inputs, permissions, notes and errors.

use askama::Template;
use axum::Router;
use soar_connector::cell_text;
use soar_connector::manifest::{Command, Effect, ErrorEntry, Input};
use soar_store::model::Right;

use crate::parts::{Badge, Cell, Column, Empty, Meaning, Row, Table};
use crate::routing::get;
use crate::visit::{Frame, Page, PageError, PageResult, Path};

#[derive(Debug, Template)]
#[template(path = "integrations/command.html")]
struct CommandPage {
    frame: Frame,
    description: String,
    notes: Vec<String>,
    effect: Badge,
    permissions: String,
    endpoint: String,
    columns: String,
    key_fields: Vec<(String, String)>,
    inputs: Table,
    fields: Vec<Table>,
    errors: Table,
    /// The address of Test Command, if the user may run commands.
    test: Option<String>,
}

pub(super) fn routes() -> Router {
    Router::new().route("/integrations/{id}/commands/{command}", get(show))
}

async fn show(page: Page, Path((id, name)): Path<(String, String)>) -> PageResult {
    let plugin = page.integration(&id)?;
    let manifest = plugin.manifest();
    let connector = &manifest.connector;
    let command = manifest.command(&name).map_err(|unknown| PageError::not_found(unknown.to_string()))?;
    let rows = command.row_paths();
    let rows = rows.first().map_or("$", String::as_str);
    let key_fields = command.key_fields.iter().map(|field| (field.name.clone(), field.path.in_raw_data(rows)));
    let with_fields = command.inputs.iter().filter(|input| !input.fields.is_empty());
    let test = page.may_somewhere(Right::UseConnections).then(|| {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("integration", &connector.id)
            .append_pair("command", &command.name)
            .finish();
        page.href(&format!("/test-command?{query}"))
    });
    let frame = page.frame(&command.name).below("Integrations", "/integrations");
    let template = CommandPage {
        frame: frame.below(&connector.name, &format!("/integrations/{}", connector.id)),
        description: command.description.clone(),
        notes: command.notes.clone(),
        effect: effect(command),
        permissions: command.permissions.join(", "),
        endpoint: command.endpoint.clone(),
        columns: command.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", "),
        key_fields: key_fields.collect(),
        inputs: inputs("inputs", "Inputs", &command.inputs),
        fields: with_fields
            .map(|input| inputs("fields", &format!("Fields of {}", input.name), &input.fields))
            .collect(),
        errors: errors(manifest.errors_of(Some(command))),
        test,
    };
    page.show(&template)
}

fn effect(command: &Command) -> Badge {
    match command.effect {
        Effect::Read => Badge::new("Reads", Meaning::Neutral),
        Effect::Write => Badge::new("Changes something in the product", Meaning::Warning),
    }
}

fn inputs(id: &'static str, caption: &str, inputs: &[Input]) -> Table {
    let rows = inputs.iter().map(|input| {
        Row::new([
            Cell::text(&input.name),
            Cell::text(if input.required { "Required" } else { "Optional" }),
            Cell::text(&format!("{} Expected: {}.", input.description, input.expectation())),
            Cell::text(&cell_text(&input.example)),
        ])
    });
    let columns = [
        Column::text("name", "Input parameter"),
        Column::text("required", "Required/Optional"),
        Column::text("about", "Description"),
        Column::text("example", "Example").wide(),
    ];
    Table::new(id, caption, columns).rows(rows).empty(Empty::new("The command takes no inputs."))
}

fn errors<'a>(entries: impl Iterator<Item = &'a ErrorEntry>) -> Table {
    let rows = entries.map(|entry| {
        let statuses: Vec<_> = entry.statuses.iter().map(ToString::to_string).collect();
        let statuses = if statuses.is_empty() { "N/A".to_owned() } else { statuses.join(", ") };
        Row::new([Cell::text(&statuses), Cell::text(&entry.code), Cell::text(&entry.cause), Cell::text(&entry.cure)])
    });
    let columns = [
        Column::text("status", "Status code"),
        Column::text("code", "Error").wide(),
        Column::text("cause", "Cause"),
        Column::text("cure", "Cure"),
    ];
    Table::new("errors", "Errors", columns).rows(rows)
}
