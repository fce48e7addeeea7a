//! How the right to run each command is found out.

use crate::vendor::Endpoint;

/// How the right to run a command is found out.
pub(crate) enum Probe {
    /// By the smallest request.
    Ask(Box<dyn Endpoint + Send>),
    /// By the smallest request about one of the objects that the command `list` shows.
    About { list: &'static str, of_agents: bool, endpoint: fn(i64) -> Box<dyn Endpoint + Send> },
    /// By what the stages have found: they are the health check.
    HealthCheck,
    /// By the account's role: it changes something, so it is never tried.
    Role,
}

impl Probe {
    /// A probe about one of the objects that the command `list` shows.
    pub(crate) fn about(list: &'static str, endpoint: fn(i64) -> Box<dyn Endpoint + Send>) -> Self {
        Self::About { list, of_agents: false, endpoint }
    }

    /// A probe about a device with an agent.
    pub(crate) fn about_agent(endpoint: fn(i64) -> Box<dyn Endpoint + Send>) -> Self {
        Self::About { list: "List Devices", of_agents: true, endpoint }
    }
}

#[cfg(test)]
mod tests {
    use soar_connector::Plugin as _;
    use soar_connector::manifest::Effect;

    use super::*;
    use crate::FootprintPlugin;
    use crate::commands::probe_of;

    #[test]
    fn every_command_is_probed_at_its_own_endpoint_and_no_write_is_tried() {
        let plugin = FootprintPlugin::new().unwrap();
        for command in &plugin.manifest().commands {
            match (command.effect, probe_of(plugin.manifest(), command)) {
                (Effect::Write, Some(Probe::Role)) | (Effect::Read, Some(Probe::HealthCheck)) => {}
                (Effect::Read, Some(Probe::Ask(endpoint))) => {
                    assert!(!command.documented || endpoint.command() == command.name, "{}", command.name);
                }
                (Effect::Read, Some(Probe::About { endpoint, list, .. })) => {
                    assert!(!command.documented || endpoint(1).command() == command.name, "{}", command.name);
                    assert!(plugin.manifest().command(list).is_ok(), "{list}");
                }
                _ => panic!("{} has no probe that suits it", command.name),
            }
        }
    }
}
