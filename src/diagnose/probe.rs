//! How the right to run each command is found out.

use soar_connector::Command;
use soar_connector::manifest::Effect;

use crate::vendor::{
    DeviceDetail, Devices, Endpoint, ScanSurface, Scanners, TargetPorts, TechnicalContext, TechnicalContexts, Tenants,
};

/// How the right to run a command is found out.
pub(super) enum Probe {
    /// By the smallest request.
    Ask(Box<dyn Endpoint + Send>),
    /// By the smallest request about one of the objects that the command `list` shows.
    About { list: &'static str, of_agents: bool, endpoint: fn(i64) -> Box<dyn Endpoint + Send> },
    /// By what the stages have found: they are the health check.
    HealthCheck,
    /// By the account's role: it changes something, so it is never tried.
    Role,
}

const DEVICES: &str = "List Devices";
const CONTEXTS: &str = "List Technical Contexts";

impl Probe {
    /// The probe of a command; `None` for one that has none yet.
    pub(super) fn of(command: &Command) -> Option<Self> {
        if command.effect == Effect::Write {
            return Some(Self::Role);
        }
        Some(match command.name.as_str() {
            "Test Connection" => Self::HealthCheck,
            "List Tenants" => Self::Ask(Box::new(Tenants)),
            "List Scanners" => Self::Ask(Box::new(Scanners)),
            "List Scan Surfaces" => Self::Ask(Box::new(ScanSurface { scanner: None })),
            "List Current Targets Ports" => Self::Ask(Box::new(TargetPorts)),
            DEVICES => Self::Ask(Box::new(Devices { filter: None, page_size: None })),
            CONTEXTS => Self::Ask(Box::new(TechnicalContexts { risk_level: None })),
            "Get Technical Context" => {
                Self::About { list: CONTEXTS, of_agents: false, endpoint: |id| Box::new(TechnicalContext { id }) }
            }
            "List Device Attack Avenues" => {
                Self::about_device(false, |device| Box::new(DeviceDetail::AttackAvenues { device }))
            }
            "List Device Vulnerabilities" => {
                Self::about_device(false, |device| Box::new(DeviceDetail::Vulnerabilities { device }))
            }
            "List Device Network Connections" => {
                Self::about_device(true, |device| Box::new(DeviceDetail::NetworkConnections { device }))
            }
            "List Device Users" => Self::about_device(true, |device| Box::new(DeviceDetail::Users { device })),
            _ => return None,
        })
    }

    fn about_device(of_agents: bool, endpoint: fn(i64) -> Box<dyn Endpoint + Send>) -> Self {
        Self::About { list: DEVICES, of_agents, endpoint }
    }
}

#[cfg(test)]
mod tests {
    use soar_connector::Plugin as _;

    use super::*;
    use crate::FootprintPlugin;

    #[test]
    fn every_command_has_a_probe_and_what_it_asks_is_the_commands_own_endpoint() {
        for command in &FootprintPlugin::new().unwrap().manifest().commands {
            let probe = Probe::of(command);
            match (command.effect, probe) {
                (Effect::Write, Some(Probe::Role)) | (Effect::Read, Some(Probe::HealthCheck)) => {}
                (Effect::Read, Some(Probe::Ask(endpoint))) => assert_eq!(endpoint.command(), command.name),
                (Effect::Read, Some(Probe::About { endpoint, .. })) => assert_eq!(endpoint(1).command(), command.name),
                _ => panic!("{} has no probe", command.name),
            }
        }
    }
}
