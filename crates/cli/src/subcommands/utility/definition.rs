//! The subcommands of `footprint utility`, each from the manifest of its command.

use clap::Args as _;
use soar_connector::manifest::Command;
use soar_connector::name::flag_of;
use soar_host::tenants;
use soar_host::utility::{UtilityCommand, all, manifest};

use super::flags::{CallFlags, flag};
use super::sync::with_retry;

/// `footprint utility` with a subcommand for each of the host's own commands.
pub(crate) fn with_commands(utility: clap::Command) -> clap::Command {
    let own = all().iter().zip(manifest());
    let own = own.map(|(command, manifest)| subcommand(command.endpoint(), command.can_plan(), manifest));
    let sync = subcommand(tenants::ENDPOINT, true, tenants::manifest());
    // To apply a sync's plan is to sync again: what a tenant has already stays unchanged.
    let sync = sync.mut_arg("call-apply", |flag| flag.hide(true));
    let site_status = subcommand(tenants::SITE_STATUS_ENDPOINT, false, tenants::site_status_manifest());
    utility.subcommands(own).subcommand(with_retry(sync)).subcommand(site_status)
}

/// The command of a subcommand.
pub(super) fn named(name: &str) -> Option<(&'static dyn UtilityCommand, &'static Command)> {
    all().iter().map(|command| &**command).zip(manifest()).find(|(command, _)| typed_name(command.endpoint()) == name)
}

/// Whether the subcommand of that name is Sync Connection.
pub(super) fn is_sync(name: &str) -> bool {
    typed_name(tenants::ENDPOINT) == name
}

/// Whether the subcommand of that name is Update Tenant Site Status.
pub(super) fn is_site_status(name: &str) -> bool {
    typed_name(tenants::SITE_STATUS_ENDPOINT) == name
}

fn subcommand(endpoint: &str, can_plan: bool, manifest: &Command) -> clap::Command {
    let named = clap::Command::new(typed_name(endpoint));
    // The name in the documents, as a user would type it.
    let documented = flag_of(&manifest.name);
    let named = if named.get_name() == documented { named } else { named.alias(documented) };
    let flags = CallFlags::augment_args(named.args(manifest.inputs.iter().map(flag)));
    let flags = if can_plan {
        flags
    } else {
        flags.mut_arg("call-plan", |flag| flag.hide(true)).mut_arg("call-apply", |flag| flag.hide(true))
    };
    let notes = manifest.notes.iter().map(|note| format!("- {note}\n")).collect::<String>();
    let flags = flags.about(manifest.description.trim_end_matches('.').to_owned());
    if notes.is_empty() { flags } else { flags.after_help(notes.trim_end().to_owned()) }
}

/// `close-incident-in-bulk` for the endpoint `CloseIncidentInBulk`.
fn typed_name(endpoint: &str) -> String {
    let mut name = String::new();
    for c in endpoint.chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}
