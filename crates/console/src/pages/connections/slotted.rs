//! A field of the form, with the place for what a test finds about it.

use crate::parts::Field;

/// A field of the form.
#[derive(Debug)]
pub(super) struct Slotted {
    pub(super) field: Field,
    /// The id of the element that shows a test's finding about the field.
    pub(super) slot: String,
    /// A test's finding about the field.
    pub(super) finding: String,
    /// The checkbox that removes the stored secret.
    pub(super) removal: Option<Field>,
    /// The class of the element around the field.
    pub(super) class: &'static str,
}

impl Slotted {
    /// The field of this name, without a finding.
    pub(super) fn new(name: &str, field: Field) -> Self {
        Self { field, slot: format!("found.{name}"), finding: String::new(), removal: None, class: "" }
    }
}
