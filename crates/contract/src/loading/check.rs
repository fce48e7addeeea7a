//! The rules of a manifest beyond its types: names that are unique, examples that parse, errors that help.

use std::collections::BTreeSet;

use crate::manifest::{
    Command, ConnectorManifest, ErrorEntry, Input, InputType, ManifestError, ManifestFile, ReplyShape, SettingType,
};
use crate::name::normalised;
use crate::parameters::parse_value;

pub(super) struct Checker<'a> {
    pub(super) file: ManifestFile<'a>,
}

impl Checker<'_> {
    pub(super) fn refuse(&self, field: &str, problem: impl Into<String>, fix: &str) -> ManifestError {
        ManifestError {
            file: self.file.name.to_owned(),
            line: None,
            field: field.to_owned(),
            problem: problem.into(),
            fix: fix.to_owned(),
        }
    }

    fn unique<'n>(&self, field: &str, names: impl Iterator<Item = &'n str>) -> Result<(), ManifestError> {
        let mut seen = BTreeSet::new();
        for name in names {
            if name.trim().is_empty() {
                return Err(self.refuse(field, "a name is empty", "Give it a name."));
            }
            if !seen.insert(normalised(name)) {
                return Err(self.refuse(field, format!("{name:?} is given twice"), "Keep one of them."));
            }
        }
        Ok(())
    }

    fn kebab(&self, field: &str, code: &str) -> Result<(), ManifestError> {
        let valid = !code.is_empty()
            && code
                .split('-')
                .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
        if valid {
            return Ok(());
        }
        Err(self.refuse(field, format!("{code:?} is not kebab-case"), "Write lower-case words joined by \"-\"."))
    }

    fn errors(&self, errors: &[ErrorEntry]) -> Result<(), ManifestError> {
        self.unique("errors", errors.iter().map(|entry| entry.code.as_str()))?;
        let mut statuses = BTreeSet::new();
        for entry in errors {
            let field = format!("errors.{:?}", entry.code);
            self.kebab(&field, &entry.code)?;
            if entry.cause.trim().is_empty() || entry.cure.trim().is_empty() {
                return Err(self.refuse(&field, "cause or cure is empty", "Say why it happens and what to do."));
            }
            for status in &entry.statuses {
                if !statuses.insert(*status) {
                    return Err(self.refuse(
                        &field,
                        format!("status {status} means two errors"),
                        "Keep it with one of them.",
                    ));
                }
            }
        }
        Ok(())
    }

    fn inputs(&self, at: &str, inputs: &[Input]) -> Result<(), ManifestError> {
        self.unique(at, inputs.iter().map(|input| input.name.as_str()))?;
        let flags: Vec<_> = inputs.iter().map(Input::flag).collect();
        self.unique(&format!("{at}.flag"), flags.iter().map(String::as_str))?;
        for flag in &flags {
            self.kebab(&format!("{at}.flag"), flag)?;
        }
        for input in inputs {
            let field = format!("{at}.{:?}", input.name);
            let takes_choices = matches!(input.kind, InputType::Choice | InputType::List);
            if input.kind == InputType::Choice && input.choices.is_empty() {
                return Err(self.refuse(&field, "a choice has no choices", "List its valid values."));
            }
            if !takes_choices && !input.choices.is_empty() {
                return Err(self.refuse(
                    &field,
                    format!("a {} has no choices", input.kind),
                    "Make it a choice or a list, or remove the choices.",
                ));
            }
            if input.kind != InputType::Integer && (input.minimum.is_some() || input.maximum.is_some()) {
                return Err(self.refuse(&field, "only integers have bounds", "Remove minimum and maximum."));
            }
            if input.minimum.zip(input.maximum).is_some_and(|(low, high)| low > high) {
                return Err(self.refuse(&field, "minimum is above maximum", "Swap them."));
            }
            if (input.kind == InputType::Object) == input.fields.is_empty() {
                return Err(self.refuse(
                    &field,
                    "an object, and only an object, has fields",
                    "List the object's fields, or change the type.",
                ));
            }
            self.inputs(&format!("{field}.fields"), &input.fields)?;
            if let Err(problem) = parse_value(input, &input.example) {
                return Err(self.refuse(
                    &format!("{field}.example"),
                    problem.to_string().trim_end_matches('.'),
                    "Give an example that users can paste.",
                ));
            }
        }
        Ok(())
    }
}

