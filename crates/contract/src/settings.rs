//! The settings of a connection: checked against the manifest before anything is sent.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::manifest::{ConnectorManifest, Setting, SettingType};
use crate::name::{normalised, quoted, suggestion};
use crate::parameters::parse_boolean;
use crate::secret::{NoSecret, secret_in};

/// How many unknown names are described; more are counted.
const DESCRIBED: usize = 10;

/// A problem of one setting. Never holds the setting's value where that is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingProblem {
    /// The setting's name.
    pub setting: String,
    /// The problem, the expected value, and the remedy.
    pub problem: String,
}

/// Settings that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SettingsError {
    /// One entry per problem.
    pub problems: Vec<SettingProblem>,
}

impl SettingsError {
    /// An error about one setting.
    #[must_use]
    pub fn of(setting: &str, problem: impl Into<String>) -> Self {
        Self { problems: vec![SettingProblem { setting: setting.to_owned(), problem: problem.into() }] }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, SettingProblem { setting, problem }) in self.problems.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{setting}: {problem}")?;
        }
        Ok(())
    }
}

/// A connection's settings, all held as secrets so that none can be printed by accident.
#[derive(Debug, Clone, Default)]
pub struct SettingValues {
    values: BTreeMap<String, SecretString>,
}

impl SettingValues {
    /// Checks names, required settings and types against the manifest. Blank values count as not given; of a secret
    /// counts what [`secret_in`] leaves of it.
    ///
    /// # Errors
    /// [`SettingsError`] with every problem.
    pub fn parse(
        manifest: &ConnectorManifest,
        given: impl IntoIterator<Item = (String, SecretString)>,
    ) -> Result<Self, SettingsError> {
        let mut values = BTreeMap::new();
        let (mut problems, mut unknown) = (Vec::new(), 0_usize);
        let mut refuse = |setting: &str, problem: String| {
            problems.push(SettingProblem { setting: setting.to_owned(), problem });
        };
        for (name, value) in given {
            let Some(setting) = manifest.setting(&name) else {
                unknown += 1;
                if unknown > DESCRIBED {
                    continue;
                }
                let names = manifest.settings.iter().map(|setting| setting.name.as_str());
                let valid = names.clone().collect::<Vec<_>>().join(", ");
                let near = suggestion(&name, names);
                // An unknown name can be any text, even a secret's value in the wrong place, so only its start is shown.
                refuse(quoted(&name).trim_matches('"'), format!("There is no such setting.{near} Valid: {valid}."));
                continue;
            };
            let value = if setting.secret {
                match secret_in(value.expose_secret()) {
                    Ok(secret) => secret,
                    Err(NoSecret::Empty) => continue,
                    Err(problem) => {
                        refuse(&setting.name, format!("It {problem}."));
                        continue;
                    }
                }
            } else {
                value
            };
            let text = value.expose_secret().trim();
            if text.is_empty() {
                continue;
            }
            if let Err(expected) = check(setting, text) {
                refuse(&setting.name, format!("Expected {expected}."));
                continue;
            }
            values.insert(normalised(&setting.name), value);
        }
        if unknown > DESCRIBED {
            refuse("Settings", format!("{} more names are no settings.", unknown - DESCRIBED));
        }
        for setting in &manifest.settings {
            if setting.required && !values.contains_key(&normalised(&setting.name)) {
                refuse(&setting.name, format!("It is required. {} Example: {}.", setting.description, setting.example));
            }
        }
        let is_given = |name: &str| values.contains_key(&normalised(name));
        if let Some(group) = manifest.begun_group(is_given) {
            let either = manifest.one_of.iter().map(|group| group.join(" and ")).collect::<Vec<_>>().join(", or ");
            for name in group.iter().filter(|name| !is_given(name)) {
                refuse(name, format!("It is missing. Give either {either}."));
            }
            let others = manifest.one_of.iter().flatten().filter(|name| !group.contains(name));
            for name in others.filter(|name| is_given(name)) {
                refuse(name, format!("It is one too many. Give either {either}."));
            }
        }
        if problems.is_empty() { Ok(Self { values }) } else { Err(SettingsError { problems }) }
    }

    /// The setting named `name`, if it was given.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<&SecretString> {
        self.values.get(&normalised(name))
    }

    /// The setting named `name` as text without blanks around it, if it was given.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.secret(name).map(|value| value.expose_secret().trim())
    }

    /// The integer named `name`, if it was given.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<u64> {
        self.text(name).and_then(|text| text.parse().ok())
    }

    /// The yes or no named `name`; `false` if it was not given.
    #[must_use]
    pub fn boolean(&self, name: &str) -> bool {
        self.text(name).and_then(parse_boolean).unwrap_or(false)
    }
}

/// Whether `text` is what the setting takes; else what that is.
fn check(setting: &Setting, text: &str) -> Result<(), String> {
    let (valid, expected) = match setting.kind {
        SettingType::Text | SettingType::Url | SettingType::Certificates => (true, String::new()),
        SettingType::Boolean => (parse_boolean(text).is_some(), "Yes or No (or true or false)".to_owned()),
        SettingType::Choice => (
            setting.choices.iter().any(|choice| choice.eq_ignore_ascii_case(text)),
            format!("one of {}", setting.choices.join(", ")),
        ),
        SettingType::Integer => {
            let (low, high) = (setting.minimum.unwrap_or(0), setting.maximum.unwrap_or(i64::MAX));
            (
                text.parse::<i64>().is_ok_and(|number| (low..=high).contains(&number)),
                format!("a whole number from {low} to {high}"),
            )
        }
    };
    if valid { Ok(()) } else { Err(expected) }
}
