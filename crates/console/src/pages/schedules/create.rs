//! `/schedules/new`: creates a schedule.

use std::collections::BTreeSet;

use axum::Router;
use soar_host::Refusal;
use soar_host::scheduler::ScheduleDraft;
use soar_store::model::Right;

use super::fields::{ScheduleValues, fields, refused};
use crate::parts::{ContentPage, Field, FormPanel};
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageError, PageResult};

/// The most connections that the form offers as choices.
const OFFERED: u8 = 100;

/// The beginnings of refusals, and the fields of this form that the refusals are about.
const FIELDS: &[(&str, &str)] = &[
    ("There is no site", "site"),
    ("The site", "site"),
    ("There is no integration", "integration"),
    ("There is no connection", "connection"),
    ("There are several connections", "connection"),
    ("The connection", "connection"),
    ("There is no command", "command"),
];

pub(super) fn routes() -> Router {
    Router::new().route("/schedules/new", form(show, save))
}

async fn show(page: Page) -> PageResult {
    let shown = shown(&page, &Form::empty()).await?;
    page.show(&shown)
}

async fn save(page: Page, mut form: Form) -> PageResult {
    let name = form.required("name", "The name");
    let site = form.required("site", "The site");
    let integration = form.required("integration", "The integration");
    let command = form.required("command", "The command");
    let values = ScheduleValues::read(&mut form);
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
            Err(error) => refused(&page, &mut form, FIELDS, error)?,
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
    // One more tells that there are more.
    let connections = page.operations().connection_names(page.context()?, i64::from(OFFERED) + 1).await?;
    let mut commands = Vec::with_capacity(integrations.len());
    for one in &integrations {
        commands.push((one.name.clone(), page.operations().commands_to_schedule(&one.id)?));
    }
    let frame = page.frame("New Schedule").below("Schedules", "/schedules");
    let mut all = vec![
        Field::text("name", "Name").required().focused(),
        Field::choice("site", "Site", sites.iter().map(|site| (&site.name, &site.name))).required(),
        Field::choice("integration", "Integration", integrations.iter().map(|one| (&one.id, &one.name))).required(),
        connection_field(connections),
        Field::choice("command", "Command", command_choices(&commands)).required(),
    ];
    all.extend(fields(None));
    let panel = FormPanel::new(&frame, "new", "Fields", "/schedules/new")
        .text("The command runs in your name.")
        .fields(form, all)
        .button("Create")
        .back(page.href("/schedules"));
    Ok(ContentPage::new(frame).with(panel))
}

/// The field of the connection: a choice; or a text with suggestions, if there are too many connections for a choice.
fn connection_field(names: Vec<String>) -> Field {
    let has_more = names.len() > usize::from(OFFERED);
    // Connections of several sites can have the same name.
    let names: BTreeSet<String> = names.into_iter().take(usize::from(OFFERED)).collect();
    let field = if has_more {
        Field::text("connection", "Connection").suggestions(names)
    } else {
        let only = (String::new(), "The only one of the site".to_owned());
        let names = names.into_iter().map(|name| (name.clone(), name));
        Field::choice("connection", "Connection", std::iter::once(only).chain(names))
    };
    field.help("Required only where the site has several connections of the integration.")
}

/// The choices of the command: each name once. `commands` has the name of each integration, with its commands. Where
/// there are several integrations, a choice names those that have the command.
fn command_choices(commands: &[(String, Vec<String>)]) -> Vec<(String, String)> {
    let mut choices = vec![(String::new(), "Choose a command".to_owned())];
    for (integration, names) in commands {
        for name in names {
            match choices.iter_mut().find(|(known, _)| known == name) {
                Some((_, text)) => *text = format!("{text}, {integration}"),
                None if commands.len() > 1 => choices.push((name.clone(), format!("{name} · {integration}"))),
                None => choices.push((name.clone(), name.clone())),
            }
        }
    }
    choices
}

#[cfg(test)]
mod tests {
    use askama::Template as _;

    use super::*;

    #[test]
    fn connections_are_choices_unless_there_are_more_than_the_form_offers() {
        let most = usize::from(OFFERED);
        let names = |count: usize| (0..count).map(|number| format!("Connection {number}")).collect::<Vec<_>>();
        let twice = [names(2), names(2)].concat();
        for (names, choices) in [(twice, 3), (names(most), most + 1)] {
            let field = connection_field(names).render().unwrap();
            assert!(field.contains("<select id=\"connection\""), "{field}");
            assert_eq!(field.matches("<option").count(), choices, "{field}");
        }
        let field = connection_field(names(most + 1)).render().unwrap();
        assert!(field.contains("list=\"connection-list\"") && !field.contains("<select"), "{field}");
        assert_eq!(field.matches("<option").count(), most, "{field}");
    }

    #[test]
    fn a_command_is_one_choice_and_names_its_integrations_where_there_are_several() {
        let integration = |name: &str, commands: &[&str]| {
            (name.to_owned(), commands.iter().map(|command| (*command).to_owned()).collect::<Vec<_>>())
        };
        let texts = |commands: &[(String, Vec<String>)]| -> Vec<String> {
            command_choices(commands).into_iter().skip(1).map(|(_, text)| text).collect()
        };
        let lamp = integration("Lamp", &["List", "Switch"]);
        assert_eq!(texts(std::slice::from_ref(&lamp)), ["List", "Switch"]);
        let both = texts(&[lamp, integration("Door", &["List", "Open"])]);
        assert_eq!(both, ["List · Lamp, Door", "Switch · Lamp", "Open · Door"]);
    }
}
