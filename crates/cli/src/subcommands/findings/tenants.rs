//! `footprint findings tenants`: the last result of each tenant, and the removal of a tenant.

use anyhow::Result;
use clap::{Args, Subcommand};
use soar_connector::name::quoted;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, Printer};
use crate::subcommands::connection::ConnectionArguments;

const EXAMPLES: &str = "\
Examples:
  footprint findings tenants
  footprint findings tenants remove 7 --connection production

A tenant that the product no longer lists keeps its findings until it is removed.";

/// List the tenants whose findings were collected, with their last results
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    list: ListFlags,

    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    Remove(Removal),
}

/// Remove a tenant from the findings, with its devices and changes
///
/// A later collection that names the tenant, or finds it in the product's list, begins again with a baseline. Incidents about
/// its findings stay.
#[derive(Debug, Args)]
struct Removal {
    /// The product's id of the tenant; an empty text for a product without tenants
    tenant: String,

    /// The connection's name
    #[arg(long, value_name = "NAME")]
    connection: String,

    /// The connection's site, if several connections have the name
    #[arg(long)]
    site: Option<String>,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    if let Some(Action::Remove(removal)) = &arguments.action {
        return remove(removal, session, printer).await;
    }
    let operations = session.connected_operations()?;
    let tenants = operations.finding_tenants(&session.context("findings tenants")).await.map_err(not_done)?;
    printer.list(&tenants, &arguments.list, "No findings were collected yet: `footprint findings collect`.")?;
    Ok(Exit::Successful)
}

async fn remove(removal: &Removal, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let named = ConnectionArguments::of(&removal.connection, removal.site.as_deref());
    let connection = named.find(&operations, session).await?;
    let context = session.context("findings tenants remove").about_site(connection.place.name());
    let removed = operations.remove_finding_tenant(&context, connection.id, &removal.tenant).await;
    let removed = session.changed(context, removed).await?;
    let of = match removed.tenant.as_str() {
        "" => String::new(),
        id => format!("the tenant {} ({id}) of ", quoted(&removed.tenant_name)),
    };
    printer.done(&format!(
        "The findings of {of}the connection {} are removed. {}",
        quoted(&removed.connection),
        removed.later
    ))?;
    Ok(Exit::Successful)
}
