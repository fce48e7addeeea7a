//! `footprint tenant change`: gives a tenant another address.

use anyhow::Result;
use clap::Args;
use soar_store::Records;

use super::find::Named;
use super::show::show_one;
use crate::exit::Exit;
use crate::instance::{Action, OperatorSession, tenants};
use crate::printer::{Form, Printer};

/// Give a tenant another address; it stays registered
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,

    /// Where it is reached now
    #[arg(long)]
    url: String,

    /// How to write what it is now
    #[arg(long, short, value_enum, default_value_t = Form::Table)]
    output: Form,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let tenants = tenants(session)?;
    let tenant = arguments.named.find(session).await?;
    let caller = session.any_caller().await?;
    let action = Action { command: "tenant change", site: "", about: &tenant.name };
    let change = async |records: &mut Records<'_>| tenants.move_in(records, &caller, tenant.id, &arguments.url).await;
    show_one(&session.change(&action, change).await?, arguments.output, printer)?;
    Ok(Exit::Successful)
}
