//! Checks that must hold for any input: one function per subject, which panics where its check fails.
//!
//! Property tests, the corpus in `fuzz/corpus/` and the targets in `fuzz/` all call the same function of a subject.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod claims;
#[cfg(test)]
mod corpus;
mod errors;
mod parameters;
mod redaction;
mod replies;
mod retry_after;
mod settings;

use std::sync::LazyLock;

use soar_connector::{Manifest, Plugin as _};

pub use claims::claims;
pub use errors::errors;
pub use parameters::parameters;
pub use redaction::redaction;
pub use replies::replies;
pub use retry_after::retry_after;
pub use settings::settings;

static MANIFEST: LazyLock<Manifest> = LazyLock::new(|| match crate::FootprintPlugin::new() {
    Ok(plugin) => plugin.manifest().clone(),
    Err(error) => panic!("{error}"),
});

/// Requires text that a person reads to be one line of at most so many characters, with none that moves a cursor.
fn require_one_line(text: &str, longest: usize) {
    assert!(!text.trim().is_empty(), "it says nothing");
    assert!(!text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')), "{text:?} is not one line");
    assert!(text.chars().count() <= longest, "it has {} characters: {text:?}", text.chars().count());
}

/// Splits at the first line break; what is missing is empty.
fn first_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

/// The two halves of a text.
fn halves(text: &str) -> (&str, &str) {
    let middle = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    text.split_at(middle)
}
