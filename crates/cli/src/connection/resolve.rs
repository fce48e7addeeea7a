//! Combines a connection's settings (flag, environment, profile, prompt) and builds the connector.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use secrecy::SecretString;
use soar_connector::manifest::{ConnectorManifest, Setting};
use soar_connector::name::{is_same, normalised, quoted};
use soar_connector::{Connector, Plugin, SettingProblem, SettingValues, SettingsError};

use super::flags::ConnectionFlags;
use super::{ValueSource, profile, secret, ways};
use crate::exit::WrongUse;

/// A connector with the given settings. Nothing is sent yet.
///
/// # Errors
/// [`WrongUse`] with every fault of the settings and the ways to give each one.
pub(crate) fn connect(plugin: &dyn Plugin, flags: &ConnectionFlags) -> Result<Arc<dyn Connector>> {
    build(plugin, &settings(plugin, flags)?)
}

/// A connector with these settings. Nothing is sent yet.
///
/// # Errors
/// As [`connect`].
pub(crate) fn build(plugin: &dyn Plugin, settings: &SettingValues) -> Result<Arc<dyn Connector>> {
    plugin.build(settings).map_err(|error| report(&plugin.manifest().connector, &error.problems).into())
}

/// The given settings.
///
/// # Errors
/// As [`connect`].
pub(crate) fn settings(plugin: &dyn Plugin, flags: &ConnectionFlags) -> Result<SettingValues> {
    let manifest = &plugin.manifest().connector;
    let profile = profile_settings(manifest, flags.profile.as_deref(), flags.profile_file.as_deref())?;
    let (mut given, mut problems) = gather(manifest, &flags.settings, &profile, environment);
    if problems.is_empty() {
        for setting in secrets_to_ask_for(manifest, &given) {
            given.push((setting.name.clone(), secret::ask(&setting.name)?));
        }
    }
    let values = SettingValues::parse(manifest, given).unwrap_or_else(|error| {
        let known: Vec<_> = problems.iter().map(|problem| problem.setting.clone()).collect();
        problems.extend(error.problems.into_iter().filter(|problem| !known.contains(&problem.setting)));
        SettingValues::default()
    });
    if !problems.is_empty() {
        return Err(report(manifest, &problems).into());
    }
    Ok(values)
}

/// The settings that a program gives, before those of its profile. The environment is not read, so that it cannot change
/// the connection of one request among others.
///
/// # Errors
/// [`WrongUse`] and [`SettingsError`] with every fault of the settings.
pub(crate) fn settings_in(
    plugin: &dyn Plugin,
    settings: &[(String, SecretString)],
    profile: Option<&str>,
    profile_file: Option<&Path>,
) -> Result<SettingValues> {
    let manifest = &plugin.manifest().connector;
    let profile = profile_settings(manifest, profile, profile_file)?;
    let names: Vec<_> = settings.iter().map(|(name, _)| normalised(name)).collect();
    let is_twice = |name: &String| names.iter().filter(|other| *other == name).count() > 1;
    if let Some(twice) = names.iter().find(|name| is_twice(name)) {
        return Err(WrongUse(format!("The setting {} is given twice; keep one of them.", quoted(twice))).into());
    }
    let settings: Vec<_> =
        settings.iter().map(|(name, value)| (name.clone(), ValueSource::Text(value.clone()))).collect();
    let (given, problems) = gather(manifest, &settings, &profile, |_| None);
    if !problems.is_empty() {
        return Err(SettingsError { problems }.into());
    }
    Ok(SettingValues::parse(manifest, given)?)
}

/// The settings of the profile, if one is named.
fn profile_settings(
    manifest: &ConnectorManifest,
    profile: Option<&str>,
    file: Option<&Path>,
) -> Result<Vec<(String, ValueSource)>> {
    let Some(name) = profile else { return Ok(Vec::new()) };
    let file = file.map(Path::to_owned).or_else(profile::default_file);
    let file = file.context(WrongUse("There is no home folder: give --profile-file.".to_owned()))?;
    Ok(profile::read(manifest, &file, name)?)
}

type GivenSettings = Vec<(String, SecretString)>;

/// The value of each setting from the first source that has it, and the settings that could not be read.
fn gather(
    manifest: &ConnectorManifest,
    flags: &[(String, ValueSource)],
    profile: &[(String, ValueSource)],
    environment: impl Fn(&Setting) -> Option<Result<SecretString, String>>,
) -> (GivenSettings, Vec<SettingProblem>) {
    let mut given = GivenSettings::new();
    let mut problems = Vec::new();
    for setting in &manifest.settings {
        let in_list = |list: &[(String, ValueSource)]| {
            list.iter().find(|(name, _)| is_same(name, &setting.name)).map(|(_, source)| source.value())
        };
        match in_list(flags).or_else(|| environment(setting)).or_else(|| in_list(profile)) {
            Some(Ok(value)) => given.push((setting.name.clone(), value)),
            Some(Err(problem)) => problems.push(SettingProblem { setting: setting.name.clone(), problem }),
            None => {}
        }
    }
    // Unknown names go on too: the contract refuses them and names the nearest.
    for (name, source) in flags.iter().filter(|(name, _)| manifest.setting(name).is_none()) {
        if let ValueSource::Text(text) = source {
            given.push((name.clone(), text.clone()));
        }
    }
    (given, problems)
}

/// A blank variable counts as not set, since shells and service files switch a variable off in this way.
fn environment(setting: &Setting) -> Option<Result<SecretString, String>> {
    let value = std::env::var_os(&setting.environment)?;
    match value.into_string() {
        Ok(text) if text.trim().is_empty() => None,
        Ok(text) => Some(Ok(SecretString::from(text))),
        Err(_) => Some(Err(format!("The environment variable {} is not UTF-8.", setting.environment))),
    }
}

/// The missing secrets, if everything else is correct: a user should not type a password before learning of a wrong
/// address.
fn secrets_to_ask_for<'a>(manifest: &'a ConnectorManifest, given: &GivenSettings) -> Vec<&'a Setting> {
    let is_given = |setting: &Setting| given.iter().any(|(name, _)| is_same(name, &setting.name));
    let named = |name: &str| manifest.setting(name).is_some_and(is_given);
    let group = manifest.begun_group(named).unwrap_or_default();
    let is_needed = |setting: &Setting| setting.required || group.contains(&setting.name);
    let missing: Vec<_> =
        manifest.settings.iter().filter(|setting| setting.secret && is_needed(setting) && !is_given(setting)).collect();
    let is_missing = |problem: &SettingProblem| missing.iter().any(|setting| setting.name == problem.setting);
    let all_else_fine = match SettingValues::parse(manifest, given.iter().cloned()) {
        Ok(_) => true,
        Err(error) => error.problems.iter().all(is_missing),
    };
    if all_else_fine && secret::can_ask() { missing } else { Vec::new() }
}

fn report(manifest: &ConnectorManifest, problems: &[SettingProblem]) -> WrongUse {
    let mut text = "The connection cannot be used with these settings.".to_owned();
    for SettingProblem { setting, problem } in problems {
        text.push_str(&format!("\n\n{setting}: {problem}"));
        if let Some(setting) = manifest.setting(setting) {
            text.push_str(&format!("\n  Give it with {}.", ways(setting)));
        }
    }
    WrongUse(text)
}
