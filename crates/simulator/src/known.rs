//! Names the ids that tests and demonstrations need, so that they do not have to search for them.

use crate::{Generation, Options, data::inventory::Inventory, scans::FIRST_SCAN};

/// The job of tenant 1's busy scanner, 104, in the list of running jobs.
const BUSY_JOB: &str = "900104";

/// Ids of tenant 1 with a known peculiarity.
///
/// The devices exist on instances with at least four devices per tenant, the context with at least one
/// context, the target with at least one scan surface entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownIds {
    /// An `AgentDevice` whose network connections come as JSON.
    pub agent_device: u64,
    /// An `AgentDevice` whose network connections come as an empty 200.
    pub quiet_agent_device: u64,
    /// A `Server`: users and network connections answer 501.
    pub server_device: u64,
    /// A device with 30 attack avenues.
    pub device_with_attack_avenues: u64,
    /// A device with none.
    pub device_without_attack_avenues: u64,
    /// No device has this id.
    pub missing_device: u64,
    /// A technical context.
    pub context: u64,
    /// No context has this id.
    pub missing_context: u64,
    /// The default Cloud Scanner, external and active.
    pub cloud_scanner: u64,
    /// An internal scanner, active and idle.
    pub active_scanner: u64,
    /// Its rescan answers 406.
    pub inactive_scanner: u64,
    /// Its rescan answers 405, always.
    pub busy_scanner: u64,
    /// No scanner of this tenant has this id.
    pub missing_scanner: u64,
    /// A current target, in scope at the start.
    pub target: u64,
    /// No target has this id.
    pub missing_target: u64,
    /// A scan: one that is done, or on legacy, which keeps no history, the job of the busy scanner, which never ends.
    pub scan: &'static str,
    /// A vulnerability of the server device.
    pub vulnerability: u64,
    /// An entry of the scan surface with idle scanners alone.
    pub user_input: u64,
    /// The tenant whose rescans answer 402; 0 if there is just one tenant.
    pub trial_expired_tenant: u32,
    /// No tenant has this id.
    pub foreign_tenant: u64,
}

impl KnownIds {
    pub(crate) fn of(options: &Options) -> Self {
        let inventory = Inventory::new(options, 1);
        let missing = inventory.id(999_999);
        Self {
            agent_device: inventory.device_id_at(0),
            server_device: inventory.device_id_at(1),
            device_with_attack_avenues: inventory.device_id_at(1),
            quiet_agent_device: inventory.device_id_at(2),
            device_without_attack_avenues: inventory.device_id_at(3),
            missing_device: missing,
            context: inventory.id(options.contexts),
            missing_context: missing,
            cloud_scanner: inventory.scanner_id(1),
            active_scanner: inventory.scanner_id(2),
            inactive_scanner: inventory.scanner_id(3),
            busy_scanner: inventory.scanner_id(4),
            missing_scanner: inventory.scanner_id(options.scanners + 1),
            target: inventory.id(options.scan_surface_entries * 10),
            missing_target: missing,
            scan: if options.generation == Generation::Legacy { BUSY_JOB } else { FIRST_SCAN },
            vulnerability: inventory.vulnerability_id(inventory.device_id_at(1), 0),
            user_input: inventory.id(options.scanners),
            trial_expired_tenant: if options.tenants >= 2 { options.tenants } else { 0 },
            foreign_tenant: u64::from(options.tenants) + 9_000,
        }
    }
}
