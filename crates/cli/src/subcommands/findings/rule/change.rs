//! `footprint findings rule change`: changes a rule.

use anyhow::Result;
use clap::{ArgAction, Args};
use soar_host::rules::RuleChange;

use super::file::read;
use super::{find, show_one};
use crate::exit::{Exit, WrongUse};
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer};

const EXAMPLES: &str = "\
Examples:
  footprint findings rule change Critical --active false
  echo '{\"when\": {\"kev\": true}}' | footprint findings rule change Critical --from -";

/// Change a rule; members that are not given stay
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Its name
    rule: String,

    /// The file with the new members as JSON; - for standard input. A member replaces the former one as a whole
    #[arg(long, value_name = "FILE")]
    from: Option<String>,

    /// Its new name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Whether it is active
    #[arg(long, value_name = "TRUE/FALSE", action = ArgAction::Set)]
    active: Option<bool>,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let given: RuleChange = arguments.from.as_deref().map(read).transpose()?.unwrap_or_default();
    let change = RuleChange {
        name: arguments.name.clone().or(given.name.clone()),
        active: arguments.active.or(given.active),
        ..given
    };
    if change == RuleChange::default() {
        let text = "Nothing to change: `footprint findings rule change --help` lists the flags.";
        return Err(WrongUse(text.to_owned()).into());
    }
    let operations = session.connected_operations()?;
    let rule = find(&arguments.rule, &operations, session).await?;
    let context = session.context("findings rule change");
    let changed = operations.change_finding_rule(&context, rule.id, &change).await;
    show_one(&session.changed(context, changed).await?, arguments.output, printer)?;
    Ok(Exit::Successful)
}
