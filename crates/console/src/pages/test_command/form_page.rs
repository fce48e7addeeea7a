//! `GET /test-command`: the choice of connection and command, and the command's inputs.

use askama::Template;
use axum::Router;
use serde_json::{Map, Value};
use soar_connector::ReturnData;
use soar_connector::manifest::Effect;
use soar_connector::name::normalised;
use soar_host::results::{KeptRun, RunState};
use soar_store::model::{Right, RunId};

use super::address;
use super::chosen::{ChoiceValues, CommandChoice};
use super::inputs::{InputField, inputs, values};
use crate::parts::{Badge, Cell, Column, Empty, Field, FormErrors, Hidden, Meaning, Row, Table, When};
use crate::routing::get;
use crate::visit::{Form, Frame, ListState, Page, PageError, PageResult};

/// The page with the form.
#[derive(Debug, Template)]
#[template(path = "test_command/form.html")]
pub(super) struct CommandFormPage {
    frame: Frame,
    has_connections: bool,
    /// The search for a connection, where there are more than the form offers.
    find: Option<Field>,
    connection: Field,
    site: Option<Field>,
    command: Field,
    inputs: Option<CommandForm>,
    results: Table,
}

/// The form with the inputs of a command.
#[derive(Debug)]
struct CommandForm {
    hidden: Vec<Hidden>,
    errors: FormErrors,
    name: String,
    description: String,
    notes: Vec<String>,
    permissions: String,
    is_write: bool,
    about: String,
    inputs: Vec<InputField>,
}

pub(super) fn routes() -> Router {
    Router::new().route("/test-command", get(show))
}

async fn show(page: Page, list: ListState) -> PageResult {
    let text = |name| list.filter(name).unwrap_or_default().to_owned();
    if let Ok(id) = text("run").parse() {
        return again(&page, id).await;
    }
    let given = ChoiceValues {
        integration: text("integration"),
        connection: text("connection"),
        site: text("site"),
        command: text("command"),
        find: text("find"),
    };
    let chosen = CommandChoice::of(&page, &given).await?;
    page.show(&form_page(&page, &chosen, &Form::empty()).await?)
}

/// The form with the inputs of a run of the run history.
async fn again(page: &Page, id: RunId) -> PageResult {
    let run = page.operations().run(page.context()?, id).await?;
    let given = ChoiceValues {
        connection: run.connection_id.to_string(),
        site: run.site,
        command: run.command,
        ..ChoiceValues::default()
    };
    let chosen = CommandChoice::of(page, &given).await?;
    let parameters: Map<String, Value> = serde_json::from_str(run.parameters.get()).unwrap_or_default();
    let values = chosen.command.iter().flat_map(|command| values(command, &parameters));
    let form = values.fold(Form::empty(), |form, (name, value)| form.with(&name, &value));
    page.show(&form_page(page, &chosen, &form).await?)
}

/// The page with the form of what was chosen.
pub(super) async fn form_page(page: &Page, chosen: &CommandChoice, form: &Form) -> Result<CommandFormPage, PageError> {
    if !page.may_somewhere(Right::UseConnections) {
        let text = "This needs the right to use connections on a site. Ask an administrator for it.";
        return Err(soar_host::Refusal::Forbidden(text.to_owned()).into());
    }
    let connections =
        chosen.connections.iter().map(|(one, _)| (one.id.to_string(), format!("{} · {}", one.name, one.place.name())));
    let current = chosen.connection.as_ref().map(|one| one.id.to_string()).unwrap_or_default();
    let site = (chosen.sites.len() > 1).then(|| {
        let names = chosen.sites.iter().map(|site| (site.name.clone(), site.name.clone()));
        let current = chosen.site.as_ref().map(|site| site.name.clone()).unwrap_or_default();
        Field::choice("site", "Site", names).value(current)
    });
    let none = std::iter::once((String::new(), "Choose a command".to_owned()));
    let commands = chosen.plugin.iter().flat_map(|plugin| &plugin.manifest().commands);
    let commands = none.chain(commands.map(|command| (command.name.clone(), command.name.clone())));
    let command = chosen.command.as_ref().map(|command| command.name.clone()).unwrap_or_default();
    let purpose = "Test Command runs a command on a connection and shows what it returns.";
    Ok(CommandFormPage {
        frame: page.main_frame("Test Command", purpose),
        has_connections: !chosen.connections.is_empty() || chosen.has_more,
        find: chosen.has_more.then(|| {
            let help =
                "The list has the first connections only. Search for the name, site, server or agent of another.";
            Field::text("find", "Find a connection").value(&chosen.find).help(help)
        }),
        connection: Field::choice("connection", "Connection", connections).value(current),
        site,
        command: Field::choice("command", "Command", commands).value(command),
        inputs: command_form(page, chosen, form),
        results: results(page)?,
    })
}

/// The hidden fields that carry what was chosen.
pub(super) fn hidden(chosen: &CommandChoice) -> Vec<Hidden> {
    let mut hidden = Vec::new();
    hidden.extend(chosen.connection.as_ref().map(|one| Hidden::new("connection", one.id.to_string())));
    hidden.extend(chosen.site.as_ref().map(|site| Hidden::new("site", site.name.clone())));
    hidden.extend(chosen.command.as_ref().map(|command| Hidden::new("command", command.name.clone())));
    hidden
}

fn command_form(page: &Page, chosen: &CommandChoice, form: &Form) -> Option<CommandForm> {
    let (plugin, command) = (chosen.plugin.as_ref()?, chosen.command.as_ref()?);
    let about = format!("/integrations/{}/commands/{}", plugin.manifest().connector.id, normalised(&command.name));
    Some(CommandForm {
        hidden: hidden(chosen),
        errors: FormErrors::of(form),
        name: command.name.clone(),
        description: command.description.clone(),
        notes: command.notes.clone(),
        permissions: command.permissions.join(", "),
        is_write: command.effect == Effect::Write,
        about: page.href(&about),
        inputs: inputs(plugin.manifest(), command, form),
    })
}

/// The badge of a run's state.
pub(super) fn badge(run: &KeptRun) -> Badge {
    match run.state() {
        RunState::Running(_) => Badge::new("Running", Meaning::Active),
        RunState::Ended(ended) => match ended.return_data {
            ReturnData::Successful => Badge::new("Successful", Meaning::Good),
            ReturnData::Failed => Badge::new("Failed", Meaning::Bad),
        },
        RunState::Refused(_) => Badge::new("Did not run", Meaning::Bad),
    }
}

fn results(page: &Page) -> Result<Table, PageError> {
    let rows = page.operations().kept_runs(page.context()?).into_iter().map(|run| {
        Row::new([
            Cell::link(page.href(&address(run.id)), &run.command.name),
            Cell::text(&run.connection.name),
            Cell::badge(badge(&run)),
            Cell::when(When::new(run.started_at, page.zone(), page.now())),
        ])
    });
    let columns = [
        Column::text("command", "Command"),
        Column::text("connection", "Connection").wide(),
        Column::text("state", "Return Data"),
        Column::text("started", "Started"),
    ];
    let empty = Empty::new("Results of commands that you test are kept here for an hour.");
    Ok(Table::new("results", "Your results", columns).rows(rows).empty(empty).live("progress"))
}
