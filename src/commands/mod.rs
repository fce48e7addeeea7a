//! The commands: one handler each, and the list of them.

mod get_technical_context;
mod list_current_targets_ports;
mod list_device_attack_avenues;
mod list_device_network_connections;
mod list_device_users;
mod list_device_vulnerabilities;
mod list_devices;
mod list_scan_surfaces;
mod list_scanners;
mod list_technical_contexts;
mod list_tenants;
mod patch_rescan;
mod scanner_choice;
mod test_connection;
mod update_target_scan_scope;

use async_trait::async_trait;
use soar_connector::Parameters;
use soar_connector::manifest::ManifestFile;

pub(crate) use test_connection::{prove_session, prove_tenant};

use crate::session::Call;
use crate::vendor::Failure;

/// Does one command: typed parameters in, requests, pages out.
#[async_trait]
pub(crate) trait Handler: Send + Sync {
    /// Runs the command; its pages go to the call's sink.
    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure>;
}

/// A command's name, manifest file and handler.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) manifest: ManifestFile<'static>,
    pub(crate) handler: &'static dyn Handler,
}

macro_rules! entries {
    ($($name:literal, $file:literal, $handler:expr;)*) => {
        &[$(Entry {
            name: $name,
            manifest: ManifestFile {
                name: concat!("manifest/commands/", $file),
                text: include_str!(concat!("../../manifest/commands/", $file)),
            },
            handler: &$handler,
        },)*]
    };
}

/// All commands, in the order in which they are shown.
pub(crate) const COMMANDS: &[Entry] = entries! {
    "Get Technical Context", "get-technical-context.toml", get_technical_context::GetTechnicalContext;
    "List Current Targets Ports", "list-current-targets-ports.toml", list_current_targets_ports::ListCurrentTargetsPorts;
    "List Device Attack Avenues", "list-device-attack-avenues.toml", list_device_attack_avenues::ListDeviceAttackAvenues;
    "List Device Network Connections", "list-device-network-connections.toml", list_device_network_connections::ListDeviceNetworkConnections;
    "List Devices", "list-devices.toml", list_devices::ListDevices;
    "List Device Users", "list-device-users.toml", list_device_users::ListDeviceUsers;
    "List Device Vulnerabilities", "list-device-vulnerabilities.toml", list_device_vulnerabilities::ListDeviceVulnerabilities;
    "List Scanners", "list-scanners.toml", list_scanners::ListScanners;
    "List Scan Surfaces", "list-scan-surfaces.toml", list_scan_surfaces::ListScanSurfaces;
    "List Technical Contexts", "list-technical-contexts.toml", list_technical_contexts::ListTechnicalContexts;
    "List Tenants", "list-tenants.toml", list_tenants::ListTenants;
    "Patch Rescan", "patch-rescan.toml", patch_rescan::PatchRescan;
    "Update Target Scan Scope", "update-target-scan-scope.toml", update_target_scan_scope::UpdateTargetScanScope;
    "Test Connection", "test-connection.toml", test_connection::TestConnection;
};

/// An integer that the manifest requires.
fn required_integer(parameters: &Parameters, name: &str) -> Result<i64, Failure> {
    parameters.integer(name).ok_or_else(|| Failure::new("missing-parameter", format!("{name} is required.")))
}
