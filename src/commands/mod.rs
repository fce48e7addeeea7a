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
mod probe;
mod scanner_choice;
mod test_connection;
mod update_target_scan_scope;

use async_trait::async_trait;
use soar_connector::manifest::ManifestFile;
use soar_connector::{Command, CommandEntry, Manifest, Parameters};

pub(crate) use probe::Probe;
pub(crate) use test_connection::{prove_session, prove_tenant};

use crate::session::{Call, Session};
use crate::vendor::Failure;

/// Does one command: typed parameters in, requests, pages out.
#[async_trait]
pub(crate) trait Handler: Send + Sync {
    /// How a diagnosis finds out whether the account may run the command.
    fn probe(&self) -> Probe;

    /// Runs the command; its pages go to the call's sink.
    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure>;
}

/// A handler as the contract runs it: with a call of the session's.
struct OnSession<H>(H);

#[async_trait]
impl<H: Handler> soar_connector::Handler<Session> for OnSession<H> {
    async fn run(&self, session: &Session, call: soar_connector::Call<'_>) -> Result<(), Failure> {
        let soar_connector::Call { invocation, time_limit, progress, sink, report } = call;
        let parameters = invocation.parameters();
        let tenant = parameters.integer("Footprint Tenant ID");
        let mut call = Call::new(session, invocation.command(), tenant, time_limit, sink, report);
        call.tell(progress);
        self.0.run(parameters, &mut call).await
    }
}

/// The probe of a command of the manifest.
pub(crate) fn probe_of(manifest: &Manifest, command: &Command) -> Option<Probe> {
    let index = manifest.commands.iter().position(|known| known.name == command.name)?;
    HANDLERS.get(index).map(|handler| handler.probe())
}

macro_rules! commands {
    ($($file:literal, $handler:expr;)*) => {
        /// All commands, in the order in which they are shown.
        pub(crate) const COMMANDS: &[CommandEntry<Session>] = &[$(CommandEntry {
            manifest: ManifestFile::new(
                concat!("manifest/commands/", $file),
                include_str!(concat!("../../manifest/commands/", $file)),
            ),
            handler: &OnSession($handler),
        },)*];

        /// Their handlers, in the same order.
        const HANDLERS: &[&dyn Handler] = &[$(&$handler,)*];
    };
}

commands! {
    "get-technical-context.toml", get_technical_context::GetTechnicalContext;
    "list-current-targets-ports.toml", list_current_targets_ports::ListCurrentTargetsPorts;
    "list-device-attack-avenues.toml", list_device_attack_avenues::ListDeviceAttackAvenues;
    "list-device-network-connections.toml", list_device_network_connections::ListDeviceNetworkConnections;
    "list-devices.toml", list_devices::ListDevices;
    "list-device-users.toml", list_device_users::ListDeviceUsers;
    "list-device-vulnerabilities.toml", list_device_vulnerabilities::ListDeviceVulnerabilities;
    "list-scanners.toml", list_scanners::ListScanners;
    "list-scan-surfaces.toml", list_scan_surfaces::ListScanSurfaces;
    "list-technical-contexts.toml", list_technical_contexts::ListTechnicalContexts;
    "list-tenants.toml", list_tenants::ListTenants;
    "patch-rescan.toml", patch_rescan::PatchRescan;
    "update-target-scan-scope.toml", update_target_scan_scope::UpdateTargetScanScope;
    "test-connection.toml", test_connection::TestConnection;
}

/// An integer that the manifest requires.
fn required_integer(parameters: &Parameters, name: &str) -> Result<i64, Failure> {
    parameters.integer(name).ok_or_else(|| Failure::new("missing-parameter", format!("{name} is required.")))
}
