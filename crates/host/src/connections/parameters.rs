//! Checks the parameters of a connection, given and stored ones together, against the plugin's manifest.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use secrecy::{ExposeSecret as _, SecretString};
use soar_connector::manifest::{Setting, SettingType};
use soar_connector::name::is_same;
use soar_connector::{NoSecret, Plugin, Redactor, SettingProblem, SettingValues, SettingsError, secret_in};
use soar_store::model::{ConnectionId, Reference};
use soar_store::{StoredAgent, StoredParameter, StoredValue, sealing_context};

use super::{GivenValue, agent, certificates};
use crate::sealing::{Keyring, SealError};
use crate::vault::Vault;

/// The longest value, in bytes.
const LONGEST: usize = 64 * 1024;

/// The new value of a parameter.
#[derive(Clone)]
pub(super) enum NewValue {
    Plain(String),
    Secret(SecretString),
    Reference(Reference),
}

/// The changes to make to a connection's parameters.
#[derive(Default)]
pub(super) struct ParameterChanges {
    pub(super) set: BTreeMap<String, NewValue>,
    pub(super) remove: Vec<String>,
}

/// The context of the check.
pub(super) struct ParameterCheck<'a> {
    pub(super) plugin: &'a dyn Plugin,
    pub(super) keyring: &'a Keyring,
    pub(super) vault: &'a Vault,
    /// Whether the caller may give references to secrets.
    pub(super) may_refer: bool,
    /// The agent that the connection will use, where it exists.
    pub(super) agent: Option<&'a StoredAgent>,
    /// The name of the connection's agent.
    pub(super) agent_name: Option<&'a str>,
    /// Whether a caller that is no administrator changes the connection's agent.
    pub(super) is_rerouted: bool,
    /// Whether a master sent the connection.
    pub(super) is_received: bool,
}

