//! `footprint connection`: the connections of an instance's sites to products.

mod add;
mod change;
mod diagnose;
mod find;
mod health_check;
mod list;
mod parameters;
mod remove;
mod rotate_key;
mod run;
mod show;
mod test;
mod unsaved;

pub(super) use self::find::{ConnectionArguments, all_named, near};

use anyhow::Result;
use clap::{Args, Subcommand};

use super::simulate::runtime;
use crate::exit::Exit;
use crate::instance::{InstanceFlags, OperatorSession};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  footprint connection add production --param \"Server URL=https://footprint.example.com\" \\
      --param \"User Name=soar@example.com\"
  footprint connection test production
  footprint connection run production \"List Devices\" --param \"Footprint Tenant ID=1\"
  footprint connection change production --secret-file Password=/run/secrets/footprint

Secrets are never on the command line. Footprint asks for them, or takes them from a file, standard input or a reference.
They are sealed in the store and never shown again.";

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
    List(list::Arguments),
    Show(show::Arguments),
    Add(Box<add::Arguments>),
    Change(Box<change::Arguments>),
    Test(test::Arguments),
    Diagnose(diagnose::Arguments),
    Run(run::Arguments),
    Remove(remove::Arguments),
    RotateKey(rotate_key::Arguments),
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        match &arguments.action {
            Action::List(arguments) => list::run(arguments, &session, printer).await,
            Action::Show(arguments) => show::run(arguments, &session, printer).await,
            Action::Add(arguments) => add::run(arguments, &session, printer).await,
            Action::Change(arguments) => change::run(arguments, &session, printer).await,
            Action::Diagnose(arguments) => diagnose::run(arguments, &session, printer).await,
            Action::Test(arguments) => test::run(arguments, &session, printer).await,
            Action::Run(arguments) => run::run(arguments, &session, printer).await,
            Action::Remove(arguments) => remove::run(arguments, &session, printer).await,
            Action::RotateKey(arguments) => rotate_key::run(arguments, &session, printer).await,
        }
    })
}
