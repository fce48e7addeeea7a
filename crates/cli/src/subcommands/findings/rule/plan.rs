//! `footprint findings rule plan`: what a rule would have done.

use anyhow::Result;
use clap::Args;
use soar_host::operations::RuleToPlan;
use soar_host::rules::{Rule, RulePlan};

use super::file::read;
use super::find;
use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{Grid, OutputFormat, Printer, moment};
use crate::values::number;

const EXAMPLES: &str = "\
Examples:
  footprint findings rule plan --from critical.json --days 30
  footprint findings rule plan Critical";

/// The most findings of an incident in the table.
const MOST_SHOWN: usize = 5;

/// Show what a rule would have done about the changes of the last days; nothing is changed
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[command(group = clap::ArgGroup::new("which").args(["rule", "from"]).required(true))]
pub(super) struct Arguments {
    /// The name of a rule that was added
    rule: Option<String>,

    /// The file with a rule as JSON; - for standard input
    #[arg(long, value_name = "FILE")]
    from: Option<String>,

    /// The number of last days whose changes are looked at
    #[arg(long, value_name = "NUMBER", default_value_t = 7, value_parser = number::<i64>)]
    days: i64,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let context = session.context("findings rule plan");
    let plan = match (&arguments.rule, &arguments.from) {
        (Some(name), _) => {
            let id = find(name, &operations, session).await?.id;
            operations.plan_known_finding_rule(&context, id, arguments.days).await
        }
        (None, from) => {
            let rule: Rule = read(from.as_deref().unwrap_or("-"))?;
            operations.plan_finding_rule(&context, &RuleToPlan { rule, days: arguments.days }).await
        }
    };
    let plan = plan.map_err(not_done)?;
    match arguments.output {
        OutputFormat::Json => printer.json(&plan)?,
        OutputFormat::Table => show(&plan, printer)?,
    }
    Ok(Exit::Successful)
}

fn show(plan: &RulePlan, printer: &mut Printer) -> Result<()> {
    let mut grid = Grid::new(["Incident", "Severity", "Site", "Owner", "Findings"]);
    for incident in &plan.incidents {
        let mut findings: Vec<_> =
            incident.findings.iter().take(MOST_SHOWN).map(|one| format!("{} on {}", one.cve, one.device)).collect();
        let more = incident.finding_count.saturating_sub(findings.len());
        if more > 0 {
            findings.push(format!("… and {more} more"));
        }
        let cells =
            [incident.title.clone(), incident.severity.to_string(), incident.site.clone(), incident.owner.clone()];
        grid.push(cells.into_iter().chain([findings.join("; ")]));
    }
    if !plan.incidents.is_empty() {
        printer.grid(&grid)?;
        printer.line("")?;
    }
    let parts = [
        (plan.made, "incidents would have been made"),
        (plan.appended, "findings would have been appended"),
        (plan.closed, "incidents would have been closed"),
        (plan.alerted, "findings would have been in alerts"),
        (plan.left_out, "findings would have been left out by the limit"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let parts = parts.collect::<Vec<_>>().join(", ");
    let parts = if parts.is_empty() { "nothing would have been done".to_owned() } else { parts };
    printer.paragraph(&format!(
        "Of {} changes since {}, {} findings met the rule: {parts}.",
        plan.changes,
        moment(plan.from),
        plan.met
    ))?;
    if plan.is_cut {
        printer.warning("There are more changes or incidents than this plan shows. Give fewer --days.");
    }
    if let Some(problem) = &plan.problem {
        printer.warning(problem);
    }
    Ok(())
}