impl ParameterCheck<'_> {
    /// The changes that give the connection, whose stored parameters are `kept`, the given parameters.
    pub(super) fn run(
        &self,
        connection: ConnectionId,
        kept: &[StoredParameter],
        given: &BTreeMap<String, GivenValue>,
    ) -> Result<ParameterChanges, SettingsError> {
        let mut problems = Vec::new();
        let mut unknown = Vec::new();
        let mut changes = ParameterChanges::default();
        let mut seen = Vec::new();
        for (name, value) in given {
            let Some(setting) = self.plugin.manifest().connector.setting(name) else {
                unknown.push(name.clone());
                continue;
            };
            if seen.contains(&&setting.name) {
                problems.push(problem(&setting.name, "It occurs under two spellings. Give it once.".to_owned()));
                continue;
            }
            seen.push(&setting.name);
            match self.new_value(setting, kept, value) {
                Ok(Some(value)) => drop(changes.set.insert(setting.name.clone(), value)),
                Ok(None) if setting.secret && !matches!(value, GivenValue::Nothing) => {}
                Ok(None) => changes.remove.push(setting.name.clone()),
                Err(text) => problems.push(problem(&setting.name, text)),
            }
        }
        problems.extend(self.redirected_secrets(kept, &changes));
        let (mut values, unopened) = self.merged(connection, kept, &changes, unknown);
        problems.extend(unopened);
        problems.extend(self.add_agent(&mut values));
        if !problems.is_empty() {
            return Err(SettingsError { problems });
        }
        self.try_out(values)?;
        Ok(changes)
    }

    fn new_value(
        &self,
        setting: &Setting,
        kept: &[StoredParameter],
        given: &GivenValue,
    ) -> Result<Option<NewValue>, String> {
        match given {
            GivenValue::Value(value) if setting.kind == SettingType::Certificates => {
                certificates::kept(&setting.name, value.expose_secret().trim(), kept, self.is_received)
                    .map(NewValue::Plain)
                    .map(Some)
            }
            GivenValue::Value(value) if value.expose_secret().len() > LONGEST => {
                Err(format!("It is longer than {LONGEST} bytes."))
            }
            GivenValue::Value(value) if setting.secret => match secret_in(value.expose_secret()) {
                Ok(secret) => Ok(Some(NewValue::Secret(secret))),
                Err(NoSecret::Empty) => Ok(None),
                Err(problem) => Err(format!("It {problem}.")),
            },
            GivenValue::Value(value) => Ok(Some(NewValue::Plain(value.expose_secret().trim().to_owned()))),
            GivenValue::Reference(_) if !setting.secret => {
                Err("It is no secret, so it cannot be a reference. Give the value itself.".to_owned())
            }
            GivenValue::Reference(reference) => {
                let is_kept = kept.iter().any(|one| {
                    one.name == setting.name
                        && matches!(&one.value, StoredValue::Reference(known) if known == reference)
                });
                if !is_kept && !self.may_refer {
                    return Err(
                        "Only an administrator may give a reference, because the host fetches the secret with its own \
                         rights. Give the secret itself, or ask an administrator."
                            .to_owned(),
                    );
                }
                self.vault.allows(reference).map_err(|error| error.to_string())?;
                Ok(Some(NewValue::Reference(reference.clone())))
            }
            GivenValue::Blank | GivenValue::Nothing => Ok(None),
        }
    }

    /// The error for a change that would send stored secrets to another server, or with less protection. The caller
    /// could read the secrets by such a change.
    fn redirected_secrets(&self, kept: &[StoredParameter], changes: &ParameterChanges) -> Option<SettingProblem> {
        // A caller without the right to give references gives no new secret by repeating the stored reference.
        let is_given = |name: &String| match changes.set.get(name) {
            Some(NewValue::Reference(_)) => self.may_refer,
            given => given.is_some(),
        };
        let is_kept = |name: &String| !is_given(name) && !changes.remove.contains(name);
        let secrets: Vec<_> = kept
            .iter()
            .filter(|one| !matches!(one.value, StoredValue::Plain(_)) && is_kept(&one.name))
            .map(|one| one.name.as_str())
            .collect();
        if secrets.is_empty() {
            return None;
        }
        if self.is_rerouted {
            return Some(problem(
                "Agent Name",
                format!(
                    "The connection sends its secrets through the agent. To change the agent, give these secrets \
                     again: {}; or ask an administrator.",
                    secrets.join(", ")
                ),
            ));
        }
        let old = |name: &str| {
            kept.iter().find(|one| one.name == name).and_then(|one| match &one.value {
                StoredValue::Plain(value) => Some(value.as_str()),
                _ => None,
            })
        };
        let settings = self.plugin.manifest().connector.settings.iter().filter(|setting| directs_secrets(setting));
        let changed = settings.into_iter().find(|setting| {
            let old = old(&setting.name);
            let new = match changes.set.get(&setting.name) {
                Some(NewValue::Plain(value)) => Some(value.as_str()),
                _ if changes.remove.contains(&setting.name) => None,
                _ => old,
            };
            match setting.kind {
                // A missing value means No.
                SettingType::Boolean => is_yes(new) != is_yes(old),
                _ => new != old,
            }
        })?;
        Some(problem(
            &changed.name,
            format!(
                "It decides where the connection sends its secrets. To change it, give these secrets again: {}.",
                secrets.join(", ")
            ),
        ))
    }

    /// All values of the connection after the change, with a placeholder for each reference; and a problem for each
    /// secret that cannot be opened.
    fn merged(
        &self,
        connection: ConnectionId,
        kept: &[StoredParameter],
        changes: &ParameterChanges,
        unknown: Vec<String>,
    ) -> (Vec<(String, SecretString)>, Vec<SettingProblem>) {
        let stand_in = |name: &str| {
            let setting = self.plugin.manifest().connector.setting(name);
            SecretString::from(setting.map_or("placeholder", |setting| setting.example.as_str()))
        };
        let mut problems = Vec::new();
        let mut values: Vec<_> = unknown.into_iter().map(|name| (name, SecretString::from(""))).collect();
        for one in kept.iter().filter(|one| !changes.set.contains_key(&one.name) && !changes.remove.contains(&one.name))
        {
            let value = match &one.value {
                StoredValue::Plain(value) => SecretString::from(value.as_str()),
                StoredValue::Reference(_) => stand_in(&one.name),
                StoredValue::Sealed(sealed) => match open(self.keyring, connection, &one.name, sealed) {
                    Ok(secret) => secret,
                    Err(error) => {
                        problems.push(problem(&one.name, error.to_string()));
                        continue;
                    }
                },
            };
            values.push((one.name.clone(), value));
        }
        for (name, value) in &changes.set {
            let value = match value {
                NewValue::Plain(value) => SecretString::from(value.as_str()),
                NewValue::Secret(secret) => secret.clone(),
                NewValue::Reference(_) => stand_in(name),
            };
            values.push((name.clone(), value));
        }
        (values, problems)
    }

    /// Adds the agent's address and login to the values, with a placeholder for its secret. Returns the problem where
    /// that is not possible.
    fn add_agent(&self, values: &mut Vec<(String, SecretString)>) -> Option<SettingProblem> {
        let name = self.agent_name?;
        let proxy = match agent::proxy_of(&self.plugin.manifest().connector) {
            Ok(proxy) => proxy,
            Err(text) => return Some(problem("Agent Name", text)),
        };
        let is_own = |given: &str| proxy.names().any(|one| is_same(one, given));
        if let Some((own, _)) = values.iter().find(|(given, _)| is_own(given)) {
            return Some(problem(own, agent::two_proxies(name)));
        }
        let agent = self.agent?;
        let secret = agent.secret.as_ref().map(|_| SecretString::from("placeholder"));
        values.extend(agent::values(proxy, agent, secret));
        None
    }

    /// Checks that a connector can be built from the values. Nothing is sent.
    fn try_out(&self, values: Vec<(String, SecretString)>) -> Result<(), SettingsError> {
        let connector = &self.plugin.manifest().connector;
        let mut redactor = Redactor::default();
        for (name, value) in &values {
            if connector.setting(name).is_some_and(|setting| setting.secret) {
                redactor.add(value);
            }
        }
        let built = SettingValues::parse(connector, values).and_then(|values| {
            catch_unwind(AssertUnwindSafe(|| self.plugin.build(&values).map(drop))).unwrap_or_else(|_| {
                Err(SettingsError::of(
                    &connector.name,
                    "The plugin panicked with these parameters. Report that to the \
                                                        maker of the plugin.",
                ))
            })
        });
        built.map_err(|mut error| {
            for problem in &mut error.problems {
                problem.problem = redactor.clean(&problem.problem).into_owned();
            }
            error
        })
    }
}

/// Opens a sealed secret of a connection.
pub(crate) fn open(
    keyring: &Keyring,
    connection: ConnectionId,
    name: &str,
    sealed: &[u8],
) -> Result<SecretString, SealError> {
    let secret = keyring.open(&sealing_context(connection, name), sealed)?;
    std::str::from_utf8(&secret).map(SecretString::from).map_err(|_| SealError::Altered)
}

fn directs_secrets(setting: &Setting) -> bool {
    !setting.secret && (setting.kind == SettingType::Url || setting.directs_secrets)
}

fn is_yes(value: Option<&str>) -> bool {
    value.is_some_and(|value| ["yes", "true"].contains(&value.to_ascii_lowercase().as_str()))
}

fn problem(setting: &str, problem: String) -> SettingProblem {
    SettingProblem { setting: setting.to_owned(), problem }
}
