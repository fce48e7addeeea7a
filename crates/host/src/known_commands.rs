//! The names of the commands of a host, without the host.

use crate::commands::{KnownCommand, KnownCommands};
use crate::plugins::{PluginRegistry, endpoint_name};
use crate::{tenants, utility};

/// The commands of a host with these plugins: the host's own commands and the plugins' commands. They are those of the
/// registry of [`Host::with_connectors`](crate::Host::with_connectors).
#[must_use]
pub fn known_commands(plugins: &PluginRegistry) -> KnownCommands {
    let utilities = utility::all().iter().zip(utility::manifest());
    let utilities = utilities.map(|(command, manifest)| KnownCommand::new(command.endpoint(), &manifest.name));
    let external =
        [(tenants::ENDPOINT, tenants::manifest()), (tenants::SITE_STATUS_ENDPOINT, tenants::site_status_manifest())];
    let external = external.map(|(endpoint, manifest)| KnownCommand::new(endpoint, &manifest.name));
    let connectors = plugins.plugins().iter().flat_map(|plugin| &plugin.manifest().commands);
    let connectors = connectors.map(|command| KnownCommand::new(&endpoint_name(&command.name), &command.name));
    KnownCommands::of(utilities.chain(external).chain(connectors))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> KnownCommands {
        known_commands(&PluginRegistry::default())
    }

    #[test]
    fn a_command_is_found_by_its_address_and_its_name_in_the_forms_people_type() {
        let known = known();
        for name in ["CloseIncidentInBulk", "closeincidentINBULK", " Close Incident in Bulk ", "close-incident-in-bulk"]
        {
            assert_eq!(known.find(name).unwrap().endpoint, "CloseIncidentInBulk", "{name}");
        }
        assert_eq!(known.find("Sync Connection").unwrap().endpoint, tenants::ENDPOINT);
        assert_eq!(known.find("update-tenant-site-status").unwrap().endpoint, tenants::SITE_STATUS_ENDPOINT);
    }

    #[test]
    fn an_unknown_command_gets_the_nearest_one_or_how_to_list_them() {
        let unknown = |name: &str| known().find(name).unwrap_err();
        let list = "/openapi.json lists all commands.";
        assert_eq!(
            unknown("GetIncidnets"),
            format!("There is no command \"GetIncidnets\". Did you mean \"GetIncidents\"? {list}")
        );
        assert_eq!(unknown("Make Coffee"), format!("There is no command \"Make Coffee\". {list}"));
        for name in ["", " ", "-"] {
            assert!(unknown(name).starts_with("There is no command"), "{name:?}");
        }
    }
}
