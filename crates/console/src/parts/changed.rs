//! Whether what a form changes was changed by somebody else after the form was opened.

use soar_store::model::Version;

use super::cell::Cell;
use super::empty::Empty;
use super::field::Field;
use super::table::{Column, Row, Table};
use crate::visit::Form;

/// The hidden field with the version that the form is based on.
pub(super) const VERSION: &str = "version";

/// The problem of a form whose record was changed after the form was opened. A table with both versions follows it.
pub(crate) const CHANGED_MEANWHILE: &str = "This was changed after you opened the form, so nothing was saved. The table has \
                                            both versions. Saving again replaces the stored version with your form.";

/// The version that the form is based on. `None` if the form has none.
pub(crate) fn version_of(form: &Form) -> Option<Version> {
    form.text(VERSION).parse().ok()
}

/// A table of the fields whose stored value differs from that in the form. `none` stands in its place if no field does.
pub(crate) fn both_versions(form: &Form, stored: &[Field], none: &str) -> Table {
    let rows = stored.iter().filter_map(|field| {
        let yours = field.clone().of(form);
        let shown = |field: &Field| Cell::text_or_unknown(&field.shown());
        (field.current() != yours.current()).then(|| Row::new([Cell::text(field.label()), shown(field), shown(&yours)]))
    });
    let columns =
        [Column::text("field", "Field"), Column::text("now", "Stored now"), Column::text("yours", "In your form")];
    Table::new("differences", "Both versions", columns).rows(rows).empty(Empty::new(none))
}

/// The hidden field with the digest of the values that the form was opened with.
pub(super) const OPENED_WITH: &str = "opened-with";

/// The digest of the stored values of the fields.
pub(super) fn digest(fields: &[Field]) -> String {
    let mut hasher = blake3::Hasher::new();
    for field in fields {
        let (name, value) = (field.name(), field.current());
        for text in [name, &value] {
            hasher.update(&text.len().to_le_bytes()).update(text.as_bytes());
        }
    }
    hasher.finalize().to_hex().to_string()
}

/// Whether the values of `stored` differ from those that the form was opened with. Then the form says so, and at each
/// field what is stored. Nothing may be saved: the form is shown again, and saving it again replaces what is stored.
pub(crate) fn was_changed_meanwhile(form: &mut Form, stored: &[Field]) -> bool {
    if form.given(OPENED_WITH).is_none_or(|opened_with| opened_with == digest(stored)) {
        return false;
    }
    for field in stored {
        let (value, typed) = (field.current(), field.clone().of(form).current());
        if value != typed {
            let value = if value.is_empty() { "nothing".to_owned() } else { format!("\u{201c}{value}\u{201d}") };
            form.wrong(field.name(), format!("Stored now: {value}."));
        }
    }
    form.refuse(
        "This was changed after you opened the form, so nothing was saved. The fields say what is stored now. Saving \
         again replaces it with your form.",
    );
    true
}
