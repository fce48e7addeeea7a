//! The connection's flags: one for each setting of the manifest, and none that takes a secret.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};
use secrecy::SecretString;
use soar_connector::manifest::{ConnectorManifest, Setting, SettingType};
use soar_connector::name::normalised;

use super::{ValueSource, key, ways};
use crate::exit::WrongUse;

const HEADING: &str = "Connection";
const SETTING: &str = "setting";
const PROFILE: &str = "profile";
const PROFILE_FILE: &str = "profile-file";

/// The connection's settings from flags.
#[derive(Debug)]
pub(crate) struct ConnectionFlags {
    /// Names of settings, in any form, and the sources of their values.
    pub(super) settings: Vec<(String, ValueSource)>,
    pub(super) profile: Option<String>,
    pub(super) profile_file: Option<PathBuf>,
}

/// `command` with the flags of a connection.
pub(crate) fn with_connection(command: Command, connector: &ConnectorManifest) -> Command {
    let flags = connector.settings.iter().flat_map(flags_of);
    command.args(
        flags.chain(
            [
                Arg::new(SETTING)
                    .long(SETTING)
                    .value_name("NAME=VALUE")
                    .action(ArgAction::Append)
                    .help("A setting by its name, such as \"Strict Scanner ID=Yes\"; repeatable, not for secrets"),
                Arg::new(PROFILE)
                    .long(PROFILE)
                    .value_name("NAME")
                    .help("Read settings that have no flag and no environment variable from this profile"),
                Arg::new(PROFILE_FILE)
                    .long(PROFILE_FILE)
                    .value_name("PATH")
                    .value_parser(value_parser!(PathBuf))
                    .value_hint(ValueHint::FilePath)
                    .env("FOOTPRINT_PROFILE_FILE")
                    .hide_env_values(true)
                    .help("The file with profiles [default: footprint/profiles.toml in the configuration folder]"),
            ]
            .map(|argument| argument.help_heading(HEADING)),
        ),
    )
}

/// `command` with a flag for each secret that a user may try to type, so that [`ConnectionFlags::read`] can refuse it.
pub(crate) fn with_refused_secrets(command: Command, connector: &ConnectorManifest) -> Command {
    command.args(connector.settings.iter().filter(|setting| setting.secret).map(|setting| {
        Arg::new(refused_id(setting)).long(key(setting)).num_args(0..=1).action(ArgAction::Append).hide(true)
    }))
}

fn refused_id(setting: &Setting) -> String {
    format!("refused-{}", key(setting))
}

fn flags_of(setting: &Setting) -> Vec<Arg> {
    let key = key(setting);
    let Setting { name, description, environment, .. } = setting;
    let flags = if setting.secret {
        vec![
            Arg::new(file_id(setting))
                .long(format!("{key}-file"))
                .value_name("PATH")
                .value_parser(value_parser!(PathBuf))
                .value_hint(ValueHint::FilePath)
                .help(format!("Read {name} from a file that contains nothing else [env: {environment}, the value itself]"))
                .long_help(format!(
                    "Read {name} from a file that contains nothing else. {description} [env: {environment}, the value itself]"
                )),
            Arg::new(stdin_id(setting))
                .long(format!("{key}-stdin"))
                .action(ArgAction::SetTrue)
                .conflicts_with(file_id(setting))
                .help(format!("Read {name} from standard input")),
        ]
    } else {
        let value = match setting.kind {
            SettingType::Url => "URL".to_owned(),
            SettingType::Boolean => "YES/NO".to_owned(),
            SettingType::Text => "TEXT".to_owned(),
            SettingType::Certificates => "PATH".to_owned(),
            SettingType::Integer => "NUMBER".to_owned(),
            SettingType::Choice => setting.choices.join("|"),
        };
        let short = description.split_inclusive(". ").next().unwrap_or(description).trim_end_matches(['.', ' ']);
        vec![
            Arg::new(key.clone())
                .long(key)
                .value_name(value)
                .help(format!("{short} [env: {environment}]"))
                .long_help(format!("{description} [env: {environment}]")),
        ]
    };
    flags.into_iter().map(|flag| flag.help_heading(HEADING)).collect()
}

