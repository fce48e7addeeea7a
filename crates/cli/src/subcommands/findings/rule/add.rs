//! `footprint findings rule add`: adds rules.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_host::rules::Rule;

use super::file::{parse, text_of};
use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  footprint findings rule add --from critical.json
  ssh other-host footprint findings rule export | footprint findings rule add --from -";

/// Add a rule, or the rules of an export; they handle the changes from now on, with your rights
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The file with the rule as JSON, or with a list of rules; - for standard input
    #[arg(long, value_name = "FILE")]
    from: String,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let text = text_of(&arguments.from)?;
    // An export is a list.
    let is_list = text.trim_start_matches('\u{feff}').trim_start().starts_with('[');
    let rules: Vec<Rule> = if is_list { parse(&arguments.from, &text)? } else { vec![parse(&arguments.from, &text)?] };
    let operations = session.connected_operations()?;
    for rule in rules {
        let (_, destinations) = rule.then.destinations();
        session.settings.warn_of_mail(destinations.iter().map(String::as_str), printer);
        let context = session.context("findings rule add");
        let added = operations.create_finding_rule(&context, &rule).await;
        let added = session.changed(context, added).await?;
        printer.done(&format!(
            "The rule {} was added. It handles the changes after {}.",
            quoted(&added.rule.name),
            added.after
        ))?;
    }
    Ok(Exit::Successful)
}
