//! The manifest: what a connector is, what its commands take and return, and how they can fail.
//!
//! It is written in TOML, one file for the connector and one per command, and every surface is drawn from it.

mod command;
mod connector;
mod file;
mod findings;
mod follow;
mod path;
mod replies;
mod schema;

pub use command::{Column, ColumnType, Command, Effect, ErrorEntry, Input, InputType, KeyField, ReplyShape, Widening};
pub use connector::{ConnectorManifest, ProxySettings, Setting, SettingType};
pub use file::{ManifestError, ManifestFile};
pub use findings::{
    DeviceList, FindingDevice, FindingMembers, FindingStates, FindingsSource, MemberValues, TenantList,
};
pub use follow::FollowableCommand;
pub use path::ManifestPath;
pub use replies::{PageMembers, Replies};
pub use schema::{command_schema, connector_schema};

use std::sync::Arc;

use crate::name::{nearest, normalised, quoted, same_word};

/// A connector's whole manifest: itself and its commands, checked.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The connector: identity, settings, and the errors that any command can end in.
    pub connector: ConnectorManifest,
    /// The commands, in the order in which they are shown.
    pub commands: Vec<Arc<Command>>,
}

/// A command name that the manifest does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("There is no command {}.{} Valid commands: {}.", quoted(.given), .nearest.as_ref().map(|name| format!(" Did you mean \"{name}\"?")).unwrap_or_default(), .valid.join(", "))]
pub struct UnknownCommand {
    /// The name that was asked for.
    pub given: String,
    /// The command that was most likely meant.
    pub nearest: Option<String>,
    /// All command names.
    pub valid: Vec<String>,
}

impl Manifest {
    /// The command of that name, in any of the forms people type: `List Devices`, `list-devices` or `ListDevices`.
    ///
    /// # Errors
    /// [`UnknownCommand`], with the nearest name and all valid ones.
    pub fn command(&self, name: &str) -> Result<&Command, UnknownCommand> {
        self.find(name).map(|command| &**command)
    }

    pub(crate) fn find(&self, name: &str) -> Result<&Arc<Command>, UnknownCommand> {
        let names = || self.commands.iter().map(|command| command.name.as_str());
        let named = |form: fn(&str) -> String| {
            let wanted = form(name);
            self.commands.iter().find(|command| form(&command.name) == wanted)
        };
        named(normalised).or_else(|| named(same_word)).ok_or_else(|| UnknownCommand {
            given: name.to_owned(),
            nearest: nearest(name, names()).map(str::to_owned),
            valid: names().map(str::to_owned).collect(),
        })
    }

    /// The entry for error `code` of `command`: the command's own, else the connector's.
    #[must_use]
    pub fn error<'a>(&'a self, command: Option<&'a Command>, code: &str) -> Option<&'a ErrorEntry> {
        self.errors_of(command).find(|entry| entry.code == code)
    }

    /// The entry for HTTP status `status` of `command`: the command's own, else the connector's.
    #[must_use]
    pub fn error_of_status<'a>(&'a self, command: Option<&'a Command>, status: u16) -> Option<&'a ErrorEntry> {
        self.errors_of(command).find(|entry| entry.statuses.contains(&status))
    }

    /// Every error that `command` can end in: its own first, then those of the connector that it does not replace.
    pub fn errors_of<'a>(&'a self, command: Option<&'a Command>) -> impl Iterator<Item = &'a ErrorEntry> {
        let own = command.map_or(&[][..], |command| &command.errors);
        own.iter().chain(
            self.connector.errors.iter().filter(move |entry| !own.iter().any(|replaced| replaced.code == entry.code)),
        )
    }
}
