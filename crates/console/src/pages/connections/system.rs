//! The integration's own parameters in the form, drawn from its manifest.

use soar_connector::CommandError;
use soar_connector::manifest::{ConnectorManifest, Setting, SettingType};
use soar_connector::name::normalised;
use soar_store::model::{Connection, ParameterState};

use super::prefill::{Prefill, parameter, reference, removed};
use super::slotted::Slotted;
use crate::parts::Field;
use crate::visit::Form;

/// The parameters that most connections need, and the others.
#[derive(Debug, Default)]
pub(super) struct SystemFields {
    pub(super) main: Vec<Slotted>,
    pub(super) more: Vec<Slotted>,
    /// Whether one of the others has a value or a problem.
    pub(super) is_open: bool,
    /// The fields of references to secrets.
    pub(super) vault: Vec<Slotted>,
    pub(super) has_vault: bool,
}

impl SystemFields {
    pub(super) fn all(&self) -> impl Iterator<Item = &Slotted> {
        self.main.iter().chain(&self.more).chain(&self.vault)
    }
}

/// The parameters of a form. `may_refer` is whether the user may give references to secrets.
pub(super) fn system(
    connector: &ConnectorManifest,
    stored: Option<&Connection>,
    texts: &Prefill,
    form: &Form,
    error: Option<&CommandError>,
    may_refer: bool,
) -> SystemFields {
    let mut system = SystemFields::default();
    let about = error.map(|error| settings_of(error, connector)).unwrap_or_default();
    for setting in &connector.settings {
        let state = stored.and_then(|one| one.parameters.iter().find(|known| known.name == setting.name));
        let state = state.map(|one| &one.value);
        let name = parameter(&setting.name);
        let own = about.iter().any(|about| about.name == setting.name);
        let finding = if own { error.map(|error| format!("{} {}", error.message, error.cure)) } else { None };
        let is_kept = matches!(state, Some(ParameterState::Sealed | ParameterState::Reference(_)));
        let removal = (setting.secret && is_kept && !setting.required).then(|| {
            let label = format!("Remove the stored {}", setting.name);
            Field::checkbox(removed(&setting.name), label, false).of(form)
        });
        let is_filled = is_kept || !texts.text(&name).is_empty() || form.problem_at(&name).is_some() || own;
        let shown = Slotted {
            slot: format!("found-{}", normalised(&setting.name)),
            finding: finding.unwrap_or_default(),
            removal,
            ..Slotted::new(&name, field(setting, texts, state).of(form))
        };
        let is_main = setting.required || connector.one_of.iter().flatten().any(|one| *one == setting.name);
        if is_main {
            system.main.push(shown);
        } else {
            system.is_open |= is_filled || form.given(&name).is_some_and(|text| !text.trim().is_empty());
            system.more.push(shown);
        }
        if setting.secret && may_refer {
            let name = reference(&setting.name);
            system.has_vault |= !texts.text(&name).is_empty() || !form.text(&name).is_empty();
            let field = Field::text(&name, format!("Place of {}", setting.name));
            let field = field.placeholder("env:NAME, file:/path or command:NAME").value(texts.text(&name)).of(form);
            system.vault.push(Slotted::new(&name, field));
        }
    }
    system
}

fn field(setting: &Setting, texts: &Prefill, state: Option<&ParameterState>) -> Field {
    let name = parameter(&setting.name);
    let label = &setting.name;
    let value = texts.text(&name);
    let choices = |names: &[String], none: &str| {
        let none = std::iter::once((String::new(), none.to_owned()));
        none.chain(names.iter().map(|name| (name.clone(), name.clone()))).collect::<Vec<_>>()
    };
    let field = match setting.kind {
        _ if setting.secret => {
            let field = Field::secret(&name, label).autocomplete("new-password");
            match state {
                Some(ParameterState::Sealed) => field.placeholder("Stored. Type a new value to replace it"),
                Some(ParameterState::Reference(_)) => field.placeholder("In the password vault"),
                _ => field,
            }
        }
        SettingType::Boolean => Field::choice(&name, label, choices(&["Yes".to_owned(), "No".to_owned()], "Default")),
        SettingType::Choice => Field::choice(&name, label, choices(&setting.choices, "Default")),
        SettingType::Integer => {
            Field::number(&name, label, setting.minimum, setting.maximum).placeholder(&setting.example)
        }
        SettingType::Certificates => Field::lines(&name, label).placeholder("-----BEGIN CERTIFICATE-----"),
        SettingType::Text | SettingType::Url => Field::text(&name, label).placeholder(&setting.example),
    };
    let field = field.help(&setting.description);
    let field = if setting.secret { field } else { field.value(value) };
    if setting.required { field.required() } else { field }
}

/// The parameters that an error is about: those that the error's cure names, in its order.
pub(super) fn settings_of<'a>(error: &CommandError, connector: &'a ConnectorManifest) -> Vec<&'a Setting> {
    let mut longest_first: Vec<&Setting> = connector.settings.iter().collect();
    longest_first.sort_by_key(|setting| std::cmp::Reverse(setting.name.len()));
    let mut cure = error.cure.clone();
    let mut found = Vec::new();
    for setting in longest_first {
        let Some(at) = cure.find(&setting.name) else { continue };
        found.push((at, setting));
        // The name of a parameter may be within the name of another, such as User Name in Proxy User Name.
        cure = cure.replace(&setting.name, &" ".repeat(setting.name.len()));
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, setting)| setting).collect()
}