pub(super) fn connector(file: ManifestFile<'_>, connector: &ConnectorManifest) -> Result<(), ManifestError> {
    let checker = Checker { file };
    checker.kebab("id", &connector.id)?;
    if let Some(name) = &connector.tenant_input
        && !connector.shared_inputs.iter().any(|input| input.name == *name)
    {
        let problem = format!("{name:?} is no shared input");
        return Err(checker.refuse("tenant-input", problem, "Name one of shared-inputs, or remove it."));
    }
    checker.unique("settings", connector.settings.iter().map(|setting| setting.name.as_str()))?;
    if let Some(proxy) = &connector.proxy {
        for name in proxy.names() {
            let Some(setting) = connector.settings.iter().find(|setting| setting.name == name) else {
                let problem = format!("there is no setting {name:?}");
                return Err(checker.refuse("proxy", problem, "Name one of the settings."));
            };
            if setting.required || setting.secret != (name == proxy.password) {
                let problem = format!("{name:?} is required, or is secret where only the password is");
                return Err(checker.refuse(
                    "proxy",
                    problem,
                    "Name optional settings, of which the password is secret.",
                ));
            }
        }
    }
    checker.unique("settings.environment", connector.settings.iter().map(|setting| setting.environment.as_str()))?;
    for name in connector.one_of.iter().flatten() {
        if !connector.settings.iter().any(|setting| setting.name == *name) {
            let problem = format!("the connector has no setting {name:?}");
            return Err(checker.refuse("one-of", problem, "Name one of the settings."));
        }
    }
    checker.inputs("shared-inputs", &connector.shared_inputs)?;
    checker.errors(&connector.errors)?;
    checker.unique(
        "shared-errors",
        connector.errors.iter().chain(&connector.shared_errors).map(|entry| entry.code.as_str()),
    )
}

/// Gives the command the shared inputs and errors that it names.
pub(super) fn share(
    file: ManifestFile<'_>,
    command: &mut Command,
    connector: Option<&ConnectorManifest>,
) -> Result<(), ManifestError> {
    let checker = Checker { file };
    let shared_inputs = connector.map_or(&[][..], |connector| &connector.shared_inputs);
    let forbidden_by = command.widening.as_ref().and_then(|widening| widening.forbidden_by.as_deref());
    let is_boolean = |name: &str| {
        let setting = connector.and_then(|connector| connector.setting(name));
        setting.is_some_and(|setting| setting.kind == SettingType::Boolean)
    };
    if let Some(name) = forbidden_by.filter(|name| !is_boolean(name)) {
        let problem = format!("the connector has no yes-or-no setting {name:?}");
        return Err(checker.refuse("widening.forbidden-by", problem, "Name one of its settings."));
    }
    let shared_errors = connector.map_or(&[][..], |connector| &connector.shared_errors);
    for name in &command.takes {
        let shared = shared_inputs.iter().find(|input| input.name == *name);
        let shared = shared.ok_or_else(|| {
            checker.refuse(
                "takes",
                format!("the connector has no shared input {name:?}"),
                "Name one of the connector's shared-inputs.",
            )
        })?;
        command.inputs.push(shared.clone());
    }
    for code in &command.ends_in {
        let shared = shared_errors.iter().find(|entry| entry.code == *code);
        let shared = shared.ok_or_else(|| {
            checker.refuse(
                "ends-in",
                format!("the connector has no shared error {code:?}"),
                "Name one of the connector's shared-errors.",
            )
        })?;
        command.errors.push(shared.clone());
    }
    Ok(())
}

pub(super) fn command(
    file: ManifestFile<'_>,
    command: &Command,
    connector: Option<&ConnectorManifest>,
    before: &[Command],
) -> Result<(), ManifestError> {
    let checker = Checker { file };
    checker.unique("name", before.iter().chain([command]).map(|command| command.name.as_str()))?;
    if command.permissions.is_empty() {
        return Err(checker.refuse("permissions", "no role may run the command", "Name the roles that may."));
    }
    if command.reply.contains(&ReplyShape::PageObject) && command.replies.page.is_none() {
        return Err(checker.refuse(
            "reply",
            "the connector does not say which members a page object has",
            "Name them in the connector's replies.page.",
        ));
    }
    checker.inputs("inputs", &command.inputs)?;
    checker.unique("key-fields", command.key_fields.iter().map(|field| field.name.as_str()))?;
    checker.unique("columns", command.columns.iter().map(|column| column.name.as_str()))?;
    checker.errors(&command.errors)?;
    if let Some(widening) = command.widening.as_ref().filter(|widening| command.input(&widening.input).is_none()) {
        let problem = format!("the command has no input {:?}", widening.input);
        return Err(checker.refuse("widening.input", problem, "Name one of the inputs."));
    }
    if let Some(follow) = &command.follow {
        for (field, name, kind) in
            [("follow.token", &follow.token, InputType::Text), ("follow.limit", &follow.limit, InputType::Integer)]
        {
            if command.input(name).is_none_or(|input| input.kind != kind || input.required) {
                let problem = format!("the command has no optional {kind} input {name:?}");
                return Err(checker.refuse(field, problem, "Name one of the inputs."));
            }
        }
    }
    let shared_errors = connector.map_or(&[][..], |connector| &connector.errors);
    for entry in &command.errors {
        for status in &entry.statuses {
            let replaces_other =
                shared_errors.iter().any(|shared| shared.code == entry.code && shared.statuses.is_empty());
            if replaces_other {
                return Err(checker.refuse(
                    &format!("errors.{:?}", entry.code),
                    format!("the connector uses this code for something else than status {status}"),
                    "Choose another code.",
                ));
            }
        }
    }
    Ok(())
}

pub(super) fn health_check(
    file: ManifestFile<'_>,
    connector: &ConnectorManifest,
    commands: &[Command],
) -> Result<(), ManifestError> {
    if commands.iter().any(|command| command.name == connector.health_check) {
        return Ok(());
    }
    Err(Checker { file }.refuse(
        "health-check",
        format!("there is no command {:?}", connector.health_check),
        "Name one of the commands.",
    ))
}
