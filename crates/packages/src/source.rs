//! What a package is generated from.

use serde_json::json;
use soar_connector::manifest::SettingType;
use soar_connector::{Command, Manifest};

use crate::file::{File, fill};
use crate::names::snake;
use crate::python;

/// How a package runs commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunMode {
    /// With the connector's Python package, from the place where the other SOAR host runs it.
    Direct,
    /// Over the Command API of a host, in pure Python.
    ViaHost,
}

/// What a package is generated from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The connector's manifest.
    pub manifest: &'a Manifest,
    /// The version of the package.
    pub version: &'a str,
    /// How the package runs commands.
    pub way: RunMode,
}

/// A setting of a connection, as the other SOAR host asks for it.
#[derive(Debug, Clone)]
pub(crate) struct PackageSetting {
    pub(crate) name: String,
    pub(crate) kind: SettingType,
    pub(crate) required: bool,
    pub(crate) secret: bool,
    pub(crate) description: String,
    pub(crate) choices: Vec<String>,
    pub(crate) example: String,
}

impl PackageSetting {
    /// The keyword argument of Python's `Connector`.
    pub(crate) fn keyword(&self) -> String {
        snake(&self.name)
    }

    fn of_host(name: &str, description: &str, example: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: SettingType::Text,
            required: !description.contains("Unless given"),
            secret: name == "Host Key",
            description: description.to_owned(),
            choices: Vec::new(),
            example: example.to_owned(),
        }
    }
}

impl<'a> Source<'a> {
    pub(crate) fn commands(&self) -> impl Iterator<Item = &'a Command> + use<'a> {
        self.manifest.commands.iter().map(|command| &**command)
    }

    /// The settings of a connection.
    pub(crate) fn settings(&self) -> Vec<PackageSetting> {
        match self.way {
            RunMode::Direct => {
                let settings = self.manifest.connector.settings.iter();
                let setting = |setting: &soar_connector::manifest::Setting| PackageSetting {
                    name: setting.name.clone(),
                    kind: setting.kind,
                    required: setting.required,
                    secret: setting.secret,
                    description: setting.description.clone(),
                    choices: setting.choices.clone(),
                    example: setting.example.clone(),
                };
                settings.map(setting).collect()
            }
            RunMode::ViaHost => vec![
                PackageSetting::of_host(
                    "Host URL",
                    "Address of the host, with the namespace of its Command API.",
                    "https://soar.example.com/VSOC",
                ),
                PackageSetting::of_host("Host Key", "An API key of the host.", "0123456789abcdef"),
                PackageSetting::of_host("Host User", "The user of the host that runs the commands.", "playbooks"),
                PackageSetting::of_host("Site", "The site of the host on which the commands run.", "Acme Corp"),
                PackageSetting::of_host(
                    "Connection Name",
                    "The connection on that site. Unless given, the site's only connection.",
                    "Footprint",
                ),
                PackageSetting::of_host(
                    "Host CA File",
                    "Path of a file with certificates to trust. Unless given, the system's authorities are trusted.",
                    "/etc/ssl/certs/example-ca.pem",
                ),
            ],
        }
    }

    /// The version in a form that begins at 1.0.0, as vendors want it.
    pub(crate) fn version_from_one(&self) -> String {
        format!("1.{}", self.version.split_once('.').map_or("0.0", |(_, rest)| rest))
    }

    /// The connector's name as one word.
    pub(crate) fn word(&self) -> String {
        self.manifest.connector.name.split_whitespace().collect()
    }

    /// The connector's name as part of a program's name: `coda_footprint`.
    pub(crate) fn snake(&self) -> String {
        snake(&self.manifest.connector.id)
    }

    /// The Python module that has the class `Connector`, as text.
    pub(crate) fn connector_module(&self) -> String {
        let template = match self.way {
            RunMode::Direct => include_str!("../templates/direct.py"),
            RunMode::ViaHost => include_str!("../templates/via_host.py"),
        };
        fill(template, &[("module", &self.snake()), ("name", &self.manifest.connector.name)])
    }

    /// What a program has to install; nothing over a host.
    pub(crate) fn requirements(&self) -> String {
        match self.way {
            RunMode::Direct => format!("{}=={}\n", self.manifest.connector.id, self.version),
            RunMode::ViaHost => String::new(),
        }
    }

    /// A dict of the commands' names by the names that `named` gives them.
    pub(crate) fn command_table(&self, named: impl Fn(&Command) -> String) -> String {
        python::table(self.commands().map(|command| (named(command), json!(command.name))))
    }

    /// The README of a package: its title, the steps of its host, and the commands.
    pub(crate) fn readme(&self, host: &str, steps: &str) -> File {
        let mut commands = String::new();
        for command in self.commands() {
            commands.push_str(&format!("| {} | {} |\n", command.name, command.description));
        }
        let name = &self.manifest.connector.name;
        let way = match self.way {
            RunMode::Direct => format!("It runs the commands with the Python package `{}`.", self.snake()),
            RunMode::ViaHost => "It runs the commands over the Command API of a host, `footprint serve`.".to_owned(),
        };
        let text = format!(
            "# {name} for {host}\n\n{} {way}\n\n{}\n\n## Commands\n\n| Command | Description |\n|---|---|\n{commands}",
            self.manifest.connector.description,
            fill(steps.trim(), &[("version", self.version), ("id", &self.manifest.connector.id)]),
        );
        File::new("README.md", text)
    }
}
