//! A cursor: the place of the next rows of a list. It is bound to the arguments that it was made for.

use crate::Problem;
use crate::arguments::Arguments;

/// The place of a row in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The page, counted from 1.
    pub(crate) page: u64,
    /// The number of rows of the page before the row.
    pub(crate) row: usize,
}

impl Cursor {
    pub(crate) const START: Self = Self { page: 1, row: 0 };

    /// The cursor of a call. Without one the call starts at the first row.
    pub(crate) fn read(arguments: &Arguments) -> Result<Self, Problem> {
        let Some(text) = &arguments.cursor else { return Ok(Self::START) };
        Self::parse(text, &arguments.fingerprint("cursor")).ok_or_else(|| {
            let cause = "The cursor is not one that the tool returned for the same arguments.";
            let cure =
                "Repeat the arguments of the call that returned the cursor, or leave the cursor out to start again.";
            Problem::new("invalid-cursor", "The cursor does not fit this call.", cause, cure)
        })
    }

    fn parse(text: &str, fingerprint: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let (page, row) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        (parts.next() == Some(fingerprint) && page > 0).then_some(Self { page, row })
    }

    /// The text of the cursor for calls with the same arguments.
    pub(crate) fn text(self, arguments: &Arguments) -> String {
        format!("{}.{}.{}", self.page, self.row, arguments.fingerprint("cursor"))
    }
}
