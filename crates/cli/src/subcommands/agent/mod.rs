//! `footprint agent`: the proxy agents of connections.

mod add;
mod change;
mod list;
mod remove;
mod secret;
mod show;
mod test;

use anyhow::Result;
use clap::{Args, Subcommand};
use soar_store::model::{Agent, ParameterState};

use super::simulate::runtime;
use crate::exit::Exit;
use crate::instance::{InstanceFlags, OperatorSession};
use crate::printer::{ListRow, OutputFormat, Printer, moment};

const EXAMPLES: &str = "\
Examples:
  footprint agent add branch --address http://proxy.example.com:3128 --user-name soar --ask
  footprint agent test branch --connection production
  footprint connection change production --agent branch

A connection with an agent uses it for commands, tests, health checks and diagnoses, and never connects directly. Secrets
are never on the command line, and go only to the address that they were given for.";

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
    Add(add::Arguments),
    Change(change::Arguments),
    Test(test::Arguments),
    Remove(remove::Arguments),
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        match &arguments.action {
            Action::List(arguments) => list::run(arguments, &session, printer).await,
            Action::Show(arguments) => show::run(arguments, &session, printer).await,
            Action::Add(arguments) => add::run(arguments, &session, printer).await,
            Action::Change(arguments) => change::run(arguments, &session, printer).await,
            Action::Test(arguments) => test::run(arguments, &session, printer).await,
            Action::Remove(arguments) => remove::run(arguments, &session, printer).await,
        }
    })
}

impl ListRow for Agent {
    const HEADINGS: &[&str] = &["Agent", "Site", "Address", "User Name", "Secret", "Description"];

    fn cells(&self) -> Vec<String> {
        let user_name = self.user_name.clone().unwrap_or_default();
        vec![
            self.name.clone(),
            self.place().to_owned(),
            self.address.clone(),
            user_name,
            secret_of(self),
            self.description.clone(),
        ]
    }
}

fn secret_of(agent: &Agent) -> String {
    match &agent.secret {
        None => String::new(),
        Some(ParameterState::Reference(reference)) => format!("(at {reference})"),
        Some(ParameterState::Sealed | ParameterState::Plain(_)) => "(sealed)".to_owned(),
    }
}

fn show_one(agent: &Agent, form: OutputFormat, printer: &mut Printer) -> Result<()> {
    let labels = [
        ("Agent", agent.name.clone()),
        ("Site", agent.place().to_owned()),
        ("Address", agent.address.clone()),
        ("User name", agent.user_name.clone().unwrap_or_default()),
        ("Secret", secret_of(agent)),
        ("Description", agent.description.clone()),
        ("Changed", moment(agent.modified_at)),
    ];
    Ok(printer.details(agent, form, &labels)?)
}
