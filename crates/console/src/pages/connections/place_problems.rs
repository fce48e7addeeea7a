//! Notes the problems of a refused connection at the fields that they are about.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use soar_connector::manifest::{ConnectorManifest, Setting};
use soar_connector::{Plugin, SettingValues};
use soar_host::Refusal;
use soar_host::operations::OperationError;
use soar_store::StoreError;
use soar_store::model::{Connection, ParameterState};

use super::prefill::{parameter, reference, removed};
use crate::visit::{Form, Page, PageError, field_of};

/// The beginnings of refusals, and the fields that the refusals are about.
const FIELDS: &[(&str, &str)] = &[
    ("The name of the connection", "name"),
    ("The name of the agent", "agent-name"),
    ("Agent Name", "agent-name"),
    ("Recipient site", "recipient-site"),
    ("The description", "description"),
    // The text about a webhook goes on from the text about a mail address.
    ("Connection Health Check: Expected a mail address, such as soc@example.com, or webhook", "health-check-webhooks"),
    ("Connection Health Check: the host's settings have no webhook", "health-check-webhooks"),
    ("Connection Health Check: Expected a mail address", "health-check-email"),
    ("Connection Health Check: expected at most", "health-check-email"),
    ("Connection Health Check: 20 destinations", "health-check-webhooks"),
    ("Connection Health Check: expected 1 to 100 failures", "alert-after"),
    ("Connection Health Check: expected 1 to 10 passed", "recover-after"),
    ("Connection Health Check: expected 1 to 3600000 ms", "slow-ms"),
    ("Connection Health Check", "health-check-minutes"),
    ("Tenant", "tenant"),
    ("Users", "users"),
    ("There is no user", "users"),
    ("There is no site", "site"),
];

/// Notes a refused operation in the form.
///
/// # Errors
/// The error itself if it is not about the input.
pub(super) fn place_problems(
    page: &Page,
    form: &mut Form,
    connector: &ConnectorManifest,
    error: OperationError,
) -> Result<(), PageError> {
    let fields: Vec<(String, String)> = match &error {
        OperationError::Refusal(Refusal::Settings(error)) => {
            let field = |name: &str| match connector.setting(name) {
                // A problem of a reference is about the reference's field.
                Some(setting) if setting.secret && !form.text(&reference(&setting.name)).is_empty() => {
                    reference(&setting.name)
                }
                Some(setting) => parameter(&setting.name),
                None => field_of(FIELDS, name).unwrap_or_default().to_owned(),
            };
            error.problems.iter().map(|one| (field(&one.setting), one.problem.clone())).collect()
        }
        OperationError::Refusal(Refusal::About(taken @ StoreError::Duplicate { .. })) => {
            vec![("name".to_owned(), taken.to_string())]
        }
        error => {
            let text = error.to_string();
            vec![(field_of(FIELDS, &text).unwrap_or_default().to_owned(), text)]
        }
    };
    page.about_input(error)?;
    for (field, problem) in fields {
        if field.is_empty() {
            form.refuse(problem);
        } else {
            form.wrong(&field, problem);
        }
    }
    Ok(())
}

/// Notes what else is wrong with the parameters of a form that has a problem, so that the user reads all of it at once.
pub(super) fn note_wrong_settings(form: &mut Form, plugin: &dyn Plugin, stored: Option<&Connection>) {
    let connector = &plugin.manifest().connector;
    let mut values: BTreeMap<String, SecretString> = connector
        .settings
        .iter()
        .filter_map(|setting| Some((setting.name.clone(), given(form, setting, stored)?)))
        .collect();
    let mut found = Vec::new();
    if let Err(error) = SettingValues::parse(connector, values.clone()) {
        for setting in error.problems.iter().filter_map(|one| connector.setting(&one.setting)) {
            values.insert(setting.name.clone(), example(setting));
        }
        found.extend(error.problems);
    }
    // The connector reads the other values with examples in place of the wrong ones.
    if let Ok(values) = SettingValues::parse(connector, values)
        && let Err(error) = plugin.build(&values)
    {
        found.extend(error.problems);
    }
    for one in found {
        let Some(setting) = connector.setting(&one.setting) else { continue };
        let name = parameter(&setting.name);
        if form.problem_at(&name).is_none() && form.problem_at(&reference(&setting.name)).is_none() {
            form.wrong(&name, one.problem);
        }
    }
}

/// The value of a parameter in the form; an example in place of a secret.
fn given(form: &Form, setting: &Setting, stored: Option<&Connection>) -> Option<SecretString> {
    let name = parameter(&setting.name);
    if !setting.secret {
        return form.given(&name).map(SecretString::from);
    }
    let known = stored.and_then(|one| one.parameters.iter().find(|known| known.name == setting.name));
    let is_kept = known.is_some_and(|one| !matches!(one.value, ParameterState::Plain(_)))
        && !form.is_checked(&removed(&setting.name));
    let is_typed = !form.secret(&name).expose_secret().is_empty() || !form.text(&reference(&setting.name)).is_empty();
    (is_kept || is_typed).then(|| example(setting))
}

fn example(setting: &Setting) -> SecretString {
    SecretString::from(if setting.example.is_empty() { "example" } else { setting.example.as_str() })
}
