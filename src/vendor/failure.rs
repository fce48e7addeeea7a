//! How a command fails.

/// Why a command cannot go on; the manifest's entry for it says cause and cure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The HTTP status of the answer, if one came.
    pub(crate) status: Option<u16>,
    /// The manifest's error code; `None` leaves it to the status.
    pub(crate) code: Option<&'static str>,
    /// What the Error tab's Message says.
    pub(crate) message: String,
}

impl Failure {
    /// A failure that the server's status names.
    pub(crate) fn of_status(status: u16, message: String) -> Self {
        Self { status: Some(status), code: None, message }
    }

    /// A failure with a code of its own.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: None, code: Some(code), message: message.into() }
    }

    /// The same failure, with the status of the answer that it was found in.
    pub(crate) fn at(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// Whether Footprint answered with one of `statuses`: a refusal that proves nothing has a code of its own.
    pub(crate) fn has_status(&self, statuses: &[u16]) -> bool {
        self.code.is_none() && self.status.is_some_and(|status| statuses.contains(&status))
    }

    /// Whether the server says that a list has no such page (Django's words, or a translation of its status).
    pub(crate) fn is_invalid_page(&self) -> bool {
        self.has_status(&[404]) && self.message.to_ascii_lowercase().contains("invalid page")
    }
}
