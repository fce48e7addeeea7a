//! `footprint tenant`: on a master, its tenants. On a tenant, its one-time keys and its masters.

mod add;
mod change;
mod find;
mod key;
mod list;
mod master;
mod register;
mod remove;
mod revoke;
mod runs;
mod secret;
mod show;

use anyhow::Result;
use clap::{Args, Subcommand};
use soar_store::model::Tenant;

pub(super) use self::runs::ResultRow;
use super::simulate::runtime;
use crate::exit::Exit;
use crate::instance::{InstanceFlags, OperatorSession};
use crate::printer::{ListRow, Printer, moment_if_any};

const EXAMPLES: &str = "\
Examples:
  footprint tenant key create --expires 24h                  On the tenant: a one-time key, shown once
  footprint tenant add TestTenant --region AMER --url https://tenant.example.com --key-file tenant.key
  footprint tenant register TestTenant                       On the master: from now on both hold a secret
  footprint connection change production --tenant TestTenant
  footprint utility sync-connection --sync-all-shared --tenant-region AMER --tenant-name TestTenant \\
      --tenant-site TenantSite --plan
  footprint tenant runs list                                 What was synced, and what failed
  footprint tenant master list                               On the tenant: whom it takes connections from";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: InstanceFlags,

    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Add(add::Arguments),
    Register(register::Arguments),
    List(list::Arguments),
    Show(show::Arguments),
    Change(change::Arguments),
    Revoke(revoke::Arguments),
    Remove(remove::Arguments),
    Runs(runs::Arguments),
    Key(key::Arguments),
    Master(master::Arguments),
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        match &arguments.action {
            Action::Add(arguments) => add::run(arguments, &session, printer).await,
            Action::Register(arguments) => register::run(arguments, &session, printer).await,
            Action::List(arguments) => list::run(arguments, &session, printer).await,
            Action::Show(arguments) => show::run(arguments, &session, printer).await,
            Action::Change(arguments) => change::run(arguments, &session, printer).await,
            Action::Revoke(arguments) => revoke::run(arguments, &session, printer).await,
            Action::Remove(arguments) => remove::run(arguments, &session, printer).await,
            Action::Runs(arguments) => runs::run(arguments, &session, printer).await,
            Action::Key(arguments) => key::run(arguments, &session, printer).await,
            Action::Master(arguments) => master::run(arguments, &session, printer).await,
        }
    })
}

impl ListRow for Tenant {
    const HEADINGS: &[&str] = &["Tenant", "Region", "State", "Address", "Registered"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.region.clone(),
            self.state.to_string().to_lowercase(),
            self.url.clone(),
            moment_if_any(self.registered_at),
        ]
    }
}
