//! Asks before a command does more than its parameters name.

use anyhow::Result;
use soar_connector::manifest::Widening;
use soar_connector::{Collector, Invocation, Manifest, Outcome, RawParameters, cell_text};

use super::bar::CommandBar;
use super::runner::{Runner, written};
use super::writer::PageWriter;
use super::{FinishedCommand, RunFlags};
use crate::connection::secret::can_ask;
use crate::exit::{Exit, WrongUse};
use crate::printer::Printer;

/// `None` if the command may run, otherwise the exit code.
///
/// # Errors
/// [`WrongUse`] without a terminal to ask at.
pub(super) async fn confirm(
    runner: &impl Runner,
    flags: &RunFlags,
    manifest: &Manifest,
    invocation: &Invocation,
    raw: &RawParameters,
    printer: &mut Printer,
) -> Result<Option<Exit>> {
    let command = invocation.command();
    let Some(widening) = command.widening.as_ref().filter(|_| !flags.all_scanners) else { return Ok(None) };
    let problem = match invocation.parameters().text(&widening.input) {
        None => format!("No {} is given", widening.input),
        // The connector refuses an unknown value, so no question is needed.
        Some(_) if widening.forbidden_by.as_deref().is_some_and(|setting| runner.has_set(setting)) => return Ok(None),
        Some(given) => match known(runner, manifest, widening, raw).await? {
            Ok(known) if known.iter().any(|id| is_same(id, given.trim())) => return Ok(None),
            Ok(_) => format!("{} {given} is not in {}", widening.input, widening.known_from),
            Err(failed) => {
                let Some(error) = &failed.error else { return Ok(Some(Exit::Failed)) };
                printer.error_tab(error);
                return Ok(Some(Exit::of_outcome(&failed)));
            }
        },
    };
    printer.warning(&format!("{problem}: {} {}.", command.name, widening.effect));
    if !can_ask() {
        let text = format!("Give a {} that {} knows, or --all-scanners.", widening.input, widening.known_from);
        return Err(WrongUse(text).into());
    }
    let confirmed = dialoguer::Confirm::new().with_prompt("Continue?").default(false).interact()?;
    if !confirmed {
        printer.note("Nothing was changed.");
    }
    Ok((!confirmed).then_some(Exit::Failed))
}

/// Whether both are the same text or the same number.
fn is_same(one: &str, other: &str) -> bool {
    one == other || one.parse::<i64>().is_ok_and(|one| other.parse() == Ok(one))
}

/// The values that the command which knows them lists. If it failed, its outcome.
async fn known(
    runner: &impl Runner,
    manifest: &Manifest,
    widening: &Widening,
    raw: &RawParameters,
) -> Result<std::result::Result<Vec<String>, Box<Outcome>>> {
    let Ok(command) = manifest.command(&widening.known_from) else { return Ok(Ok(Vec::new())) };
    let shared = raw.iter().filter(|(name, _)| command.input(name).is_some());
    let shared: RawParameters = shared.map(|(name, value)| (name.clone(), value.clone())).collect();
    let invocation = manifest.invocation(&command.name, &shared)?;
    let collector = Collector::new(Some(command), Collector::DEFAULT_LIMIT);
    let mut writer = PageWriter::Whole(collector);
    let bar = CommandBar::new(true, &Printer::new());
    let FinishedCommand { ended, .. } = written(runner, invocation, &mut writer, &bar).await?;
    let PageWriter::Whole(collector) = writer else { return Ok(Ok(Vec::new())) };
    let outcome = collector.finish(ended);
    if !outcome.is_successful() {
        return Ok(Err(Box::new(outcome)));
    }
    let field = outcome.key_fields.into_iter().find(|field| field.name == widening.key_field);
    Ok(Ok(field.into_iter().flat_map(|field| field.values).map(|value| cell_text(&value)).collect()))
}
