//! The items of a bulk command: how many there may be, and how the answer speaks of those that failed.

use std::collections::HashSet;

use soar_connector::Parameters;

use super::{Answer, Ended};
use crate::Refusal;

/// How many items a bulk command takes.
pub const MOST_ITEMS: usize = 10_000;

/// The list under `name`, each item once, in the order of its first mention.
pub(super) fn numbers(parameters: &Parameters, name: &str) -> Result<Vec<String>, Refusal> {
    let given = parameters.list(name).unwrap_or_default();
    if given.is_empty() {
        return Err(Refusal::Because(format!("{name} is empty: expected at least one number.")));
    }
    if given.len() > MOST_ITEMS {
        let count = given.len();
        return Err(Refusal::Because(format!(
            "{name} has {count} items, and {MOST_ITEMS} is the most that one call takes. Send them in several calls."
        )));
    }
    let mut seen = HashSet::with_capacity(given.len());
    Ok(given.iter().filter(|number| seen.insert(number.as_str())).cloned().collect())
}

/// How a bulk command ended, and, where nothing was done, why: in terms of the first item.
pub(super) fn answer(done: usize, failed: &[(&str, &str)]) -> Answer {
    let mut answer = Answer::ended(Ended::of(done, failed.len()));
    if answer.return_data == Ended::Failed
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
