//! `POST /test-command/pick`: the values of an input, listed by another command on the same connection.

use askama::Template;
use axum::Router;
use serde_json::Value;
use soar_connector::manifest::Input;
use soar_connector::name::normalised;
use soar_connector::{RawParameters, cell_text};
use soar_host::results::RunState;

use super::pickers::picker;
use super::start::chosen_in;
use crate::parts::{ErrorTab, Hidden, VendorText};
use crate::routing::post;
use crate::visit::{Form, Frame, Page, PageError, PageResult};

/// The input with which lists are read page by page.
const PAGE: &str = "Page";

/// The most values that are shown.
const MOST: usize = 200;

/// The most columns that are shown.
const COLUMNS: usize = 6;

#[derive(Debug, Template)]
#[template(path = "test_command/pick.html")]
struct PickPage {
    frame: Frame,
    field: String,
    picked: String,
    /// The form's own values.
    hidden: Vec<Hidden>,
    columns: Vec<String>,
    rows: Vec<PickRow>,
    error: Option<ErrorTab>,
    refused: Option<String>,
    list_page: i64,
    has_pages: bool,
}

/// A value to choose.
#[derive(Debug)]
struct PickRow {
    value: String,
    cells: Vec<VendorText>,
}

pub(super) fn routes() -> Router {
    Router::new().route("/test-command/pick", post(send))
}

async fn send(page: Page, form: Form) -> PageResult {
    let chosen = chosen_in(&page, &form).await?;
    let nothing = || PageError::not_found("This input has no list of values.");
    let (Some(plugin), Some(connection), Some(site), Some(command)) =
        (&chosen.plugin, &chosen.connection, &chosen.site, &chosen.command)
    else {
        return Err(nothing());
    };
    let field = form.text("pick").to_owned();
    let input = input_at(&command.inputs, field.strip_prefix("p.").unwrap_or_default()).ok_or_else(nothing)?;
    let manifest = plugin.manifest();
    let picker = picker(manifest, &input.name).ok_or_else(nothing)?;
    let list_page = form.text("list-page").parse().unwrap_or(1_i64).max(1);
    let has_pages = picker.command.input(PAGE).is_some();
    let mut raw = RawParameters::new();
    if has_pages {
        raw.insert(PAGE.to_owned(), Value::from(list_page));
    }
    // The list comes from the same tenant, so it gets the inputs that both commands take.
    for shared in picker.command.inputs.iter().filter(|shared| shared.name != PAGE && shared.name != input.name) {
        let text = form.text(&format!("p.{}", normalised(&shared.name)));
        if command.input(&shared.name).is_some() && !text.is_empty() && shared.fields.is_empty() {
            raw.insert(shared.name.clone(), Value::from(text));
        }
    }
    let invocation = manifest.invocation(&picker.command.name, &raw).map_err(soar_host::Refusal::from)?;
    let run = page.operations().start_run(page.context()?, &site.name, connection.clone(), invocation, raw).await?;
    let state = run.ended().await;
    let (content, column, key) = (std::sync::Arc::clone(&run.content), picker.column, picker.key_field.to_owned());
    let rows = tokio::task::spawn_blocking(move || rows(&content, column, &key)).await;
    let rows = rows.map_err(|error| PageError::defect(&error))?.map_err(|error| PageError::defect(&error))?;
    let columns = if picker.column.is_some() {
        run.content.columns().iter().take(COLUMNS).cloned().collect()
    } else {
        vec![picker.key_field.to_owned()]
    };
    let (error, refused) = match state {
        RunState::Ended(ended) => (ended.error.as_ref().map(ErrorTab::new), None),
        RunState::Refused(text) => (None, Some(text)),
        RunState::Running(_) => (None, None),
    };
    let own = ["csrf", "do", "pick", "list-page", "field", "set", "resumed"];
    let hidden = form.values().filter(|(name, _)| !own.contains(&name.as_str()));
    let frame = page.frame(format!("Choose {}", input.name)).below("Test Command", "/test-command");
    page.show(&PickPage {
        frame,
        picked: input.name.clone(),
        hidden: hidden.map(|(name, value)| Hidden::new(name, value)).collect(),
        field,
        columns,
        rows,
        error,
        refused,
        list_page,
        has_pages,
    })
}

/// The input of the field `path`, such as `filter.scannerid`.
fn input_at<'a>(inputs: &'a [Input], path: &str) -> Option<&'a Input> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let found = inputs.iter().find(|input| normalised(&input.name) == name)?;
    rest.map_or(Some(found), |rest| input_at(&found.fields, rest))
}

fn rows(
    content: &soar_host::results::ResultContent,
    column: Option<usize>,
    key: &str,
) -> Result<Vec<PickRow>, soar_host::results::ContentError> {
    if let Some(column) = column {
        let found = content.rows(None, 0, MOST)?.rows.into_iter();
        return Ok(found
            .map(|row| PickRow {
                value: row.get(column).map(cell_text).unwrap_or_default(),
                cells: row.iter().take(COLUMNS).map(|value| VendorText::new(&cell_text(value))).collect(),
            })
            .collect());
    }
    let fields = content.key_fields(MOST)?;
    let values = fields.into_iter().filter(|field| field.name == key).flat_map(|field| field.values);
    Ok(values
        .map(|value| {
            let value = cell_text(&value);
            PickRow { cells: vec![VendorText::new(&value)], value }
        })
        .collect())
}
