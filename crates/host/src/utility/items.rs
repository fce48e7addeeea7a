//! The items of a bulk command: their limit, and the answer about failed items.

use std::collections::HashSet;

use soar_connector::Parameters;

use super::{Answer, CommandResult};
use crate::Refusal;

/// The most items of a bulk command.
pub const MOST_ITEMS: usize = 10_000;

/// The list in the parameter `name`, each item once, in the order of first occurrence.
pub(super) fn numbers(parameters: &Parameters, name: &str) -> Result<Vec<String>, Refusal> {
    let given = parameters.list(name).unwrap_or_default();
    if given.is_empty() {
        return Err(Refusal::Because(format!("{name} is empty: expected at least one number.")));
    }
    if given.len() > MOST_ITEMS {
        let count = given.len();
        return Err(Refusal::Because(format!(
            "{name} has {count} items. One call may have at most {MOST_ITEMS}. Send them in several calls."
        )));
    }
    let mut seen = HashSet::with_capacity(given.len());
    Ok(given.iter().filter(|number| seen.insert(number.as_str())).cloned().collect())
}

/// The answer of a bulk command. If nothing was done, the error names the first failed item.
pub(super) fn answer(done: usize, failed: &[(&str, &str)]) -> Answer {
    let mut answer = Answer::ended(CommandResult::of(done, failed.len()));
    if answer.return_data == CommandResult::Failed
        && let Some((number, why)) = failed.first()
    {
        let number = soar_connector::name::quoted(number);
        answer.error = match failed.len() - 1 {
            0 => (*why).to_owned(),
            1 => format!("Nothing was done. {number}: {why} Another one failed too."),
            more => format!("Nothing was done. {number}: {why} {more} others failed too."),
        };
    }
    answer
}
