//! In which form an instance's List Devices takes its arguments, as one of its rows tells.
//!
//! The vendor's documents have three forms, and neither their version labels nor other endpoints tell which one an
//! instance has.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::de::IgnoredAny;

/// The arguments that an instance's List Devices takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeviceForm {
    /// The arguments of documents since 2024-08: `tags`, `respondsToICMPPing`, to sort by `ip`, and the level `unknown`.
    pub(super) takes_tags: bool,
    /// The argument `status`, in documents since 2025-04.
    pub(super) takes_status: bool,
}

impl DeviceForm {
    /// The form of the latest documents, for an instance that shows no device: there is nothing to filter.
    pub(crate) const LATEST: Self = Self { takes_tags: true, takes_status: true };

    /// The form of an instance with this row: each form's rows have members that the older ones' lack.
    pub(crate) fn of_row(row: &str) -> Self {
        let members: HashMap<Cow<'_, str>, IgnoredAny> = serde_json::from_str(row).unwrap_or_default();
        Self { takes_tags: members.contains_key("tags"), takes_status: members.contains_key("deviceState") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_of_a_row_tell_the_form_whatever_their_values() {
        for (row, takes_tags, takes_status) in [
            (r#"{"id":1,"originalName":"a"}"#, false, false),
            (r#"{"id":1,"tags":""}"#, true, false),
            (r#"{"id":1,"tags":[],"deviceState":null}"#, true, true),
        ] {
            assert_eq!(DeviceForm::of_row(row), DeviceForm { takes_tags, takes_status }, "{row}");
        }
    }
}
