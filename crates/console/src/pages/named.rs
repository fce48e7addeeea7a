//! Things with a name: their addresses, and the refusals about their names.

use soar_host::Refusal;
use soar_host::operations::OperationError;
use soar_store::StoreError;

use crate::visit::{Form, Page, PageError, segment};

/// A name as one segment of a path. The host finds a name also with a blank at its end. The blank keeps the name `new`
/// apart from the form at that address, and the names `.` and `..` from steps within a path.
pub(super) fn name_segment(name: &str) -> String {
    if matches!(name, "new" | "." | "..") { segment(&format!("{name} ")) } else { segment(name) }
}

/// As [`Page::refused_among`]. A name that is taken is a problem of the field `name`.
pub(super) fn refused_named(
    page: &Page,
    form: &mut Form,
    fields: &[(&str, &str)],
    error: OperationError,
) -> Result<(), PageError> {
    match &error {
        OperationError::Refusal(Refusal::About(StoreError::Duplicate { .. })) => page.refused_at(form, "name", error),
        _ => page.refused_among(form, fields, error),
    }
}

/// The text of an empty list of things of a kind, such as `connection`. Only an administrator sees all of them.
pub(super) fn none_yet(page: &Page, thing: &str) -> String {
    let end = if page.administers() { "yet" } else { "that you may see" };
    format!("There is no {thing} {end}.")
}
