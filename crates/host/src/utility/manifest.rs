//! The utility commands, each with its manifest.

use std::sync::{Arc, LazyLock};

use soar_connector::manifest::{Command, ManifestFile};

use super::UtilityCommand;
use super::bulk::Planned;
use super::close_incident_in_bulk::CloseIncidentInBulk;
use super::create_an_incident::CreateAnIncident;
use super::get_incidents::GetIncidents;
use super::get_linked_incidents_of_an_incident::GetLinkedIncidentsOfAnIncident;
use super::link_incident_to_existing_cases::LinkIncidentToExistingCases;
use super::link_incidents_to_new_case::LinkIncidentsToNewCase;
use super::remove_linked_incidents::RemoveLinkedIncidents;
use super::set_incident_field::SetIncidentField;
use super::update_incident_owner_in_bulk::UpdateIncidentOwnerInBulk;
use super::update_incident_site_in_bulk::UpdateIncidentSiteInBulk;

/// Lists each command together with its manifest file.
macro_rules! commands {
    ($($file:literal => $command:expr,)+) => {
        const FILES: &[ManifestFile<'static>] = &[$(ManifestFile {
            name: concat!("commands/", $file, ".toml"),
            text: include_str!(concat!("../../manifest/commands/", $file, ".toml")),
        }),+];
        static COMMANDS: LazyLock<Vec<Arc<dyn UtilityCommand>>> =
            LazyLock::new(|| vec![$(Arc::new($command) as Arc<dyn UtilityCommand>),+]);
    };
}

commands! {
    "close-incident-in-bulk" => Planned(CloseIncidentInBulk),
    "update-incident-site-in-bulk" => Planned(UpdateIncidentSiteInBulk),
    "link-incident-to-existing-cases" => Planned(LinkIncidentToExistingCases),
    "create-an-incident" => CreateAnIncident,
    "get-incidents" => GetIncidents,
    "set-incident-field" => SetIncidentField,
    "update-incident-owner-in-bulk" => Planned(UpdateIncidentOwnerInBulk),
    "link-incidents-to-new-case" => Planned(LinkIncidentsToNewCase),
    "remove-linked-incidents" => Planned(RemoveLinkedIncidents),
    "get-linked-incidents-of-an-incident" => GetLinkedIncidentsOfAnIncident,
}

static MANIFEST: LazyLock<Vec<Command>> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "the files are part of the program, and a test loads them")]
    Command::load_all(FILES).expect("the manifests of the host's own commands")
});

/// All utility commands, in the order of lists.
#[must_use]
pub fn all() -> &'static [Arc<dyn UtilityCommand>] {
    &COMMANDS
}

/// The manifests of all utility commands, in the order of [`all`].
#[must_use]
pub fn manifest() -> &'static [Command] {
    &MANIFEST
}

/// The utility command with this endpoint, and its manifest. Upper and lower case do not matter.
#[must_use]
pub fn command(endpoint: &str) -> Option<(&'static dyn UtilityCommand, &'static Command)> {
    let mut commands = COMMANDS.iter().map(|command| &**command).zip(manifest());
    commands.find(|(command, _)| command.endpoint().eq_ignore_ascii_case(endpoint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_the_manifest_of_its_name_and_endpoint() {
        for (command, manifest) in COMMANDS.iter().zip(manifest()) {
            assert_eq!(command.name(), manifest.name);
            assert_eq!(format!("POST /api/Command/{}", command.endpoint()), manifest.endpoint);
            let changes = manifest.effect == soar_connector::manifest::Effect::Write;
            assert!(changes || !command.can_plan(), "{}", manifest.name);
        }
        assert!(command("closeincidentINBULK").is_some());
        assert!(command("CloseIncident").is_none());
    }
}
