//! What a form says whose record was changed after the form was opened.

/// The problem of such a form. A table with both versions follows it.
pub(crate) const CHANGED_MEANWHILE: &str = "This was changed after you opened the form, so nothing was saved. The table has \
                                            both versions. Saving again replaces the stored version with your form.";
