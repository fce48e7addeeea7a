//! `POST /test-command`: starts a command. A command that changes something is shown first.

use axum::Router;
use soar_connector::InvalidCall;
use soar_connector::manifest::Effect;
use soar_host::Refusal;

use super::address;
use super::chosen::{ChoiceValues, CommandChoice};
use super::confirm::confirm_page;
use super::form_page::form_page;
use crate::inputs::{parameters, place_problems};
use crate::routing::post;
use crate::visit::{Form, Page, PageError, PageResult};

pub(super) fn routes() -> Router {
    Router::new().route("/test-command", post(send))
}

/// The user's choices in a form.
pub(super) async fn chosen_in(page: &Page, form: &Form) -> Result<CommandChoice, PageError> {
    let text = |name: &str| form.text(name).to_owned();
    let given = ChoiceValues {
        integration: String::new(),
        connection: text("connection"),
        site: text("site"),
        command: text("command"),
        find: String::new(),
    };
    CommandChoice::of(page, &given).await
}

async fn send(page: Page, mut form: Form) -> PageResult {
    let chosen = chosen_in(&page, &form).await?;
    let (Some(plugin), Some(connection), Some(site), Some(command)) =
        (&chosen.plugin, &chosen.connection, &chosen.site, &chosen.command)
    else {
        form.refuse("Choose a connection and a command.");
        return page.show_again(&form_page(&page, &chosen, &form).await?);
    };
    if let "fill" | "edit" = form.text("do") {
        // A value was picked from a list, or the user wants to change the inputs.
        let (field, value) = (form.text("field").to_owned(), form.text("set").to_owned());
        let form = if field.is_empty() { form } else { form.with(&field, &value) };
        return page.show(&form_page(&page, &chosen, &form).await?);
    }
    let raw = parameters(&mut form, command);
    let invocation = match plugin.manifest().invocation(&command.name, &raw) {
        Ok(invocation) => invocation,
        Err(invalid) => {
            if let InvalidCall::Parameters { problems, .. } = &invalid {
                place_problems(&mut form, command, problems);
            }
            page.about_input(Refusal::from(invalid).into())?;
            return page.show_again(&form_page(&page, &chosen, &form).await?);
        }
    };
    if form.is_wrong() {
        return page.show_again(&form_page(&page, &chosen, &form).await?);
    }
    if command.effect == Effect::Write && form.text("do") != "confirmed" {
        return page.show(&confirm_page(&page, &chosen, plugin.manifest(), command, &raw, &form));
    }
    let started = page.operations().start_run(page.context()?, &site.name, connection.clone(), invocation, raw).await;
    match started {
        Ok(run) => page.lead_to(&address(run.id), None),
        Err(error) => {
            page.refused(&mut form, error)?;
            page.show_again(&form_page(&page, &chosen, &form).await?)
        }
    }
}