fn file_id(setting: &Setting) -> String {
    format!("{}-file", key(setting))
}

fn stdin_id(setting: &Setting) -> String {
    format!("{}-stdin", key(setting))
}

impl ConnectionFlags {
    /// Reads the connection's flags.
    ///
    /// # Errors
    /// [`WrongUse`] when a secret is on the command line, a setting is given twice, or two settings want standard
    /// input.
    pub(crate) fn read(connector: &ConnectorManifest, matches: &ArgMatches) -> Result<Self> {
        let mut settings = Vec::new();
        for setting in &connector.settings {
            if setting.secret {
                if matches.contains_id(&refused_id(setting)) {
                    return Err(refused(setting, &format!("There is no --{}", key(setting))).into());
                }
                if let Some(path) = matches.get_one::<PathBuf>(&file_id(setting)) {
                    settings.push((setting.name.clone(), ValueSource::File(path.clone())));
                }
                if matches.get_flag(&stdin_id(setting)) {
                    settings.push((setting.name.clone(), ValueSource::StandardInput));
                }
            } else if let Some(text) = matches.get_one::<String>(&key(setting)) {
                settings.push((setting.name.clone(), ValueSource::Text(SecretString::from(text.clone()))));
            }
        }
        for pair in matches.get_many::<String>(SETTING).into_iter().flatten() {
            settings.push(by_name(connector, pair)?);
        }
        once_each(&settings)?;
        Ok(Self {
            settings,
            profile: matches.get_one::<String>(PROFILE).cloned(),
            profile_file: matches.get_one::<PathBuf>(PROFILE_FILE).cloned(),
        })
    }
}

impl ConnectionFlags {
    /// Whether a flag names the connection, or a part of it.
    pub(crate) fn name_connection(&self) -> bool {
        self.profile.is_some() || !self.settings.is_empty()
    }

    /// Whether a setting is to be read from standard input.
    pub(crate) fn use_standard_input(&self) -> bool {
        self.settings.iter().any(|(_, source)| matches!(source, ValueSource::StandardInput))
    }

    /// The name of the profile.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// The file with profiles, if it is not the default one.
    pub(crate) fn profile_file(&self) -> Option<PathBuf> {
        self.profile_file.clone()
    }
}

fn by_name(connector: &ConnectorManifest, pair: &str) -> Result<(String, ValueSource), WrongUse> {
    let Some((name, value)) = pair.split_once('=') else {
        // The text is not shown: it may be a secret without its name.
        return Err(WrongUse("--setting takes a name and a value, such as \"Strict Scanner ID=Yes\".".to_owned()));
    };
    match connector.setting(name) {
        Some(setting) if setting.secret => {
            Err(refused(setting, &format!("{} cannot be given with --setting", setting.name)))
        }
        _ => Ok((name.to_owned(), ValueSource::Text(SecretString::from(value)))),
    }
}

fn refused(setting: &Setting, refusal: &str) -> WrongUse {
    WrongUse(format!(
        "{refusal}: other users of this machine can read command lines, and shells keep them in their history.\n\
         Give it with {}. Without any of these, footprint asks for it if there is a terminal.",
        ways(setting)
    ))
}

fn once_each(settings: &[(String, ValueSource)]) -> Result<(), WrongUse> {
    let mut names: Vec<_> = settings.iter().map(|(name, _)| normalised(name)).collect();
    names.sort();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(WrongUse(format!("The setting {} is given twice; keep one of them.", twice[0])));
    }
    let from_input = settings.iter().filter(|(_, source)| matches!(source, ValueSource::StandardInput)).count();
    if from_input > 1 {
        return Err(WrongUse("Only one setting can be read from standard input.".to_owned()));
    }
    Ok(())
}
