//! `footprint findings rule`: what is done about findings that were opened, reopened or changed.

mod add;
mod change;
mod export;
mod file;
mod list;
mod plan;
mod remove;
mod show;

use anyhow::Result;
use clap::{Args, Subcommand};
use soar_connector::name::{quoted, suggestion};
use soar_host::operations::{Operations, RuleShown};
use soar_host::rules::{RuleAction, RuleEvent};
use soar_store::model::name::same_name;

use crate::exit::{Exit, WrongUse};
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListRow, OutputFormat, Printer, moment, moment_if_any};

const EXAMPLES: &str = "\
Examples:
  footprint findings rule plan --from critical.json --days 30
  footprint findings rule add --from critical.json
  footprint findings rule list
  footprint findings rule change Critical --active false
  footprint findings rule export > rules.json

critical.json:
  {\"name\": \"Critical\", \"when\": {\"cvssAtLeast\": 9, \"exploit\": true},
   \"then\": {\"incident\": {\"onePer\": \"device\", \"severity\": \"High\"}}}

docs/findings.md describes all members of a rule. A rule has the rights of the user who added it.";

/// See and manage rules, which make incidents or send alerts about findings
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::Arguments),
    Show(show::Arguments),
    #[command(visible_alias = "create")]
    Add(add::Arguments),
    #[command(visible_alias = "update")]
    Change(change::Arguments),
    #[command(visible_alias = "delete")]
    Remove(remove::Arguments),
    Plan(plan::Arguments),
    Export(export::Arguments),
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    match &arguments.action {
        Action::List(arguments) => list::run(arguments, session, printer).await,
        Action::Show(arguments) => show::run(arguments, session, printer).await,
        Action::Add(arguments) => add::run(arguments, session, printer).await,
        Action::Change(arguments) => change::run(arguments, session, printer).await,
        Action::Remove(arguments) => remove::run(arguments, session, printer).await,
        Action::Plan(arguments) => plan::run(arguments, session, printer).await,
        Action::Export(arguments) => export::run(arguments, session, printer).await,
    }
}

/// The rule of this name.
///
/// # Errors
/// [`WrongUse`] with the nearest name.
async fn find(name: &str, operations: &Operations, session: &OperatorSession) -> Result<RuleShown> {
    let all = operations.list_finding_rules(&session.context("findings rule show")).await.map_err(not_done)?;
    let near = suggestion(name, all.iter().map(|one| one.rule.name.as_str()));
    let missing = format!(
        "There is no rule {} that you may see.{near}\n`footprint findings rule list` lists the rules.",
        quoted(name)
    );
    let found = all.into_iter().find(|one| same_name(&one.rule.name, name));
    found.ok_or_else(|| WrongUse(missing).into())
}

/// What a rule does, in words.
fn action(shown: &RuleShown) -> String {
    match &shown.rule.then {
        RuleAction::Incident(incident) => {
            let per = serde_json::to_value(incident.one_per).unwrap_or_default();
            format!("an incident per {}", per.as_str().unwrap_or_default())
        }
        RuleAction::Alert(alert) => format!("an alert to {}", alert.to.join(", ")),
    }
}

/// The changes that a rule is about, in words.
fn events(shown: &RuleShown) -> String {
    let words = shown.rule.on.iter().map(|event| match event {
        RuleEvent::Opened => "opened",
        RuleEvent::Reopened => "reopened",
        RuleEvent::Changed => "changed",
    });
    words.collect::<Vec<_>>().join(", ")
}

impl ListRow for RuleShown {
    const HEADINGS: &[&str] = &["Rule", "Active", "On", "When", "Then", "User", "Through", "Last", "Problem"];
    const DISPENSABLE: &[&str] = &["User", "Last", "Through"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.rule.name.clone(),
            if self.rule.active { "yes" } else { "no" }.to_owned(),
            events(self),
            serde_json::to_string(&self.rule.when).unwrap_or_default(),
            action(self),
            self.user.clone(),
            self.after.to_string(),
            self.last_sequence.to_string(),
            self.problem.clone().unwrap_or_default(),
        ]
    }
}

fn show_one(shown: &RuleShown, form: OutputFormat, printer: &mut Printer) -> Result<()> {
    let problem = shown.problem.as_ref().map(|problem| format!("{} ({})", problem, moment_if_any(shown.problem_at)));
    let labels = [
        ("Rule", shown.rule.name.clone()),
        ("Active", if shown.rule.active { "yes" } else { "no" }.to_owned()),
        ("On", events(shown)),
        ("Baseline", if shown.rule.baseline { "yes" } else { "no" }.to_owned()),
        ("When", serde_json::to_string(&shown.rule.when)?),
        ("Then", serde_json::to_string(&shown.rule.then)?),
        ("Most per collection", shown.rule.most_per_collection.to_string()),
        ("User", shown.user.clone()),
        ("Handled", format!("the changes up to {} of {}", shown.after, shown.last_sequence)),
        ("Problem", problem.unwrap_or_default()),
        ("Changed", moment(shown.modified_at)),
    ];
    Ok(printer.details(shown, form, &labels)?)
}
