//! The commands: one handler each, and the list of them.

mod add_scan_targets;
mod find_devices;
mod get_device;
mod get_scan;
mod get_technical_context;
mod list_current_targets_ports;
mod list_device_attack_avenues;
mod list_device_network_connections;
mod list_device_users;
mod list_device_vulnerabilities;
mod list_devices;
mod list_scan_surfaces;
mod list_scanners;
mod list_scans;
mod list_technical_contexts;
mod list_tenants;
mod list_vulnerabilities;
mod patch_rescan;
mod probe;
mod rescan_and_wait;
mod scanner_choice;
mod test_connection;
mod update_device_tags;
mod update_target_scan_scope;
mod update_vulnerability_state;

use std::time::Duration;

use async_trait::async_trait;
use soar_connector::manifest::ManifestFile;
use soar_connector::{Command, CommandEntry, Follow, FollowToken, Manifest, Parameters, Poll};

pub(crate) use probe::Probe;
pub(crate) use test_connection::{prove_session, prove_tenant};

use crate::session::{Call, VendorSession};
use crate::vendor::Failure;

/// Does one command: typed parameters in, requests, pages out.
#[async_trait]
pub(crate) trait CommandHandler: Send + Sync {
    /// How a diagnosis finds out whether the account may run the command.
    fn probe(&self) -> Probe;

    /// Runs the command; its pages go to the call's sink. A command that is followed has its follower instead.
    async fn run(&self, _parameters: &Parameters, _call: &mut Call<'_>) -> Result<(), Failure> {
        Err(Failure::new("unknown-command", "The command is followed."))
    }

    /// The follower of a command whose work goes on in Footprint after its start.
    fn follows(&self) -> Option<&dyn Follows> {
        None
    }
}

/// Follows the work of one command.
#[async_trait]
pub(crate) trait Follows: Send + Sync {
    /// Starts the work.
    async fn start(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<FollowToken, Failure>;

    /// Asks about the work.
    async fn poll(&self, parameters: &Parameters, token: &FollowToken, call: &mut Call<'_>) -> Result<Poll, Failure>;

    /// Ends the work, if Footprint can; returns whether it did.
    async fn cancel(&self, parameters: &Parameters, token: &FollowToken, call: &mut Call<'_>) -> Result<bool, Failure>;
}

/// A handler as the contract runs it: with a call of the session's.
struct OnSession<H>(H);

#[async_trait]
impl<H: CommandHandler> soar_connector::Handler<VendorSession> for OnSession<H> {
    async fn run(&self, session: &VendorSession, mut call: soar_connector::HandlerCall<'_>) -> Result<(), Failure> {
        let parameters = call.invocation.parameters();
        self.0.run(parameters, &mut on_session(session, &mut call)).await
    }

    fn follow(&self) -> Option<&dyn Follow<VendorSession>> {
        self.0.follows().map(|_| self as &dyn Follow<VendorSession>)
    }
}

/// Called for handlers alone that have a follower.
#[async_trait]
impl<H: CommandHandler> Follow<VendorSession> for OnSession<H> {
    async fn start(
        &self,
        session: &VendorSession,
        mut call: soar_connector::HandlerCall<'_>,
    ) -> Result<FollowToken, Failure> {
        let parameters = call.invocation.parameters();
        self.follower()?.start(parameters, &mut on_session(session, &mut call)).await
    }

    async fn poll(
        &self,
        session: &VendorSession,
        token: &FollowToken,
        mut call: soar_connector::HandlerCall<'_>,
    ) -> Result<Poll, Failure> {
        let parameters = call.invocation.parameters();
        self.follower()?.poll(parameters, token, &mut on_session(session, &mut call)).await
    }

    async fn cancel(
        &self,
        session: &VendorSession,
        token: &FollowToken,
        mut call: soar_connector::HandlerCall<'_>,
    ) -> Result<bool, Failure> {
        let parameters = call.invocation.parameters();
        self.follower()?.cancel(parameters, token, &mut on_session(session, &mut call)).await
    }

    async fn wait(&self, session: &VendorSession, wait: Duration) {
        session.sleep(wait).await;
    }
}

impl<H: CommandHandler> OnSession<H> {
    fn follower(&self) -> Result<&dyn Follows, Failure> {
        self.0.follows().ok_or_else(|| Failure::new("unknown-command", "The command is not one that is followed."))
    }
}

/// The contract's call as a call of the session's.
fn on_session<'a>(session: &'a VendorSession, call: &'a mut soar_connector::HandlerCall<'_>) -> Call<'a> {
    let tenant = call.invocation.parameters().integer("Footprint Tenant ID");
    let command = call.invocation.command();
    let mut ours = Call::new(session, command, tenant, call.time_limit, &mut *call.sink, &mut *call.report);
    ours.tell(call.progress);
    ours
}

/// The probe of a command of the manifest.
pub(crate) fn probe_of(manifest: &Manifest, command: &Command) -> Option<Probe> {
    let index = manifest.commands.iter().position(|known| known.name == command.name)?;
    HANDLERS.get(index).map(|handler| handler.probe())
}

macro_rules! commands {
    ($($file:literal, $handler:expr;)*) => {
        /// All commands, in the order in which they are shown.
        pub(crate) const COMMANDS: &[CommandEntry<VendorSession>] = &[$(CommandEntry {
            manifest: ManifestFile::new(
                concat!("manifest/commands/", $file),
                include_str!(concat!("../../manifest/commands/", $file)),
            ),
            handler: &OnSession($handler),
        },)*];

        /// Their handlers, in the same order.
        const HANDLERS: &[&dyn CommandHandler] = &[$(&$handler,)*];
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
    "list-vulnerabilities.toml", list_vulnerabilities::ListVulnerabilities;
    "find-devices.toml", find_devices::FindDevices;
    "get-device.toml", get_device::GetDevice;
    "rescan-and-wait.toml", rescan_and_wait::RescanAndWait;
    "list-scans.toml", list_scans::ListScans;
    "get-scan.toml", get_scan::GetScan;
    "update-vulnerability-state.toml", update_vulnerability_state::UpdateVulnerabilityState;
    "add-scan-targets.toml", add_scan_targets::AddScanTargets;
    "update-device-tags.toml", update_device_tags::UpdateDeviceTags;
}

/// The whole numbers of a list that the manifest requires.
fn required_integers(parameters: &Parameters, name: &str) -> Result<Vec<i64>, Failure> {
    let items =
        parameters.list(name).ok_or_else(|| Failure::new("missing-parameter", format!("{name} is required.")))?;
    let integer = |item: &String| {
        item.parse().map_err(|_| {
            let text = format!("{name}: expected whole numbers, found {}.", soar_connector::name::quoted(item));
            Failure::new("invalid-parameter", text)
        })
    };
    items.iter().map(integer).collect()
}

/// An integer that the manifest requires.
fn required_integer(parameters: &Parameters, name: &str) -> Result<i64, Failure> {
    parameters.integer(name).ok_or_else(|| Failure::new("missing-parameter", format!("{name} is required.")))
}
