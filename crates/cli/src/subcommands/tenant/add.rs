//! `footprint tenant add`: adds a tenant to its master.

use anyhow::Result;
use clap::Args;
use secrecy::ExposeSecret as _;
use soar_connector::name::quoted;
use soar_host::tenants::TenantDraft;

use super::secret::KeySource;
use super::show::show_one;
use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer};
use crate::shell;

/// Add a tenant by its address and one-time key; `footprint tenant register` comes next
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name, unique in its region
    name: String,

    /// Its region, such as AMER
    #[arg(long)]
    region: String,

    /// Its address
    #[arg(long, value_name = "https://tenant.example.com")]
    url: String,

    #[command(flatten)]
    key: KeySource,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let draft = TenantDraft {
        name: arguments.name.clone(),
        region: arguments.region.clone(),
        url: arguments.url.clone(),
        key: arguments.key.read_or_ask()?.expose_secret().to_owned(),
    };
    let context = session.context("tenant add");
    let added = session.connected_operations()?.create_tenant(&context, &draft).await;
    let added = session.changed(context, added).await?;
    if arguments.output == OutputFormat::Json {
        show_one(&added, OutputFormat::Json, printer)?;
        return Ok(Exit::Successful);
    }
    printer.done(&format!("The tenant {} was added.", quoted(&added.name)))?;
    printer.note(&format!(
        "Nothing was sent yet. Next: footprint tenant{} register {}",
        session.folder.flag(),
        shell::quoted(&added.name)
    ));
    Ok(Exit::Successful)
}
