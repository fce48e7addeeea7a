//! The page that shows what a command will change before it runs.

use askama::Template;
use soar_connector::manifest::Command;
use soar_connector::{Manifest, RawParameters, cell_text};

use super::chosen::CommandChoice;
use crate::parts::{Cell, Column, Empty, Hidden, Row, Table};
use crate::visit::{Form, Frame, Page};

/// The page that shows what a command will change before it runs.
#[derive(Debug, Template)]
#[template(path = "test_command/confirm.html")]
pub(super) struct CommandConfirmPage {
    frame: Frame,
    name: String,
    description: String,
    connection: String,
    site: String,
    notes: Vec<String>,
    /// The command's effect beyond its parameters.
    widening: Option<String>,
    parameters: Table,
    hidden: Vec<Hidden>,
}

pub(super) fn confirm_page(
    page: &Page,
    chosen: &CommandChoice,
    manifest: &Manifest,
    command: &Command,
    raw: &RawParameters,
    form: &Form,
) -> CommandConfirmPage {
    let rows = raw.iter().map(|(name, value)| Row::new([Cell::text(name), Cell::text(&cell_text(value))]));
    let columns = [Column::text("name", "Input parameter"), Column::text("value", "Value")];
    let widening = command.widening.as_ref().map(|widening| {
        let narrowed = raw.get(&widening.input).map(cell_text).filter(|value| !value.is_empty());
        match narrowed {
            None => format!("{} is not given, so {} {}.", widening.input, command.name, widening.effect),
            Some(value) => format!(
                "If {} does not list the {} {value}, {} {}, unless the connection refuses unknown values.",
                widening.known_from, widening.input, command.name, widening.effect
            ),
        }
    });
    let kept = form.values().filter(|(name, _)| name != "csrf" && name != "do" && name != "resumed");
    let title = format!("Run {}?", command.name);
    let frame = page.frame(title).below("Test Command", "/test-command");
    CommandConfirmPage {
        frame,
        name: command.name.clone(),
        description: command.description.clone(),
        connection: chosen.connection.as_ref().map(|one| one.name.clone()).unwrap_or_default(),
        site: chosen.site.as_ref().map(|site| site.name.clone()).unwrap_or_default(),
        notes: command.notes.clone(),
        widening,
        parameters: Table::new("parameters", format!("Inputs for {}", manifest.connector.name), columns)
            .rows(rows)
            .empty(Empty::new("No inputs are given.")),
        hidden: kept.map(|(name, value)| Hidden::new(name, value)).collect(),
    }
}
