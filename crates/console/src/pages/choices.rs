//! A field for several names.

use crate::parts::Field;

/// The most names that a field offers as choices.
pub(super) const CHOICES: usize = 100;

/// A field for names: a choice of all of them, or lines to type where they are too many.
pub(super) fn several(name: &'static str, label: &'static str, all: Vec<String>, help: &str) -> Field {
    if all.len() > CHOICES {
        return Field::lines(name, label).help(format!("{help} One per line."));
    }
    Field::choices(name, label, all.into_iter().map(|one| (one.clone(), one))).help(help)
}
